"""The cost section of the report: every term with its inputs, and sums by group and side."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, get_args

from hybridspec.base.units import format_duration, format_money
from hybridspec.ir.plan import CostGroup, CostTerm, Plan

GROUPS: tuple[CostGroup, ...] = get_args(CostGroup)
_SHARED: dict[CostGroup, str] = {
    "capex": "the devices that stand at the sites",
    "energy": "power that they draw in any case",
    "network": "their connections",
    "cloud": "services of the zones' regions",
    "storage": "what the zones keep in any case",
    "updates": "releases to the devices",
    "upkeep": "spares, failures and visits",
}
"""What is paid for whatever each flow does, in words."""
_CENT = 10_000


def cost(plan: Plan) -> dict[str, Any]:
    """What the plan costs, what proves it, and what it is made of."""
    terms = list(_terms(plan))
    return {
        "total": format_money(plan.cost, plan.currency),
        "bound": format_money(plan.bound, plan.currency),
        "gap": format_money(plan.gap, plan.currency),
        "optimal": plan.gap == 0,
        "proof": _proof(plan),
        "horizon": format_duration(plan.horizon),
        "groups": [_sum(group, [t for _, t in terms if t.group == group], plan.currency)
                   for group in GROUPS] + [_sum("total", [t for _, t in terms], plan.currency)],
        "parts": list(_parts(plan)),
        "terms": [{"name": name, "group": term.group, "side": term.side,
                   "amount": format_money(term.amount, plan.currency), "inputs": term.inputs}
                  for name, term in sorted(terms, key=lambda row: (-row[1].amount, row[0]))],
    }  # fmt: skip


def _proof(plan: Plan) -> str:
    if plan.gap == 0:
        return "every combination was searched in exact integers"
    return "bound proven by relaxation" + ("; the search was ended early" if plan.stopped else "")


def _terms(plan: Plan) -> Iterator[tuple[str, CostTerm]]:
    """Every term under a name that says whose it is."""
    for term in plan.fixed:
        yield term.name, term
    for store in plan.stores:
        for term in store.terms:
            yield f"{store.zone.name}: {term.name}", term
    for decision in plan.decisions:
        for term in decision.chosen.terms:
            yield f"{decision.flow.name} at {decision.site.name}: {term.name}", term


def _parts(plan: Plan) -> Iterator[dict[str, str]]:
    """The flows, and what they share by group: amounts that add up to the total, to the cent."""
    shared = [*plan.fixed, *(term for store in plan.stores for term in store.terms)]
    amounts = [("flows", "the costs of all decisions", sum(d.chosen.cost for d in plan.decisions))]
    amounts += [(group, _SHARED[group], sum(t.amount for t in shared if t.group == group))
                for group in GROUPS]  # fmt: skip
    so_far = 0
    for part, what, amount in amounts:
        before, so_far = _cents(so_far), so_far + amount
        if shown := _cents(so_far) - before:
            yield {"part": part, "what": what, "amount": format_money(shown, plan.currency)}


def _cents(micro: int) -> int:
    return round(Fraction(micro, _CENT)) * _CENT


def _sum(group: str, terms: list[CostTerm], currency: str) -> dict[str, str]:
    """What a group costs at the sites, in the clouds and together."""
    edge = sum(term.amount for term in terms if term.side == "edge")
    every = sum(term.amount for term in terms)
    return {"group": group, "edge": format_money(edge, currency),
            "cloud": format_money(every - edge, currency),
            "total": format_money(every, currency)}  # fmt: skip
