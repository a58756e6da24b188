"""Which repository of a channel serves which device classes, and how long it holds.

A class stays in the repository where its devices look for it, whatever becomes of its absence.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from tuf.api.exceptions import RepositoryError

from hybridspec.bundle.keys import class_role
from hybridspec.bundle.repository import parsed
from hybridspec.bundle.signing import ONLINE, TIER, TOP, WINDOW, Repository
from hybridspec.ir.tier import Tier


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """One repository, the classes of the spec that it serves, and its freeze window."""

    repository: Repository
    device_classes: tuple[str, ...]
    window: timedelta


def known(
    there: Mapping[str, Mapping[str, bytes]],
) -> tuple[tuple[Repository, frozenset[str]], ...]:
    """The repositories of a channel by folder, each with its class roles; none that is damaged."""
    made = []
    for folder, metadata in there.items():
        try:
            found = parsed(metadata)
            marks = found["root"].signed.unrecognized_fields
            if not set(TOP) <= set(found):
                continue
        except (RepositoryError, KeyError):
            continue
        tier = folder.rstrip("/") or str(marks.get(TIER, "online"))
        made.append((Repository(tier=tier, main=not folder), frozenset(found) - set(TOP)))
    return tuple(made)


def served(
    tiers: Sequence[Tier], released: Collection[str],
    there: Sequence[tuple[Repository, frozenset[str]]],
) -> tuple[Served, ...]:  # fmt: skip
    """The repositories for the classes that have a release, by the tiers of a spec.

    The main one comes first; the quickest tier has it where there is none yet.
    """
    homes = {role: repository for repository, roles in there for role in roles}
    by_tier = {repository.tier: repository for repository, _ in there}
    members: dict[Repository, list[str]] = {}
    windows: dict[Repository, timedelta] = {}
    for tier in tiers:
        window = timedelta(microseconds=tier.window)
        for name in sorted(set(tier.device_classes) & set(released)):
            home = homes.get(class_role(name)) or by_tier.get(tier.name)
            if home is None:
                main = not any(repository.main for repository in by_tier.values())
                home = by_tier[tier.name] = Repository(tier=tier.name, main=main)
            members.setdefault(home, []).append(name)
            windows[home] = max(window, windows.get(home, window))
    made = [Served(repository=r, device_classes=tuple(sorted(names)), window=windows[r])
            for r, names in members.items()]  # fmt: skip
    return tuple(sorted(made, key=lambda one: (not one.repository.main, one.window)))


def remembered(there: Mapping[str, Mapping[str, bytes]]) -> tuple[Served, ...]:
    """The repositories of a channel as they stand, each with the window that it was signed for."""
    made = []
    for folder, metadata in there.items():
        for repository, roles in known({folder: metadata}):
            snapshot = parsed(metadata)["snapshot"].signed
            seconds = snapshot.unrecognized_fields.get(WINDOW, 7 * 86_400)
            made.append(Served(
                repository=repository, window=timedelta(seconds=int(seconds)),
                device_classes=tuple(sorted(role.removeprefix("class-") for role in roles)),
            ))  # fmt: skip
    return tuple(made)


def key_names(repositories: Sequence[Served]) -> tuple[str, ...]:
    """The roles of further repositories, which a keyring of one alone does not have."""
    return tuple(
        one.repository.key(role) for one in repositories for role in ONLINE
        if not one.repository.main
    )  # fmt: skip
