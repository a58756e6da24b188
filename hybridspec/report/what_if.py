"""What would differ if the spec or the day were others: findings, claims, placement, cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.units import format_money
from hybridspec.ir.plan import Plan, Residency

SCHEMA = "hybridspec.dev/what-if/v1"


class Outcome(NamedTuple):
    """What a run came to: its findings, and the plan if there is one.

    `rows` are the claims of another run's placement, judged as this one would judge them.
    """

    findings: tuple[Diagnostic, ...]
    plan: Plan | None
    rows: tuple[Residency, ...] | None = None

    @property
    def verdict(self) -> str:
        """`valid` or `invalid`, as `validate` says it."""
        wrong = any(finding.severity is Severity.ERROR for finding in self.findings)
        return "invalid" if wrong or self.plan is None else "valid"

    @property
    def claims(self) -> tuple[Residency, ...] | None:
        """The rows of the matrix that it stands for."""
        return self.plan.residency if self.plan is not None else self.rows


def what_if_document(
    changes: Sequence[str], before: Outcome, after: Outcome, *, spec: str
) -> dict[str, Any]:
    """The differences between two outcomes of one spec."""
    old, new = _findings(before), _findings(after)
    return {
        "schemaVersion": SCHEMA, "spec": spec, "changes": list(changes),
        "verdict": {"before": before.verdict, "after": after.verdict},
        "findings": {
            "appear": [new[key] for key in sorted(set(new) - set(old))],
            "vanish": [old[key] for key in sorted(set(old) - set(new))],
        },
        "judgedOn": "before" if after.plan is None and after.rows is not None else "after",
        "claims": list(_claims(before.claims, after.claims)),
        "placement": list(_placement(before.plan, after.plan)),
        "cost": _cost(before.plan, after.plan),
    }  # fmt: skip


def _findings(outcome: Outcome) -> dict[tuple[str, str, str], dict[str, Any]]:
    found = {}
    for finding in outcome.findings:
        at = finding.span.ref if finding.span else ""
        found[finding.code, at, finding.message] = {
            "code": finding.code, "severity": str(finding.severity), "message": finding.message,
            "at": at or "no line", "help": finding.help,
        }  # fmt: skip
    return found


def _claims(
    before: Sequence[Residency] | None, after: Sequence[Residency] | None
) -> Iterator[dict[str, Any]]:
    """Rows of the matrix whose verdict, countries or reasons differ, where both are known."""
    if before is None or after is None:
        return
    old, new = ({(r.zone, r.asset, r.facet): r for r in rows} for rows in (before, after))
    for key in sorted(set(old) | set(new)):
        one, other = old.get(key), new.get(key)
        if one is None or other is None or _said(one) != _said(other):
            zone, asset, facet = key
            yield {"zone": zone, "asset": asset, "facet": facet, "before": _side(one),
                   "after": _side(other)}  # fmt: skip


def _said(row: Residency) -> tuple[object, ...]:
    return row.verdict, row.countries, row.why, row.obligations


def _side(row: Residency | None) -> dict[str, Any] | None:
    if row is None:
        return None
    return {"verdict": row.verdict, "countries": list(row.countries), "why": row.why,
            "claim": row.id}  # fmt: skip


def _placement(before: Plan | None, after: Plan | None) -> Iterator[dict[str, Any]]:
    if (before is None) != (after is None):
        words = ["placed" if plan is not None else "no placement" for plan in (before, after)]
        yield {"what": "everything", "before": words[0], "after": words[1]}
        return
    old, new = _chosen(before), _chosen(after)
    for what in sorted(set(old) | set(new)):
        one, other = old.get(what, "none"), new.get(what, "none")
        if one != other:
            yield {"what": what, "before": one, "after": other}


def _chosen(plan: Plan | None) -> dict[str, str]:
    if plan is None:
        return {}
    stores = {f"store of zone {s.zone.name}": s.region.label for s in plan.stores}
    flows = {f"{d.flow.name} at {d.site.name}": d.chosen.label for d in plan.decisions}
    return {**stores, **flows}


def _cost(before: Plan | None, after: Plan | None) -> dict[str, str]:
    shown = [format_money(p.cost, p.currency) if p else "no placement" for p in (before, after)]
    if before is None or after is None or before.currency != after.currency:
        return {"before": shown[0], "after": shown[1], "difference": "not comparable"}
    delta = after.cost - before.cost
    sign = "+" if delta > 0 else "-" if delta < 0 else ""
    return {"before": shown[0], "after": shown[1],
            "difference": f"{sign}{format_money(abs(delta), after.currency)}"}  # fmt: skip
