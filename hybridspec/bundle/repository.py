"""The update channel as TUF metadata: static files that any TUF client can read.

The Update Framework 1.0.34 (https://theupdateframework.github.io/specification/v1.0.34/):
consistent snapshots, root 2 of 3, one terminating delegated role per device class. Clock and keys
are arguments; nothing is read or written here. Roles are signed in `signing.py`, what a class is
offered is decided in `offers.py`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Key
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root, Targets

from hybridspec.base.errors import HybridspecError, UsageError
from hybridspec.bundle.keys import Keyring, class_role
from hybridspec.bundle.limits import beyond_limits
from hybridspec.bundle.offers import (
    CUSTOM,
    ClassRelease,
    Offers,
    Wish,
    granting,
    offering,
    pointer_files,
    target_files,
)
from hybridspec.bundle.signing import (
    DEVELOPMENT,
    ONLINE,
    TOP,
    Missing,
    Repository,
    Signing,
    Validity,
    as_bytes,
    path_of,
)

__all__ = [
    "CUSTOM", "DEVELOPMENT", "ClassRelease", "Publication", "Repository", "Validity", "Wish",
    "altered", "parsed", "publish", "sound", "target_files",
]  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Files to write, in order: targets before metadata, and what makes the rest visible last.

    `copies` are target files that have the bytes of another one, `withdrawn` folders of targets
    that nobody is to have any more, once the metadata is there. Where roles are `missing`
    signatures, `pending` are the files of this round, for others to sign, and none is published.
    """

    targets: tuple[tuple[str, bytes | Path], ...] = ()
    metadata: tuple[tuple[str, bytes], ...] = ()
    counters: tuple[tuple[str, int], ...] = ()
    copies: tuple[tuple[str, str], ...] = ()
    withdrawn: tuple[str, ...] = ()
    pending: tuple[tuple[str, bytes], ...] = ()
    missing: tuple[Missing, ...] = ()

    @property
    def unsigned(self) -> tuple[str, ...]:
        """The roles that too few have signed."""
        return tuple(one.role for one in self.missing)


class Beyond(HybridspecError):
    """The channel would be larger than what clients accept."""

    def __init__(self, faults: Sequence[str]) -> None:
        super().__init__(
            f"clients would refuse this channel: {'; '.join(faults)}",
            help="serve fewer device classes from one channel, or begin a new one",
        )


def publish(
    previous: Mapping[str, bytes], releases: Sequence[ClassRelease], keys: Keyring,
    now: datetime, validity: Validity, *, repository: Repository | None = None,
    wishes: Sequence[Wish] = (), staged: Mapping[str, bytes] | None = None,
) -> Publication:  # fmt: skip
    """The next state of a repository of the channel.

    `previous` holds the newest metadata by role name (`root`, `targets`, `snapshot`, `timestamp`
    and delegated roles), empty at first; `staged` what an earlier round left half signed. Nothing
    changed and nothing near its expiry gives an empty publication. A class without a release keeps
    the one it has.

    Raises:
        UsageError: a release or a wish is not possible.
        Beyond: clients would refuse the size of something.
    """
    old = parsed(previous)
    offers = _offers(old, releases, wishes)
    signing = Signing(old=old, staged=parsed(staged or {}), keys=keys, now=now,
                      validity=validity, repository=repository or Repository())  # fmt: skip
    signing.renew_root()
    signing.delegate([o.device_class for o in offers])
    for offer in offers:
        signing.offer(class_role(offer.device_class), offer.role())
    signing.close()
    counters = tuple((o.device_class, int(o.block(o.current)["release_counter"]))
                     for o in offers if o.current)  # fmt: skip
    return _publication(signing, releases, offers, counters)


def finish(
    previous: Mapping[str, bytes], prepared: Mapping[str, bytes], keys: Keyring, now: datetime,
    validity: Validity, repository: Repository,
) -> Publication:  # fmt: skip
    """What was prepared in an earlier round, and others have signed since, with what rests on it.

    The files that it speaks of are there already.
    """
    signing = Signing(old=parsed(previous), staged=parsed(prepared), keys=keys, now=now,
                      validity=validity, repository=repository)  # fmt: skip
    signing.made |= {n: m for n, m in signing.staged.items() if n not in ONLINE}
    for role, metadata in list(signing.made.items()):
        signing.take(role, metadata)
    signing.close()
    return _publication(signing, (), (), ())


def _publication(
    signing: Signing, releases: Sequence[ClassRelease], offers: Sequence[Offers],
    counters: tuple[tuple[str, int], ...],
) -> Publication:  # fmt: skip
    made = {role: as_bytes(metadata) for role, metadata in signing.made.items()}
    files = tuple((path_of(role, signing.made[role]), made[role]) for role in _order(signing))
    faults = beyond_limits(made)
    if faults:
        raise Beyond(faults)
    mine = [r for r in releases if class_role(r.device_class) in made]
    changed = [o for o in offers if class_role(o.device_class) in made]
    waits = bool(signing.missing)
    return Publication(
        targets=tuple(f for r in mine for f in target_files(r)),
        metadata=() if waits else files,
        pending=files if waits else (),
        missing=tuple(signing.missing),
        counters=counters,
        copies=tuple(pair for o in changed for pair in pointer_files(o)),
        withdrawn=tuple(
            f"targets/{o.device_class}/{one.release}"
            for o in offers for one in o.history
            if one.state == "withdrawn" and one.release not in o.listed
        ),
    )  # fmt: skip


def _order(signing: Signing) -> list[str]:
    """Roots first, unless one changes keys: then what stands under both comes before it."""
    made = signing.made
    before = signing.old["root"].signed if "root" in signing.old else signing.root
    moved = any(before.roles[role].keyids != signing.root.roles[role].keyids
                for role in TOP if role != "root")  # fmt: skip
    delegated = [role for role in made if role not in TOP]
    rest = [*delegated, *(role for role in TOP[1:] if role in made)]
    root = [role for role in made if role == "root"]
    return [*rest, *root] if moved else [*root, *rest]


def _offers(
    old: Mapping[str, Metadata[Any]], releases: Sequence[ClassRelease], wishes: Sequence[Wish]
) -> list[Offers]:
    """What every class lists next, those of the channel that nothing is asked for included."""
    known = {role.removeprefix("class-"): Offers.of(role.removeprefix("class-"), metadata.signed)
             for role, metadata in old.items() if role not in TOP}  # fmt: skip
    for release in releases:
        name = release.device_class
        known[name] = offering(known.get(name) or Offers(device_class=name), release)
    for wish in wishes:
        name = wish.device_class
        if name not in known:
            raise UsageError(f"the channel has no device class `{name}`",
                             help=f"it has {', '.join(sorted(known)) or 'none'}")  # fmt: skip
        known[name] = granting(known[name], wish)
    return list(known.values())


def parsed(previous: Mapping[str, bytes]) -> dict[str, Metadata[Any]]:
    """Metadata by role."""
    return {name: Metadata.from_bytes(data) for name, data in previous.items()}


def sound(
    previous: Mapping[str, bytes], keys: Keyring, repository: Repository | None = None
) -> bool:
    """Whether a channel can be continued: whole, and under signatures that these keys can follow.

    Anything else, a missing role as well, is not.
    """
    repository = repository or Repository()
    try:
        found = parsed(previous)
        root, targets = found["root"].signed, found["targets"].signed
        mine = bool(root.unrecognized_fields.get(DEVELOPMENT)) == keys.development
        for name in TOP:
            root.verify_delegate(name, found[name].signed_bytes, found[name].signatures)
            mine = mine and _followed(root, name, keys, repository)
        for name in targets.delegations.roles:
            targets.verify_delegate(name, found[name].signed_bytes, found[name].signatures)
    except (RepositoryError, KeyError, ValueError, AttributeError, TypeError):
        return False
    return mine and not altered(previous, keys, repository)


def altered(
    previous: Mapping[str, bytes], keys: Keyring, repository: Repository,
    former: Sequence[Key] = (),
) -> str:  # fmt: skip
    """The first role of a channel that is not as it was signed; empty if all are.

    Whoever can write to the folder of a channel must not get the next round of signatures over
    what they wrote there. Only these keys decide, and what a root says that enough of them signed;
    `former` are keys of the root that were replaced.
    """
    role = "root"
    try:
        found = parsed(previous)
        root, targets, snapshot = (found[name].signed for name in ("root", "targets", "snapshot"))
        if not _rooted(found["root"], keys, former):
            return role
        found["timestamp"].signed.snapshot_meta.verify_length_and_hashes(previous["snapshot"])
        for role in (*TOP[1:], *sorted(set(found) - set(TOP))):
            if not _signed(root if role in TOP else targets, role, found[role], keys, repository):
                return role
            if role not in ONLINE:
                meta = snapshot.meta[f"{role}.json"]
                meta.verify_length_and_hashes(previous[role])
                if meta.version != found[role].signed.version:
                    return role
    except (RepositoryError, KeyError, ValueError, AttributeError, TypeError):
        return role
    return ""


def _rooted(root: Metadata[Any], keys: Keyring, former: Sequence[Key]) -> bool:
    """Whether enough keys of ours signed a root: it may name any number of strangers as well."""
    root.verify_delegate("root", root)
    held = keys.role("root")
    known = {k.keyid: k for k in (*held.public, *(s.public_key for s in held.signers), *former)}
    wanted: int = min(held.threshold, max(2, root.signed.roles["root"].threshold))
    return _count(known.values(), root) >= wanted


def _signed(
    delegator: Root | Targets, role: str, metadata: Metadata[Any], keys: Keyring,
    repository: Repository,
) -> bool:  # fmt: skip
    """Whether a role stands under the keys of before, or under those of a rotation that began."""
    with suppress(RepositoryError, ValueError):
        delegator.verify_delegate(role, metadata.signed_bytes, metadata.signatures)
        return True
    with suppress(KeyError, UsageError):
        held = keys.role(repository.key(role))
        return _count(held.public, metadata) >= held.threshold
    return False


def _count(keys: Iterable[Key], metadata: Metadata[Any]) -> int:
    """How many of some keys have signed."""
    count = 0
    for key in keys:
        with suppress(KeyError, UnverifiedSignatureError, VerificationError):
            key.verify_signature(metadata.signatures[key.keyid], metadata.signed_bytes)
            count += 1
    return count


def _followed(root: Root | Targets, role: str, keys: Keyring, repository: Repository) -> bool:
    """Whether these keys can sign for a role now, or in another root."""
    if role != "root":
        return True  # a new root says which keys count
    mine = {key.keyid for key in keys.role(repository.key(role)).public}
    mine |= {signer.public_key.keyid for signer in keys.role(repository.key(role)).signers}
    held = root.get_delegated_role(role)
    return len(mine & set(held.keyids)) >= held.threshold
