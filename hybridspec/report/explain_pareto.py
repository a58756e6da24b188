"""The choice between cost and latency as data and as text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from typing import Any

from hybridspec.base.units import format_duration, format_money, tenths
from hybridspec.ir.explanation import Point
from hybridspec.ir.plan import Decision, Plan
from hybridspec.report.explain import signed, way_text
from hybridspec.report.explain_text import Block

SCHEMA = "hybridspec.dev/pareto/v1"
_MOVED = 3


def pareto_document(spec: str, points: Sequence[Point]) -> dict[str, Any]:
    """Every plan of which no other is known to be both cheaper and faster, with its gap."""
    first = points[0].plan
    return {
        "schemaVersion": SCHEMA, "spec": spec, "question": "cost or latency",
        "points": [
            {
                "cost": format_money(point.plan.cost, first.currency),
                "extra": signed(point.plan.cost - first.cost, first.currency),
                "optimal": point.plan.gap == 0,
                "gap": format_money(point.plan.gap, first.currency),
                "share": None if point.share is None else f"{tenths(100 * point.share)} %",
                "worst": _worst(point.worst),
                "carbon": _carbon(point.plan),
                "moved": [{"flow": d.flow.name, "site": d.site.name, "way": way_text(d.chosen)}
                          for d in point.moved],
            }
            for point in points
        ],
    }  # fmt: skip


def _carbon(plan: Plan) -> str | None:
    """CO2 equivalent of running all flows over the horizon; None where nobody knows one."""
    grams = [decision.chosen.carbon(decision.site) for decision in plan.decisions]
    known = [found for found in grams if found is not None]
    return f"{tenths(Fraction(sum(known)) / 1000)} kg" if len(known) == len(grams) else None


def _worst(decision: Decision | None) -> dict[str, str] | None:
    if decision is None or decision.chosen.latency is None:
        return None
    return {"flow": decision.flow.name, "site": decision.site.name,
            "latency": format_duration(decision.chosen.latency.high)}  # fmt: skip


def pareto_blocks(document: Mapping[str, Any]) -> Iterator[Block]:
    """The table, and where it ends."""
    rows: list[tuple[str, ...]] = []
    for one in document["points"]:
        worst = one["worst"]
        slowest = f"{worst['flow']} at {worst['site']}, {worst['latency']}" if worst else "no bound"
        cost = one["cost"] if one["optimal"] else f"{one['cost']} (gap {one['gap']})"
        rows.append((cost, one["extra"], one["share"] or "none", one["carbon"] or "unknown",
                     slowest))  # fmt: skip
        rows += [("", "", "", "", f"  {moved['flow']} at {moved['site']}: {moved['way']}")
                 for moved in one["moved"][:_MOVED]]  # fmt: skip
        if len(one["moved"]) > _MOVED:
            rows.append(
                ("", "", "", "", f"  and {len(one['moved']) - _MOVED} more decisions differ")
            )
    head = ("cost", "more", "of bound", "CO2e", "slowest flow, and what differs")
    yield "Cost or latency", head, rows
    if all(one["optimal"] for one in document["points"]):
        yield "No other plan is both cheaper and faster", ("",), []
    else:
        yield "Not every plan is proven to cost the least", ("",), [
            ("another that is as fast may cost less, by the gap at most; none is known",)
        ]  # fmt: skip
