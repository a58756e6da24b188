"""Conflicts as data and as text: the lines that clash, and the cheapest ways out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hybridspec.base.units import format_money
from hybridspec.ir.conflict import Conflict, Repair, Verdict
from hybridspec.report.explain import signed
from hybridspec.report.explain_text import Block

SCHEMA = "hybridspec.dev/conflicts/v1"
_SITES = 4


def conflicts_document(
    spec: str, currency: str, verdict: Verdict, others: Sequence[str]
) -> dict[str, Any]:
    """Whether there is a plan, and if not, what clashes and what would help.

    `others` are codes of errors that have nothing to do with where things run.
    """
    return {
        "schemaVersion": SCHEMA, "spec": spec, "question": "why there is no plan",
        "feasible": verdict.feasible,
        "conflicts": [_conflict(one, currency) for one in verdict.conflicts],
        "later": [_conflict(one, currency) for one in verdict.later],
        "otherFindings": list(others),
        "mended": None if verdict.mended is None else format_money(verdict.mended, currency),
    }  # fmt: skip


def _conflict(of: Conflict, currency: str) -> dict[str, Any]:
    return {
        "flows": list(of.flows), "sites": list(of.sites),
        "clash": [{"key": c.key, "says": c.words, "at": c.ref, "law": c.is_law}
                  for c in of.claims],
        "confirmedBy": of.confirmed,
        "repairs": [_repair(repair, currency) for repair in of.repairs],
        "advice": list(of.advice),
    }  # fmt: skip


def _repair(of: Repair, currency: str) -> dict[str, Any]:
    return {
        "changes": list(of.words), "whatIf": list(of.settings),
        "devices": signed(of.devices, currency), "flows": format_money(of.cost, currency),
        "then": list(of.then),
    }  # fmt: skip


def conflict_blocks(document: Mapping[str, Any]) -> Iterator[Block]:
    """What is said about a verdict."""
    if document["feasible"]:
        others = ", ".join(document["otherFindings"])
        yield "There is a plan: nothing clashes", ("",), [
            (f"but the spec has other errors ({others}): run `hybridspec validate`",)
        ] if others else []  # fmt: skip
        return
    for name, title in (("conflicts", ""), ("later", "Once that is repaired: ")):
        for conflict in document[name]:
            yield from _blocks(conflict, title)
    mended = document["mended"]
    yield "All at once", ("",), [(
        f"With the first repair of each, there is a plan for {mended}." if mended else
        "Not all of it has a repair by an amount: see the advice.",
    )]  # fmt: skip


def _blocks(of: Mapping[str, Any], title: str) -> Iterator[Block]:
    names, more = of["sites"][:_SITES], len(of["sites"]) - _SITES
    where = ", ".join(names) + (f" and {more} more sites" if more > 0 else "")
    what = ", ".join(of["flows"]) or "everything"
    alone = len(of["clash"]) == 1
    cannot = "this cannot hold" if alone else "these cannot hold together"
    yield f"{title}{what} at {where}: {cannot}", ("line", "says"), [
        (claim["at"], _said(claim, of["sites"])) for claim in of["clash"]
    ]  # fmt: skip
    rows: list[tuple[str, ...]] = []
    for number, repair in enumerate(of["repairs"], 1):
        rows.append((f"{number}", repair["devices"], repair["flows"],
                     "; and ".join(repair["changes"])))  # fmt: skip
    if rows:
        yield "Ways out, each tried", ("", "devices", "flows then", "change"), rows
    for advice in of["advice"]:
        yield "What helps", ("",), [(advice,)]
    sure = of["confirmedBy"] or "that all cannot is what one engine says, and no other could tell"
    rest = "without this line there is a way" if alone else (
        "without any one of these lines the others can hold")  # fmt: skip
    yield "Proof", ("",), [(f"{rest}; {sure}",)]


def _said(claim: Mapping[str, Any], sites: Sequence[str]) -> str:
    """What a line says; that of one site stands for those of all that are alike."""
    same = len(sites) > 1 and any(f"`{site}`" in claim["says"] for site in sites[:1])
    return f"{claim['says']}, and so at the other{'s' if len(sites) > 2 else ''}" if same else (
        claim["says"])  # fmt: skip
