"""Who signs a stack's channel: names to keys, and what would make a threshold worth nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hybridspec.base.closest import closest
from hybridspec.base.diagnostic import Diagnostic, Label, Sink
from hybridspec.base.edit import put
from hybridspec.base.source import Origins, Path
from hybridspec.ir.document_file import DocumentFile
from hybridspec.ir.governance import SigningKey, SigningRole
from hybridspec.resolve.references import lookup
from hybridspec.spec.document import Spec
from hybridspec.spec.signing import KINDS, Signers, StackKeys

Documents = Mapping[str, DocumentFile]

_FIXED = ("root", "targets", "snapshot", "timestamp", "model", "attestation")


def signing(
    spec: Spec, stack: str, origins: Origins, documents: Documents, sink: Sink
) -> tuple[SigningRole, ...]:
    """The roles of a stack's channel with their keys; empty where the spec leaves them out."""
    written = spec.stacks[stack].keys
    if written is None:
        return ()
    asked = _Asked(spec, written, ("stacks", stack, "keys"), origins, documents, sink)
    asked.keys_usable()
    for device in written.devices:
        lookup(device, spec.devices, sink, kind="device class",
               span=origins.key(*asked.path, "devices", device))  # fmt: skip
    roles = [(role, path, signers) for role, path, signers in asked.roles()]
    for role, path, signers in roles:
        asked.role_sound(role, path, signers)
    asked.apart(roles)
    return tuple(
        SigningRole(name=role, threshold=signers.threshold,
                    keys=tuple(asked.key(n) for n in signers.keys if n in written.keys))
        for role, _, signers in roles
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the spec asks for, and where findings about it go."""

    spec: Spec
    written: StackKeys
    path: Path
    origins: Origins
    documents: Documents
    sink: Sink

    def key(self, name: str) -> SigningKey:
        """A key as later stages see it."""
        one = self.written.keys[name]
        return SigningKey(name=name, uri=one.uri, public=one.public, holder=one.holder or name,
                          custody=one.custody or "")  # fmt: skip

    def roles(self) -> Iterator[tuple[str, Path, Signers]]:
        """Every role of the channel with the path of its keys; classes share theirs by default."""
        for role in _FIXED:
            yield role, (*self.path, role), getattr(self.written, role)
        for tier, online in self.written.tiers.items():
            for role in ("snapshot", "timestamp"):
                yield f"{role}-{tier}", (*self.path, "tiers", tier, role), getattr(online, role)
        for name in self.spec.devices:
            own = self.written.devices.get(name)
            path = (*self.path, "devices", name) if own else (*self.path, "classes")
            yield f"class-{name}", path, own or self.written.classes

    def keys_usable(self) -> None:
        """Each key says where it is, in a way that something can open, and its file is there."""
        for name, one in self.written.keys.items():
            place = (*self.path, "keys", name)
            scheme = one.uri.partition(":")[0]
            if scheme not in KINDS:
                near = closest(scheme, list(KINDS))
                self._unusable(place, "uri", f"`{one.uri[:60]}` is no key that can be opened",
                               f"write it like `{KINDS[near or 'file']}`")  # fmt: skip
            elif scheme == "file" and ".hybridspec" in one.uri[5:].split("/"):
                self.sink.add(Diagnostic(
                    code="HS0364", span=self.origins.value(*place, "uri"),
                    message=f"key `{name}` is a development key, which production devices refuse",
                    help=f"make one with `hybridspec keys init --stack {self.path[1]}`, outside "
                    "`.hybridspec`",
                ))  # fmt: skip
            found = self.documents.get(one.public)
            if found is not None and found.fault:
                self._unusable(place, "public", f"`{one.public[:120]}`: {found.fault}",
                               f"`hybridspec keys init --stack {self.path[1]}` writes it, from a "
                               "key that it makes or from one that is there already")  # fmt: skip

    def _unusable(self, place: Path, key: str, message: str, help: str) -> None:
        self.sink.add(Diagnostic(code="HS0365", message=message, help=help,
                                 span=self.origins.value(*place, key)))  # fmt: skip

    def role_sound(self, role: str, path: Path, signers: Signers) -> None:
        """The names are keys, of different people, and no fewer than have to sign."""
        if path[-1] == "classes" and role != f"class-{next(iter(self.spec.devices), '')}":
            return  # said once, for the first of the classes that share them
        held: dict[str, str] = {}
        for index, name in enumerate(signers.keys):
            span = self.origins.value(*path, "keys", index)
            if lookup(name, self.written.keys, self.sink, kind="key", span=span) is None:
                continue
            holder = self.key(name).holder
            if holder in held:
                self.sink.add(Diagnostic(
                    code="HS0362", span=span,
                    message=f"`{holder[:60]}` holds `{held[holder]}` and `{name}` of the same role",
                    help="give one of them to somebody else, or count one of them only",
                ))  # fmt: skip
            held.setdefault(holder, name)
        self._enough(path, signers)

    def _enough(self, path: Path, signers: Signers) -> None:
        """Thresholds that can be met, as high as `rollout.keys` wants, and two for the root."""
        role, count = str(path[-1]), len(set(signers.keys))
        wanted = (
            getattr(self.spec.rollout.keys, role, None) if role in ("root", "targets") else None
        )
        span = self.origins.values.get((*path, "threshold"), self.origins.key(*path))
        if signers.threshold > count:
            self.sink.add(Diagnostic(
                code="HS0360", span=span,
                message=f"{signers.threshold} keys have to sign for `{role}`, and it has {count}",
                help=f"write a threshold of at most {count}, or add keys",
                fixes=put(span, count) if (*path, "threshold") in self.origins.values else (),
            ))  # fmt: skip
        elif wanted and (signers.threshold < wanted.threshold or count < wanted.of):
            self.sink.add(Diagnostic(
                code="HS0360", span=span,
                message=f"`rollout.keys.{role}` asks for {wanted.threshold} of {wanted.of} keys, "
                f"and here {signers.threshold} of {count} sign",
                help="raise the threshold and add keys, or ask for less",
            ))  # fmt: skip
        elif role == "root" and min(signers.threshold, count) < 2:
            self.sink.add(Diagnostic(
                code="HS0363", span=span,
                message="one key alone could change who signs everything",
                help="name three keys of three people under `root`, with `threshold: 2`",
            ))  # fmt: skip

    def apart(self, roles: list[tuple[str, Path, Signers]]) -> None:
        """No key signs for two roles; device classes may share theirs among themselves."""
        used: dict[str, tuple[str, str, Path]] = {}
        for role, path, signers in roles:
            family = "classes" if role.startswith("class-") else role
            for index, name in enumerate(signers.keys):
                if name not in self.written.keys:
                    continue
                found = self.documents.get(self.written.keys[name].public)
                same = (found.digest if found is not None else "") or name
                span = self.origins.value(*path, "keys", index)
                former = used.setdefault(same, (family, name, (*path, "keys", index)))
                if former[0] != family:
                    said = f"`{name}`" if former[1] == name else f"`{name}`, like `{former[1]}`,"
                    where = Label(span=self.origins.value(*former[2]), message="and here")
                    self.sink.add(Diagnostic(
                        code="HS0361", span=span, notes=(where,),
                        message=f"key {said} signs for `{former[0]}` and for `{family}`",
                        help="give each role keys of its own: whoever steals one then has one role",
                    ))  # fmt: skip
