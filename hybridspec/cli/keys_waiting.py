"""Publications that wait for other people: asked for, completed when they signed, forgotten."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tuf.api.metadata import Metadata

from hybridspec.base.errors import HybridspecError, UsageError
from hybridspec.bundle.keys import Keyring
from hybridspec.bundle.repository import Publication, altered, finish
from hybridspec.bundle.request import Part, Request
from hybridspec.bundle.signing import ONLINE, Repository, Validity
from hybridspec.bundle.tiers import Served
from hybridspec.deliver import ceremony
from hybridspec.deliver.publish import repositories, tidy, write_publication, write_targets
from hybridspec.deliver.signers.stack_keys import StackKeys

There = Mapping[str, Mapping[str, bytes]]
Round = tuple[Served, Publication]


def staged_of(keys: Keyring) -> dict[str, dict[str, bytes]]:
    """What others have signed so far of what a stack wants to publish."""
    return ceremony.staged(ceremony.waiting(keys.stack)) if isinstance(keys, StackKeys) else {}


def others(
    keys: Keyring, channel: Path, there: There, rounds: Sequence[Round]
) -> HybridspecError:  # fmt: skip
    """Ask others to sign: a request is kept, and whoever publishes is told to send it."""
    if not isinstance(keys, StackKeys):
        missing = [m for _, publication in rounds for m in publication.missing]
        return HybridspecError(
            "nothing is published: " + "; ".join(
                f"`{m.role}` needs {m.needed} more signatures" for m in missing),
            help="run this where the keys of these roles are",
        )  # fmt: skip
    parts: dict[str, Part] = {}
    rest: dict[str, Any] = {"channel": str(channel.resolve()), "folders": {}}
    for one, publication in rounds:
        where = one.repository.folder
        files = publication.pending or publication.metadata
        roles = {_role(path): Metadata[Any].from_bytes(data) for path, data in files
                 if publication.pending or _role(path) not in ONLINE}  # fmt: skip
        if not roles:
            continue
        before = {name: Metadata[Any].from_bytes(data)
                  for name, data in there.get(where, {}).items() if name not in ONLINE}  # fmt: skip
        parts[where] = Part(roles, before)
        write_targets(channel / where, publication.targets)
        rest["folders"][where] = {
            "tier": one.repository.tier, "main": one.repository.main,
            "window": one.window.total_seconds(), "copies": publication.copies,
            "withdrawn": publication.withdrawn,
        }  # fmt: skip
    request = Request(spec=keys.spec, stack=keys.stack.name, parts=parts, names=keys.names,
                      created=datetime.now(UTC).replace(microsecond=0))  # fmt: skip
    known = ceremony.waiting(keys.stack)
    if known is not None and known.digest == request.digest:
        request = replace(request, created=known.created)
    path = ceremony.wait(keys.stack, request, rest)
    return ceremony.unsigned(request, path, keys.absent)


def _role(path: str) -> str:
    """The role of a metadata file.

    >>> _role("metadata/2.class-box.json"), _role("metadata/timestamp.json")
    ('class-box', 'timestamp')
    """
    name = path.rpartition("/")[2].removesuffix(".json")
    return name if name == "timestamp" else name.partition(".")[2]


def refuse_altered(keys: Keyring, channel: Path, there: There, places: Sequence[Served]) -> None:
    """Sign nothing on top of what somebody wrote into a channel and nobody has signed.

    Raises:
        UsageError: a repository is not as it was signed.
    """
    former = keys.former("root") if isinstance(keys, StackKeys) else ()
    for one in places:
        previous = there.get(one.repository.folder)
        role = altered(previous, keys, one.repository, former) if previous else ""
        if role:
            raise UsageError(
                f"`{one.repository.folder}{role}` of the channel in {channel} is not as it was "
                "signed, or was signed with other keys",
                help="find out who writes to that folder, and put back its files or its keys; "
                "what is there now is not signed again",
            )


def settle(keys: Keyring, channel: Path) -> None:
    """Forget a request that what is published by now has overtaken."""
    request = ceremony.waiting(keys.stack) if isinstance(keys, StackKeys) else None
    if request is None or not isinstance(keys, StackKeys):
        return
    there = repositories(channel)
    for where, part in request.parts.items():
        for name, made in part.roles.items():
            data = there.get(where, {}).get(name)
            if data is not None and Metadata.from_bytes(data).signed.version >= made.signed.version:
                ceremony.done(keys.stack)
                return


def complete(keys: StackKeys, request: Request) -> tuple[str, ...]:
    """Publish what everybody has signed; gives the metadata that was written.

    Raises:
        Unsigned: what rests on it wants signatures of others as well.
    """
    rest = ceremony.rest_of(keys.stack)
    channel = Path(rest["channel"])
    there, now = repositories(channel), datetime.now(UTC)
    rounds: list[Round] = []
    for where, prepared in ceremony.staged(request).items():
        kept = rest["folders"][where]
        repository = Repository(tier=kept["tier"], main=kept["main"])
        window = timedelta(seconds=kept["window"])
        served = Served(repository=repository, device_classes=(), window=window)
        refuse_altered(keys, channel, there, [served])
        made = finish(there.get(where, {}), prepared, keys, now, Validity.over(window), repository)
        made = replace(made, copies=tuple((to, source) for to, source in kept["copies"]),
                       withdrawn=tuple(kept["withdrawn"]))  # fmt: skip
        rounds.append((served, made))
    if any(made.missing for _, made in rounds):
        raise others(keys, channel, there, rounds)
    written = []
    for one, made in rounds:
        tidy(channel / one.repository.folder)
        write_publication(channel / one.repository.folder, made)
        written += [f"{one.repository.folder}{path}" for path, _ in made.metadata]
    ceremony.done(keys.stack)
    return tuple(written)
