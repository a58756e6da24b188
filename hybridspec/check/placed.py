"""What policies that only warn say about a plan: one warning per policy and zone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hybridspec.base.diagnostic import About, Diagnostic, Severity
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Residency
from hybridspec.ir.verdict import Reason
from hybridspec.law.policy import names_places

_SHOWN = 4


def advice(graph: Graph, rows: Sequence[Residency]) -> Iterator[Diagnostic]:
    """The obligations that such policies leave open, at the policy."""
    policies = {policy.id: policy for policy in graph.policies
                if not policy.strict and names_places(policy)}  # fmt: skip
    found: dict[tuple[str, str], list[tuple[Residency, Reason]]] = {}
    for row in rows if policies else ():
        for reason in row.certificate.reasons if row.certificate else ():
            if reason.rule in policies and reason.verdict != "satisfied":
                found.setdefault((reason.rule, row.zone), []).append((row, reason))
    for (rule, zone), cases in sorted(found.items()):
        policy, texts = policies[rule], dict.fromkeys(reason.text for _, reason in cases)
        places = list(dict.fromkeys(f"{row.facet} of {row.asset}" for row, _ in cases))
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        yield Diagnostic(
            code="HS0351", severity=Severity.WARNING, span=policy.origin,
            message=f"zone `{zone}`, {', '.join(places[:_SHOWN])}{more}: "
            f"{'; '.join(list(texts)[:_SHOWN])}",
            help=policy.remediation or "use something else, or narrow "
            f"`policies.{policy.name}.applies_to`",
            about=About(rule=rule, countries=tuple(sorted({
                country for _, reason in cases for country in reason.countries}))),
        )  # fmt: skip
