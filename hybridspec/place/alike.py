"""Decisions in groups for the checker, which looks at one of each; it shares only types."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

from hybridspec.ir.graph import Site
from hybridspec.ir.plan import Decision, Plan


def alike(plan: Plan) -> list[list[Decision]]:
    """Decisions in groups that differ in nothing but the site's name and its price of energy."""
    groups: dict[tuple[object, ...], list[Decision]] = {}
    for decision in plan.decisions:
        groups.setdefault(_kind(decision), []).append(decision)
    return list(groups.values())


def _kind(decision: Decision) -> tuple[object, ...]:
    """What every check but that of the cost depends on; one object in two places is the same."""
    site, chosen = decision.site, decision.chosen
    return (
        id(decision.flow), id(chosen.device), id(chosen.region), id(chosen.hosts),
        id(chosen.variants), *(id(site.zone) if n == "zone" else getattr(site, n) for n in _SITE),
        *((id(devices.device_class), devices.count) for devices in site.devices),
    )  # fmt: skip


_SITE = tuple(f.name for f in fields(Site)
              if f.compare and f.name not in ("name", "devices", "energy_price"))  # fmt: skip


def each(groups: list[list[Decision]], check: Callable[[Decision], list[str]]) -> list[str]:
    """The faults of all decisions; a group whose first has none has none."""
    return [fault for group in groups if check(group[0])
            for decision in group for fault in check(decision)]  # fmt: skip
