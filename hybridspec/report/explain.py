"""Explanations as data: what was chosen, what else there is, and what would flip it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hybridspec.base.units import format_amount, format_duration, format_money
from hybridspec.ir.explanation import (
    Binding,
    Candidate,
    Explanation,
    Flip,
    Indicator,
    Slack,
    ZoneExplanation,
)
from hybridspec.ir.plan import Configuration, CostTerm, Failure, Leg, Plan

SCHEMA = "hybridspec.dev/explanation/v1"


def explanation_document(
    question: str, spec: str, plan: Plan, found: Sequence[Explanation]
) -> dict[str, Any]:
    """The answer to one question about a plan."""
    return {
        "schemaVersion": SCHEMA, "spec": spec, "question": question,
        "plan": plan_data(plan),
        "decisions": [decision_data(one, plan.currency) for one in found],
    }  # fmt: skip


def plan_data(plan: Plan) -> dict[str, Any]:
    """The cost of the whole plan with its proof."""
    return {
        "cost": format_money(plan.cost, plan.currency), "optimal": plan.gap == 0,
        "gap": format_money(plan.gap, plan.currency), "horizon": format_duration(plan.horizon),
        "stopped": plan.stopped,
    }  # fmt: skip


def decision_data(of: Explanation, currency: str) -> dict[str, Any]:
    """One decision with everything about it."""
    decision = of.decision
    second = decision.second()
    return {
        "flow": decision.flow.name, "sites": list(of.sites), "zone": decision.site.zone.name,
        "country": decision.site.country,
        "chosen": {
            **_candidate(of.chosen, currency),
            "cost": format_money(decision.chosen.cost, currency),
            "terms": [term_data(term, currency) for term in decision.chosen.terms],
            "latency": None if decision.chosen.latency is None
            else format_duration(decision.chosen.latency.high),
            "legs": [_leg(leg) for leg in decision.chosen.legs],
        },
        "runnerUp": None if second is None
        else {"way": way_text(second.option), "placement": second.option.label,
              "extra": format_money(second.delta, currency), "searched": second.exact},
        "binding": [_binding(one, currency) for one in of.bindings],
        "flips": [flip_data(one, currency) for one in of.flips],
        "flipsEndedAt": of.ended,
        "candidates": [_candidate(one, currency) for one in of.others],
        "checklist": checklist_data(of.checklists),
    }  # fmt: skip


def zone_document(question: str, spec: str, plan: Plan, of: ZoneExplanation) -> dict[str, Any]:
    """Where the store of a zone is, and why."""
    currency, store = plan.currency, of.store
    return {
        "schemaVersion": SCHEMA, "spec": spec, "question": question, "plan": plan_data(plan),
        "zone": {
            "name": of.zone, "sites": of.sites, "flows": of.flows,
            "store": store.region.label if store is not None else "",
            "country": store.region.country if store is not None else "",
            "terms": [term_data(t, currency) for t in store.terms] if store is not None else [],
            "regions": [
                {"region": one.region, "country": one.country,
                 "extra": None if one.extra is None else signed(one.extra, currency),
                 "reasons": [{"code": code, "message": words} for code, words in one.reasons]}
                for one in of.places
            ],
            "flips": [flip_data(one, currency) for one in of.flips],
            "flipsEndedAt": of.ended,
        },
    }  # fmt: skip


def checklist_data(
    found: Iterable[tuple[str, Sequence[Indicator]]],
) -> list[dict[str, Any]]:
    """The eight items of each model."""
    return [
        {"model": model, "items": [
            {"item": one.item, "indicator": one.indicator, "figure": one.figure,
             "points": one.points, "decides": one.decides}
            for one in items
        ]}
        for model, items in found
    ]  # fmt: skip


def way_text(way: Configuration) -> str:
    """A way in few words: host by host its stages, then the variants of its models.

    The host of the first stage comes first.
    """
    hosts: dict[str, list[str]] = {}
    for stage, host in way.hosts:
        hosts.setdefault(host.label, []).append(stage)
    parts = [f"{host}: {' '.join(stages)}" for host, stages in hosts.items()]
    if way.device is not None and way.device.name not in hosts:
        parts.append(f"via {way.device.name}")
    parts += [f"{model} {variant}" for model, variant in way.variants]
    return "; ".join(parts)


def term_data(term: CostTerm, currency: str) -> dict[str, Any]:
    """A named amount with its inputs."""
    return {"name": term.name, "amount": format_money(term.amount, currency),
            "inputs": term.inputs}  # fmt: skip


def _leg(leg: Leg) -> dict[str, Any]:
    at = leg.estimate
    return {"name": leg.name, "kind": leg.kind, "low": format_duration(at.low),
            "high": format_duration(at.high), "basis": at.basis}  # fmt: skip


def _candidate(of: Candidate, currency: str) -> dict[str, Any]:
    return {
        "way": way_text(of.way), "placement": of.way.label, "state": of.state,
        "extra": signed(of.extra, currency),
        "failures": [_failure(failure) for failure in of.way.failures],
        "slack": [_slack(slack) for slack in of.slacks],
    }  # fmt: skip


def _failure(failure: Failure) -> dict[str, Any]:
    return {
        "code": failure.code, "message": failure.message, "remedy": failure.remedy,
        "over": format_amount(failure.excess, failure.unit) if failure.unit else "",
        "excess": failure.excess, "unit": failure.unit,
    }  # fmt: skip


def _slack(slack: Slack) -> dict[str, Any]:
    return {
        "code": slack.code, "what": slack.what, "used": format_amount(slack.used, slack.unit),
        "limit": format_amount(slack.limit, slack.unit),
        "left": format_amount(slack.left, slack.unit), "key": slack.key, "at": slack.ref,
        "withOthers": slack.with_others,
    }  # fmt: skip


def flip_data(flip: Flip, currency: str) -> dict[str, Any]:
    """The smallest change of one value that changes the decision."""
    return {
        "what": flip.words, "now": flip.now, "then": flip.then,
        "becomes": way_text(flip.way) if flip.way is not None else flip.becomes or "",
        "costs": signed(-flip.saving, currency) if flip.becomes and not flip.others_fail else "",
        "othersFail": flip.others_fail, "whatIf": flip.setting,
        "at": flip.ref,
    }  # fmt: skip


def _binding(of: Binding, currency: str) -> dict[str, Any]:
    return {
        "code": of.code, "what": of.what, "saving": format_money(of.saving, currency),
        "per": f"{format_money(of.shadow, currency)}/{of.unit}" if of.unit else "", "at": of.ref,
    }  # fmt: skip


def signed(micro: int, currency: str) -> str:
    """An amount that is more (+) or less (-) than another."""
    return ("+" if micro > 0 else "") + format_money(micro, currency)
