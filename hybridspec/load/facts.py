"""The facts pack: dated facts about law that ship with the compiler, or that a file holds."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path

from hybridspec.base.country import COUNTRIES
from hybridspec.base.errors import UsageError
from hybridspec.ir.law import (
    Adequacy,
    Bloc,
    Duty,
    Fact,
    LawFacts,
    Mechanism,
    Regime,
    Status,
    Trigger,
)
from hybridspec.law.facts import expand, facts_of
from hybridspec.load.file import read_bounded
from hybridspec.load.strict import bind_text
from hybridspec.spec.facts import (
    BlocRow,
    DutyRow,
    FactsPack,
    MechanismRow,
    RegimeRow,
    Row,
    TriggerRow,
)

MAX_PACK = 2**20
"""Bytes of one file of a pack."""
MAX_FILES = 20


@cache
def shipped_facts() -> LawFacts:
    """The pack that ships with the compiler; read once.

    Raises:
        ValueError: a file of the pack breaks its own schema.
    """
    folder = files("hybridspec.law")
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".yaml"))
    return joined((name, folder.joinpath(name).read_text(encoding="utf-8")) for name in names)


def expand_shipped(names: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What `expand` says of names, by the pack that ships and on its own day."""
    law = shipped_facts()
    return expand(names, law, law.checked_on)


def read_facts(path: Path) -> LawFacts:
    """A pack of the user's: a file, or the YAML files of a folder.

    Raises:
        UsageError: it cannot be read, or breaks the schema.
    """
    paths = sorted(path.glob("*.yaml"))[:MAX_FILES] if path.is_dir() else [path]
    texts = []
    for each in paths:
        data = read_bounded(each, MAX_PACK)
        if isinstance(data, str):
            raise UsageError(f"`{each}` cannot be read: {data}", help="name a facts pack")
        texts.append((each.name, data.decode("utf-8", errors="replace")))
    try:
        return joined(texts)
    except ValueError as fault:
        raise UsageError(
            f"`{path}` is no facts pack: {fault}", help="docs/facts.md says what a pack holds"
        ) from None


def joined(texts: Iterable[tuple[str, str]]) -> LawFacts:
    """One pack out of the text of its files, by name.

    Raises:
        ValueError: with the first fault.
    """
    digest = hashlib.sha256()
    packs: list[FactsPack] = []
    for name, text in texts:
        digest.update(f"{name}\0{text}\0".encode())
        packs.append(bind_text(name, text, FactsPack, "the pack"))
    blocs = _blocs(packs)
    law = LawFacts(
        version=max((pack.version for pack in packs), default=""),
        digest=digest.hexdigest(),
        checked_on=min((pack.checked_on for pack in packs), default=date.min),
        blocs=tuple(bloc for _, bloc in sorted(blocs.items())),
        adequacy=tuple(row for pack in packs for row in _adequacy(pack, blocs)),
        regimes=tuple(_regime(row, pack, blocs) for pack in packs for row in pack.regimes),
        covered=frozenset(),
    )
    _distinct(law)
    return law


def _blocs(packs: list[FactsPack]) -> dict[str, Bloc]:
    """Every bloc; one may list those that stand before it."""
    found: dict[str, Bloc] = {}
    for pack in packs:
        for name, row in pack.blocs.items():
            if name in found or name in COUNTRIES:
                raise ValueError(f"bloc `{name}` is written twice, or is a country")
            found[name] = _bloc(name, row, pack, found)
    return found


def _bloc(name: str, row: BlocRow, pack: FactsPack, known: dict[str, Bloc]) -> Bloc:
    listed = _countries(row.members, known)
    return Bloc(name=name, members=listed, fact=_fact(f"bloc:{name}", row, pack))


def _countries(names: Iterable[str], blocs: dict[str, Bloc]) -> frozenset[str]:
    found: set[str] = set()
    for name in names:
        if name in blocs:
            found |= blocs[name].members
        elif name in COUNTRIES:
            found.add(name)
        else:
            raise ValueError(f"`{name}` is neither a country nor a bloc that stands before")
    return frozenset(found)


def _fact(id: str, row: Row, pack: FactsPack) -> Fact:
    if row.until is not None and row.until < row.since:
        raise ValueError(f"`{id}` ends before it begins")
    return Fact(
        id=id, title=row.title, since=row.since, until=row.until, status=Status(row.status),
        source=row.source, checked_on=row.checked_on or pack.checked_on,
    )  # fmt: skip


def _adequacy(pack: FactsPack, blocs: dict[str, Bloc]) -> Iterable[Adequacy]:
    for row in pack.adequacy:
        exporters = _countries(row.exporters, blocs)
        for country in sorted(_countries(row.countries, blocs)):
            yield Adequacy(
                regime=row.regime, country=country, scope=row.scope, exporters=exporters,
                fact=_fact(f"{row.regime}:adequacy:{country}:{row.since}", row, pack),
            )  # fmt: skip


def _regime(row: RegimeRow, pack: FactsPack, blocs: dict[str, Bloc]) -> Regime:
    return Regime(
        name=row.name,
        title=row.title,
        triggers=tuple(_trigger(each, blocs) for each in row.applies),
        governs=tuple(row.governs),
        sealed=tuple(row.sealed),
        home=_countries(row.home, blocs),
        elsewhere=row.elsewhere,
        denied=_countries(row.denied, blocs),
        mechanisms=tuple(
            _mechanism(name, each, row, pack, blocs) for name, each in row.mechanisms.items()
        ),
        releases=tuple((name, tuple(keys)) for name, keys in row.releases.items()),
        duties=tuple(_duty(each, pack) for each in row.duties),
        fact=_fact(f"{row.name}:{row.since}", row, pack),
        covers=_countries(row.covers, blocs),
    )


def _trigger(row: TriggerRow, blocs: dict[str, Bloc]) -> Trigger:
    return Trigger(
        categories=tuple(row.categories),
        subjects=_countries(row.subjects, blocs),
        established=_countries(row.established, blocs),
        roles=tuple(row.roles),
        thresholds=tuple(row.thresholds.items()),
        combined=row.combined,
    )


def _mechanism(
    name: str, row: MechanismRow, regime: RegimeRow, pack: FactsPack, blocs: dict[str, Bloc]
) -> Mechanism:
    return Mechanism(
        name=name, evidence=tuple(row.evidence), longest=row.longest,
        countries=_countries(row.countries, blocs), at_most=tuple(row.at_most.items()),
        fact=_fact(f"{regime.name}:mechanism:{name}", row, pack),
    )  # fmt: skip


def _duty(row: DutyRow, pack: FactsPack) -> Duty:
    return Duty(
        id=row.id, kind=row.kind, needs=row.needs, categories=tuple(row.categories),
        facets=tuple(row.facets), hard=row.hard, text=row.text, fact=_fact(row.id, row, pack),
        roles=tuple(row.roles), abroad=row.abroad,
    )  # fmt: skip


def _distinct(law: LawFacts) -> None:
    """A certificate names a row by its id; two rows of one id would leave open which."""
    seen: set[str] = set()
    for fact in facts_of(law):
        if fact.id in seen:
            raise ValueError(f"two rows have the id `{fact.id}`")
        seen.add(fact.id)
