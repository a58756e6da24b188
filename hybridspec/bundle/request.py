"""What other people have to sign: metadata short of its threshold, in a file that travels.

A request holds the metadata itself, so whoever signs sees what it says and not what somebody says
about it. A partial signature names the request by its digest and travels back alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Key, Signature
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import TOP_LEVEL_ROLE_NAMES, Metadata, Root
from tuf.api.serialization.json import JSONSerializer

from hybridspec.base.errors import UsageError
from hybridspec.base.source import printable

SCHEMA = "hybridspec.dev/signing-request/v1"
SIGNATURE = "hybridspec.dev/partial-signature/v1"
LARGEST = 16 * 2**20
_WHEN = "%Y-%m-%dT%H:%M:%SZ"


class Tampered(UsageError):
    """A request or a signature that is not what it was when it was written."""


@dataclass(frozen=True, slots=True)
class Ask:
    """Keys that count for a role in somebody's eyes, and how many of them have to sign."""

    threshold: int
    keys: Mapping[str, Key]


@dataclass(frozen=True, slots=True)
class Part:
    """What waits in one repository of the channel, by role; `before` is what it says now."""

    roles: Mapping[str, Metadata[Any]]
    before: Mapping[str, Metadata[Any]]

    def asks(self, name: str) -> tuple[Ask, ...]:
        """Who has to sign a role: for a new root, the keys of the old one as well."""
        roots = [m["root"].signed for m in (self.before, self.roles) if "root" in m]
        if name == "root":
            delegators = roots
        elif name in TOP_LEVEL_ROLE_NAMES:
            delegators = roots[-1:]
        else:
            delegators = [{**self.before, **self.roles}["targets"].signed]
        return tuple(_ask(delegator, name) for delegator in delegators)

    def open(self) -> tuple[str, ...]:
        """The roles that have too few signatures still."""
        return tuple(n for n in self.roles if any(self.missing(n, ask) for ask in self.asks(n)))

    def missing(self, name: str, ask: Ask) -> int:
        """How many more keys have to sign a role."""
        return max(0, ask.threshold - sum(1 for _ in self.valid(name, ask)))

    def valid(self, name: str, ask: Ask) -> Iterator[str]:
        """The keys whose signatures of a role are there and good."""
        made = self.roles[name]
        for keyid, key in ask.keys.items():
            if keyid in made.signatures and _good(key, made.signatures[keyid], made.signed_bytes):
                yield keyid

    def wanted(self, keyid: str) -> tuple[str, ...]:
        """The open roles that a key may sign and has not signed yet."""
        return tuple(
            name for name in self.open()
            if any(keyid in ask.keys for ask in self.asks(name))
            and not any(keyid in self.valid(name, ask) for ask in self.asks(name))
        )  # fmt: skip

    def key(self, keyid: str) -> Key | None:
        """A key that any of the roles asks for."""
        return next((ask.keys[keyid] for name in self.roles for ask in self.asks(name)
                     if keyid in ask.keys), None)  # fmt: skip

    def digest(self) -> str:
        """What is asked to be signed, and from which state on; signatures do not matter."""
        total = hashlib.sha256()
        for name, made in sorted(self.roles.items()):
            total.update(f"{name}\0{hashlib.sha256(made.signed_bytes).hexdigest()}\n".encode())
        total.update(b"before\n")
        for name, made in sorted(self.before.items()):
            total.update(f"{name}\0{hashlib.sha256(made.signed_bytes).hexdigest()}\n".encode())
        return total.hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """Metadata that waits for signatures, by repository; the channel's own has an empty name.

    `names` says who holds which key, for people only.
    """

    spec: str
    stack: str
    created: datetime
    parts: Mapping[str, Part]
    names: Mapping[str, str]

    @property
    def digest(self) -> str:
        """One digest over what is asked."""
        total = hashlib.sha256(f"{self.spec}\0{self.stack}\0".encode())
        for folder, part in sorted(self.parts.items()):
            total.update(f"{folder}\0{part.digest()}\n".encode())
        return total.hexdigest()

    def open(self) -> tuple[str, ...]:
        """The roles that have too few signatures still, with their repository."""
        return tuple(f"{folder}{name}" for folder, part in self.parts.items()
                     for name in part.open())  # fmt: skip

    def key(self, keyid: str) -> Key | None:
        """A key that the request asks for."""
        found = (part.key(keyid) for part in self.parts.values())
        return next((key for key in found if key is not None), None)

    def who(self, keyid: str) -> str:
        """A key as people call it, with as much of its id as tells it apart."""
        name = printable(self.names.get(keyid, ""))[:60]
        return f"{name} ({keyid[:16]})" if name else keyid[:16]


def _ask(delegator: Any, name: str) -> Ask:
    role = delegator.get_delegated_role(name)
    found = {keyid: delegator.get_key(keyid) for keyid in role.keyids}
    return Ask(role.threshold, found)


def _good(key: Key, signature: Signature, payload: bytes) -> bool:
    try:
        key.verify_signature(signature, payload)
    except (UnverifiedSignatureError, VerificationError):
        return False
    return True


def written(request: Request, says: Sequence[str]) -> bytes:
    """A request as a file: JSON, the same for the same request."""
    value = {
        "schema": SCHEMA, "spec": request.spec, "stack": request.stack, "digest": request.digest,
        "created": request.created.strftime(_WHEN), "says": list(says),
        "names": dict(sorted(request.names.items())),
        "parts": {
            folder: {
                "roles": {n: m.to_dict() for n, m in part.roles.items()},
                "before": {n: m.to_dict() for n, m in part.before.items()},
            }
            for folder, part in request.parts.items()
        },
    }  # fmt: skip
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode()


def read(data: bytes) -> Request:
    """The request in a file.

    Raises:
        Tampered: it is none, or other metadata is in it than its digest says.
    """
    try:
        value = _document(data, SCHEMA)
        request = Request(
            spec=_text(value, "spec"), stack=_text(value, "stack"),
            created=datetime.strptime(_text(value, "created"), _WHEN).replace(tzinfo=UTC),
            parts={str(f): Part(_metadata(p["roles"]), _metadata(p["before"]))
                   for f, p in value["parts"].items()},
            names={str(k): str(v) for k, v in value["names"].items()},
        )  # fmt: skip
        sound = request.digest == value["digest"] and bool(request.parts)
        for part in request.parts.values():
            for name, made in (*part.roles.items(), *part.before.items()):
                if made.signed.type != (name if name in TOP_LEVEL_ROLE_NAMES else "targets"):
                    raise ValueError(f"{name} is of type {made.signed.type}")
            for name in part.roles:
                part.asks(name)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, RepositoryError):
        raise Tampered(
            "the file is no request for signatures",
            help="ask whoever sent it for the file as it was written",
        ) from None
    if not sound:
        raise Tampered(
            "the request was changed after it was written",
            help="sign nothing; ask whoever sent it for it on another way",
        )
    return request


def prove(request: Request, root: Metadata[Root]) -> None:
    """Everything that a request calls the state before was signed, as a root that one knows says.

    Without this a forged request compares one forgery with another, and shows no change.

    Raises:
        Tampered: somebody made it up.
    """
    role = "root"
    try:
        for part in request.parts.values():
            role, before = "root", part.before
            known = before["root"]
            root.verify_delegate("root", known)
            known.verify_delegate("root", known)
            for role, made in before.items():
                delegator = known if role in TOP_LEVEL_ROLE_NAMES else before["targets"]
                delegator.verify_delegate(role, made)
                new = part.roles.get(role)
                if new is not None and new.signed.version != made.signed.version + 1:
                    raise ValueError("another version than the next")
    except (ValueError, KeyError, TypeError, RepositoryError):
        raise Tampered(
            f"what the request calls the state before was not signed so (`{printable(role)[:60]}`)",
            help="sign nothing; if the root that you named is several versions old, get a newer "
            "one from a device or from whoever sent it to you first",
        ) from None


def _metadata(value: Mapping[str, Any]) -> dict[str, Metadata[Any]]:
    return {str(name): Metadata.from_dict(made) for name, made in value.items()}


def _document(data: bytes, schema: str) -> dict[str, Any]:
    value = json.loads(data) if len(data) <= LARGEST else None
    if not isinstance(value, dict) or value.get("schema") != schema:
        raise ValueError(schema)
    return value


def _text(value: Mapping[str, Any], key: str) -> str:
    found = value[key]
    if not isinstance(found, str):
        raise TypeError(key)
    return found


def partial(request: Request, keyid: str, signatures: Mapping[str, Mapping[str, str]]) -> bytes:
    """One person's signatures of a request, by repository and role, as a file."""
    value = {
        "schema": SIGNATURE,
        "request": request.digest,
        "keyid": keyid,
        "signatures": {f: dict(sorted(s.items())) for f, s in sorted(signatures.items())},
    }
    return (json.dumps(value, indent=1) + "\n").encode()


def gathered(request: Request, data: bytes, source: str) -> Request:
    """The request with the signatures of one file in it.

    Raises:
        Tampered: it is no such file, of another request, by a stranger, or signs something else.
        UsageError: the key has signed already.
    """
    try:
        value = _document(data, SIGNATURE)
        digest, keyid = _text(value, "request"), _text(value, "keyid")
        found = {
            (str(f), str(n)): Signature(keyid, str(s))
            for f, by_role in value["signatures"].items()
            for n, s in by_role.items()
        }
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise Tampered(
            f"`{source}` holds no signature",
            help="ask for the file that `hybridspec keys sign` wrote",
        ) from None
    if digest != request.digest:
        raise Tampered(
            f"`{source}` signs another request ({digest[:12]}) than the open one "
            f"({request.digest[:12]})",
            help="send the open request again: an earlier or a changed one does not count",
        )
    if request.key(keyid) is None or not found:
        raise Tampered(
            f"`{source}` is signed by a key that nobody asked ({keyid[:8]})",
            help="only keys of the spec, or of the root before, may sign",
        )
    for (folder, name), signature in found.items():
        request = _with(request, folder, name, signature, source)
    return request


def _with(request: Request, folder: str, name: str, signature: Signature, source: str) -> Request:
    """The request with one more signature, if that is good."""
    part, keyid = request.parts.get(folder), signature.keyid
    key = part.key(keyid) if part is not None else None
    made = part.roles.get(name) if part is not None else None
    asked = made is not None and part is not None and any(
        keyid in ask.keys for ask in part.asks(name))  # fmt: skip
    if part is None or key is None or made is None or not asked or not _good(
            key, signature, made.signed_bytes):  # fmt: skip
        raise Tampered(
            f"`{source}`: the signature of {request.who(keyid)} is not over what `{name[:60]}` "
            "says",
            help="the request may have been changed on its way: send it again, and compare its "
            f"digest {request.digest[:12]}",
        )
    if keyid in made.signatures:
        raise UsageError(
            f"{request.who(keyid)} has signed `{name}` already",
            help="one person counts once; ask somebody else",
        )
    more = Metadata.from_bytes(made.to_bytes(JSONSerializer(compact=True)))
    more.signatures[keyid] = signature
    parts = {**request.parts, folder: replace(part, roles={**part.roles, name: more})}
    return replace(request, parts=parts)
