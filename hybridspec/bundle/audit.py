"""A channel as somebody sees it who trusts nothing but a root: every fault, and what is offered.

Independent of what publishes: it reads metadata as The Update Framework 1.0.34 tells clients to,
and goes on after a fault where a client would stop. The clock is an argument.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, MetaFile, Root, TargetFile, Targets

from hybridspec.bundle.limits import ROTATIONS, limit_of
from hybridspec.bundle.manifest import ManifestError, parse_manifest, release_id
from hybridspec.bundle.offers import CUSTOM, Offers, percent_of
from hybridspec.bundle.signing import DEVELOPMENT, TIER, TOP

Read = Callable[[str, int], bytes | None]
"""The file at a path of the repository, at most so many bytes of it; None if there is none."""
Check = Callable[[str, TargetFile], str]
"""What is wrong with a target's file, empty if nothing is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassView:
    """What a device of a class is offered, and until when it believes so."""

    device_class: str
    release: str
    counter: int
    epoch: int
    percent: int
    stable: str
    rollback_allowed_to: int | None
    bundle_size: int
    fresh_until: datetime


@dataclass(slots=True)
class Audit:
    """What was found; without `faults` every device that trusts the root can go on."""

    now: datetime
    faults: list[str] = field(default_factory=list)
    classes: list[ClassView] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    """Classes that are offered nothing, since every release was withdrawn."""
    root_version: int = 0
    tier: str = ""
    development: bool = False
    expires: dict[str, datetime] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    """Which role at the top each public key signs for."""

    @property
    def fresh_until(self) -> datetime | None:
        """When the first role at the top runs out."""
        return min((self.expires[role] for role in TOP if role in self.expires), default=None)


def audit(read: Read, check: Check, bootstrap: bytes, now: datetime) -> Audit:
    """Judge one repository from a root that somebody trusts."""
    found = Audit(now=now)
    root = _roots(found, read, bootstrap)
    if root is None:
        return found
    signed = root.signed
    found.root_version, found.tier = signed.version, tier_of(root)
    found.development = bool(signed.unrecognized_fields.get(DEVELOPMENT))
    _custody(found, signed)
    timestamp = _role(found, read, signed, "timestamp", "metadata/timestamp.json", None)
    if timestamp is None:
        return found
    meta = timestamp.signed.snapshot_meta
    path = f"metadata/{meta.version}.snapshot.json"
    snapshot = _role(found, read, signed, "snapshot", path, meta)
    if snapshot is None:
        return found
    targets = _listed(found, read, signed, "targets", snapshot)
    if targets is not None:
        _classes(found, read, check, targets, snapshot)
    return found


def _roots(found: Audit, read: Read, bootstrap: bytes) -> Metadata[Root] | None:
    """Follow every root from the trusted one on; an earlier one may not be missing."""
    try:
        trusted = Metadata[Root].from_bytes(bootstrap)
        trusted.verify_delegate("root", trusted)
    except (RepositoryError, ValueError) as fault:
        found.faults.append(f"the trusted root is none: {fault}")
        return None
    while (data := read(_root(trusted.signed.version + 1), limit_of("root"))) is not None:
        try:
            step = Metadata[Root].from_bytes(data)
            trusted.verify_delegate("root", step)
            step.verify_delegate("root", step)
            if step.signed.version != trusted.signed.version + 1:
                raise ValueError(f"it says version {step.signed.version}")
            if tier_of(trusted) and tier_of(step) != tier_of(trusted):
                raise ValueError(f"it is of tier {tier_of(step)}, not {tier_of(trusted)}")
        except (RepositoryError, ValueError) as fault:
            found.faults.append(f"root {trusted.signed.version + 1} is refused: {fault}")
            break
        trusted = step
    lost = [n for n in range(1, trusted.signed.version) if read(_root(n), limit_of("root")) is None]
    if lost:
        found.faults.append(f"root {lost[0]} is not there: devices that know an earlier one cannot "
                            "follow")  # fmt: skip
    if trusted.signed.version > ROTATIONS - 16:
        found.faults.append(f"root {trusted.signed.version} is close to {ROTATIONS} steps from the "
                            "first one, which clients follow at most")  # fmt: skip
    _expiry(found, "root", trusted)
    return trusted


def tier_of(root: Metadata[Root]) -> str:
    """The tier that a root is for, as it says."""
    return str(root.signed.unrecognized_fields.get(TIER, ""))


def _root(version: int) -> str:
    return f"metadata/{version}.root.json"


def _custody(found: Audit, root: Root) -> None:
    """No key in two roles, a root of at least two keys."""
    for role in TOP:
        _apart(found, found.owners, root, role, role)
    if root.roles["root"].threshold < 2:
        found.faults.append("one key alone can replace every other: the root's threshold is 1")
    if not root.consistent_snapshot:
        found.faults.append("the repository has no consistent snapshots")


def _apart(
    found: Audit, owners: dict[str, str], delegator: Root | Targets, role: str, family: str
) -> None:
    """No key counts in two families of roles, nor twice in one under two key ids."""
    here: set[str] = set()
    for keyid in delegator.get_delegated_role(role).keyids:
        key = "".join(str(delegator.get_key(keyid).keyval.get("public", keyid)).split())
        if owners.setdefault(key, family) != family:
            found.faults.append(f"one key signs for `{owners[key]}` and for `{role}`")
        if key in here:
            found.faults.append(f"one key counts twice for `{role}`, under two key ids")
        here.add(key)


def _listed(
    found: Audit, read: Read, delegator: Root | Targets, role: str, snapshot: Metadata[Any]
) -> Metadata[Any] | None:
    meta = snapshot.signed.meta.get(f"{role}.json")
    if meta is None:
        found.faults.append(f"the snapshot does not list `{role}`")
        return None
    return _role(found, read, delegator, role, f"metadata/{meta.version}.{role}.json", meta)


def _role(
    found: Audit, read: Read, delegator: Root | Targets, role: str, path: str,
    meta: MetaFile | None,
) -> Metadata[Any] | None:  # fmt: skip
    """One role's metadata, if it can be read and was signed; whatever else is wrong is noted."""
    data = read(path, limit_of(role))
    if data is None:
        found.faults.append(f"`{path}` is not there, or larger than clients read")
        return None
    if meta is not None and (meta.hashes is None or meta.length is None):
        found.faults.append(f"`{role}` is listed without hash or length")
    try:
        if meta is not None:
            meta.verify_length_and_hashes(data)
        metadata: Metadata[Any] = Metadata.from_bytes(data)
        if metadata.signed.type != (role if role in TOP else "targets"):
            raise ValueError(f"it is of type {metadata.signed.type}")
        delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        if meta is not None and metadata.signed.version != meta.version:
            raise ValueError(f"it says version {metadata.signed.version}")
    except (RepositoryError, ValueError) as fault:
        found.faults.append(f"`{path}` is refused: {fault}")
        return None
    _expiry(found, role, metadata)
    if not found.development and metadata.signed.unrecognized_fields.get(DEVELOPMENT):
        found.faults.append(f"`{role}` was signed by development keys below a production root")
    return metadata


def _expiry(found: Audit, role: str, metadata: Metadata[Any]) -> None:
    found.expires[role] = metadata.signed.expires
    if metadata.signed.expires <= found.now:
        found.faults.append(f"`{role}` expired on {metadata.signed.expires:%Y-%m-%d %H:%M} UTC")


def _classes(
    found: Audit, read: Read, check: Check, targets: Metadata[Any], snapshot: Metadata[Any]
) -> None:
    if targets.signed.targets:
        found.faults.append("`targets` lists files itself instead of leaving that to the classes")
    delegations = targets.signed.delegations
    roles = delegations.roles if delegations is not None and delegations.roles else {}
    extra = set(snapshot.signed.meta) - {"targets.json", *(f"{role}.json" for role in roles)}
    if extra:
        found.faults.append(f"the snapshot lists `{min(extra)}`, which nobody delegates to")
    owners = dict(found.owners)
    for role, delegated in roles.items():
        _apart(found, owners, targets.signed, role, "classes")
        name = role.removeprefix("class-")
        if delegated.paths != [f"{name}/*/*"] or not delegated.terminating:
            found.faults.append(f"`{role}` may speak for other paths than its class's")
        metadata = _listed(found, read, targets.signed, role, snapshot)
        if metadata is not None:
            _class(found, read, check, name, metadata, delegated)


def _class(
    found: Audit, read: Read, check: Check, name: str, metadata: Metadata[Any], delegated: Any
) -> None:
    signed = metadata.signed
    if signed.delegations is not None and signed.delegations.roles:
        found.faults.append(f"`class-{name}` delegates further, under role names of its own")
    for path, target in signed.targets.items():
        if not delegated.is_delegated_path(path):
            found.faults.append(f"`class-{name}` lists `{path}`, which is not its to list")
        elif fault := check(path, target):
            found.faults.append(f"`{path}`: {fault}")
    try:
        offers = Offers.of(name, signed)
        if not offers.current:
            found.empty.append(name)
            return
        for release in {offers.current, offers.stable} - {""}:
            _manifest(found, read, name, offers, release)
        block = offers.block(offers.current)
        found.classes.append(ClassView(
            device_class=name, release=offers.current, counter=int(block["release_counter"]),
            epoch=int(block["security_epoch"]), percent=percent_of(block), stable=offers.stable,
            rollback_allowed_to=block["rollback_allowed_to"],
            bundle_size=signed.targets[block["bundle"]].length,
            fresh_until=min(found.expires[r] for r in (*TOP, f"class-{name}")),
        ))  # fmt: skip
    except (KeyError, TypeError, ValueError) as fault:
        found.faults.append(f"`class-{name}`: the signed block cannot be read: {fault!r}")


def _manifest(found: Audit, read: Read, name: str, offers: Offers, release: str) -> None:
    """What a device checks of a manifest before it fetches anything."""
    target = offers.listed[release]["manifest.json"]
    digest = target.hashes["sha256"]
    data = read(f"targets/{name}/{release}/{digest}.manifest.json", target.length)
    if data is None or hashlib.sha256(data).hexdigest() != digest:
        return  # the file itself was named already
    try:
        manifest = parse_manifest(data)
    except ManifestError as fault:
        found.faults.append(f"release {release}: its manifest is refused: {fault}")
        return
    block = target.custom[CUSTOM]
    if release_id(data) != release or block["release"] != release:
        found.faults.append(f"release {release}: it is the name of another manifest")
    if {manifest.device_class, block["device_class"], *target.custom["hardwareIds"]} != {name}:
        found.faults.append(f"release {release}: it is for {manifest.device_class}, not `{name}`")
    if int(block["security_epoch"]) < offers.epoch and release == offers.current:
        found.faults.append(f"release {release}: its security epoch is below that of its class")
