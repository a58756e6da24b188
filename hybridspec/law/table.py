"""The facts pack as rows that people read: what each says, on which days, and what changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hybridspec.ir.law import Adequacy, Bloc, Fact, LawFacts, Mechanism, Regime, Status, Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One fact with what it says: `says` are keys and values, `countries` those it is about."""

    kind: str
    fact: Fact
    regime: str
    countries: frozenset[str]
    says: tuple[tuple[str, str], ...]

    def state(self, day: date) -> str:
        """What it is on a day: `holds`, `contested`, `draft`, `not yet` or `ended`."""
        if self.fact.status is Status.DRAFT:
            return "draft"
        if day < self.fact.since:
            return "not yet"
        if self.fact.until is not None and day > self.fact.until:
            return "ended"
        return "contested" if self.fact.status is Status.CONTESTED else "holds"

    def document(self, day: date) -> dict[str, Any]:
        """The row for machines, as it is on a day."""
        return {"id": self.fact.id, "kind": self.kind, "state": self.state(day), **self.fields}

    @property
    def fields(self) -> dict[str, Any]:
        """Everything that it says, its dates and source among it."""
        fact = self.fact
        return {
            "title": fact.title, "regime": self.regime, "since": fact.since.isoformat(),
            "until": fact.until.isoformat() if fact.until else None, "status": str(fact.status),
            "source": fact.source, "checkedOn": fact.checked_on.isoformat(),
            "compared": fact.compared,
            "says": dict(self.says),
        }  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What happens to a row: `old` and `new` state, or the fields that differ between packs."""

    row: Row
    old: str
    new: str
    fields: tuple[tuple[str, str, str], ...] = ()


def rows(law: LawFacts) -> tuple[Row, ...]:
    """Every row of a pack: blocs, decisions, then each regime with its mechanisms and duties."""
    return tuple(_rows(law))


def about(found: tuple[Row, ...], name: str) -> tuple[Row, ...]:
    """The rows of an id, of a regime, or about a country; none if the name means nothing."""
    exact = tuple(row for row in found if row.fact.id == name)
    return exact or tuple(row for row in found if name == row.regime or name in row.countries)


def changes(law: LawFacts, start: date, end: date) -> Iterator[Change]:
    """The rows that are not on one day what they are on another."""
    for row in rows(law):
        if row.state(start) != row.state(end):
            yield Change(row=row, old=row.state(start), new=row.state(end))


def differences(old: LawFacts, new: LawFacts) -> Iterator[Change]:
    """The rows in which two packs differ: by id, those added, removed and rewritten."""
    before, after = ({row.fact.id: row for row in rows(law)} for law in (old, new))
    for name in sorted({*before, *after}):
        one, other = before.get(name), after.get(name)
        if one is None and other is not None:
            yield Change(row=other, old="absent", new="added")
        elif other is None and one is not None:
            yield Change(row=one, old="present", new="removed")
        elif one is not None and other is not None and one != other:
            yield Change(row=other, old="present", new="changed", fields=_differing(one, other))


def _differing(one: Row, other: Row) -> tuple[tuple[str, str, str], ...]:
    first, second = _flat(one.fields), _flat(other.fields)
    return tuple(
        (key, first.get(key, ""), second.get(key, ""))
        for key in dict.fromkeys((*first, *second)) if first.get(key) != second.get(key)
    )  # fmt: skip


def _flat(fields: Mapping[str, Any]) -> dict[str, str]:
    found = {key: "" if value is None else str(value) for key, value in fields.items()
             if key != "says"}  # fmt: skip
    return found | {key: str(value) for key, value in fields["says"].items()}


def _rows(law: LawFacts) -> Iterator[Row]:
    for bloc in law.blocs:
        yield _bloc(bloc)
    for decision in law.adequacy:
        yield _adequacy(decision)
    for regime in law.regimes:
        yield _regime(regime)
        for mechanism in regime.mechanisms:
            yield _mechanism(regime, mechanism)
        for duty in regime.duties:
            yield Row(
                kind="duty", fact=duty.fact, regime=regime.name, countries=frozenset(),
                says=_said(asks=f"{duty.kind} `{duty.needs}`", text=duty.text,
                           of=_list(duty.categories) or "all data",
                           on=_list(duty.facets) or "all facets",
                           roles=_list(duty.roles), hard="yes" if duty.hard else "no"),
            )  # fmt: skip


def _bloc(bloc: Bloc) -> Row:
    return Row(kind="bloc", fact=bloc.fact, regime="", countries=bloc.members | {bloc.name},
               says=_said(members=_list(bloc.members)))  # fmt: skip


def _adequacy(row: Adequacy) -> Row:
    return Row(
        kind="adequacy", fact=row.fact, regime=row.regime, countries=frozenset({row.country}),
        says=_said(country=row.country, recipients=row.scope,
                   senders=_list(row.exporters) or "all under the regime"),
    )  # fmt: skip


def _regime(regime: Regime) -> Row:
    when = "; or ".join(_trigger(trigger) for trigger in regime.triggers)
    return Row(
        kind="regime", fact=regime.fact, regime=regime.name,
        countries=regime.home | regime.covers | regime.denied,
        says=_said(
            applies=when or "where a zone names it", governs=_list(regime.governs, keep=True),
            home=_list(regime.home), elsewhere=regime.elsewhere, denied=_list(regime.denied),
            sealed=_list(regime.sealed, keep=True), covers=_list(regime.covers),
            releases="; ".join(f"{name}" + (f" ({', '.join(keys)})" if keys else "")
                               for name, keys in regime.releases),
        ),
    )  # fmt: skip


def _trigger(trigger: Trigger) -> str:
    parts = {
        "data": _list(trigger.categories), "people in": _list(trigger.subjects),
        "established in": _list(trigger.established), "as": _list(trigger.roles),
        "from so many people on": ", ".join(f"{name}: {n}" for name, n in trigger.thresholds),
    }  # fmt: skip
    return ", ".join(f"{name} {value}" for name, value in parts.items() if value) or "always"


def _mechanism(regime: Regime, mechanism: Mechanism) -> Row:
    return Row(
        kind="mechanism", fact=mechanism.fact, regime=regime.name, countries=mechanism.countries,
        says=_said(
            name=mechanism.name, takes=_list(mechanism.evidence),
            lasts=f"{mechanism.longest} days at most" if mechanism.longest else "",
            countries=_list(mechanism.countries) or "all",
            people=", ".join(f"{name}: {n} at most" for name, n in mechanism.at_most),
        ),
    )  # fmt: skip


def _said(**fields: str) -> tuple[tuple[str, str], ...]:
    return tuple((key, value) for key, value in fields.items() if value)


def _list(names: tuple[str, ...] | frozenset[str], *, keep: bool = False) -> str:
    return ", ".join(names if keep else sorted(names))
