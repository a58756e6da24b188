"""Which facts count on a day: members of blocs, adequate countries, regimes as they read then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from hybridspec.base.country import ADEQUATE_EU, BLOC_NAMES, COUNTRIES
from hybridspec.ir.law import Adequacy, Fact, LawFacts, Regime, Status

EU_REGIME = "gdpr"
"""The regime whose decisions `adequate(EU)` stands for."""


def on_day(law: LawFacts, day: date) -> LawFacts:
    """The facts with each regime once, as it reads on a day, and what is covered on it.

    Where none of a regime's rows holds, the one that comes next is kept, or else the last: a spec
    may name a law before it binds.
    """
    rows: dict[str, list[Regime]] = {}
    for regime in law.regimes:
        rows.setdefault(regime.name, []).append(regime)
    regimes = tuple(_reading(named, day) for _, named in sorted(rows.items()))
    covered = frozenset().union(*(r.covers for r in regimes if r.fact.holds(day)))
    return replace(law, regimes=regimes, covered=covered)


def _reading(rows: list[Regime], day: date) -> Regime:
    ordered = sorted(rows, key=lambda r: r.fact.since)
    held = [r for r in ordered if r.fact.holds(day)]
    coming = [r for r in ordered if r.fact.since > day]
    return held[-1] if held else coming[0] if coming else ordered[-1]


def members(law: LawFacts, name: str) -> frozenset[str]:
    """The countries of a bloc; none if the facts do not know it."""
    return next((bloc.members for bloc in law.blocs if bloc.name == name), frozenset())


def earliest(law: LawFacts) -> date:
    """The first day from which on all blocs have the members that the facts list."""
    return max((bloc.fact.since for bloc in law.blocs), default=date.min)


def unconditional(row: Adequacy) -> bool:
    """Whether a decision covers any recipient of its sectors, whoever sends, and is undisputed."""
    return row.scope != "certified" and not row.exporters and row.fact.status is Status.IN_FORCE


def adequate(law: LawFacts, day: date) -> frozenset[str]:
    """The countries that `adequate(EU)` stands for on a day."""
    return frozenset(
        row.country for row in law.adequacy
        if row.regime == EU_REGIME and row.fact.holds(day) and unconditional(row)
    )  # fmt: skip


def expand(
    names: Sequence[str], law: LawFacts, day: date
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Countries that `names` (codes and blocs) stand for on a day, and those that mean nothing."""
    blocs = {bloc.name: bloc.members for bloc in law.blocs if bloc.name in BLOC_NAMES}
    known: set[str] = set()
    unknown: list[str] = []
    for name in names:
        if name == ADEQUATE_EU:
            known |= adequate(law, day)
        elif name in blocs:
            known |= blocs[name]
        elif name in COUNTRIES:
            known.add(name)
        else:
            unknown.append(name)
    return tuple(sorted(known)), tuple(unknown)


def facts_of(law: LawFacts) -> tuple[Fact, ...]:
    """Every dated row of a pack, in its order."""
    found = [bloc.fact for bloc in law.blocs]
    found += [row.fact for row in law.adequacy]
    for regime in law.regimes:
        found.append(regime.fact)
        found += [mechanism.fact for mechanism in regime.mechanisms]
        found += [duty.fact for duty in regime.duties]
    return tuple(found)
