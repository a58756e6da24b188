"""What policies that only warn say about a plan: their obligations, as findings at the policy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hybridspec.base.diagnostic import About, Diagnostic, Severity
from hybridspec.ir.graph import Graph
from hybridspec.ir.plan import Residency
from hybridspec.law.policy import names_places


def advice(graph: Graph, rows: Sequence[Residency]) -> Iterator[Diagnostic]:
    """One warning per policy, zone and facet; what check has said of sites is not repeated."""
    policies = {policy.id: policy for policy in graph.policies
                if not policy.strict and names_places(policy)}  # fmt: skip
    for row in rows if policies else ():
        for reason in row.certificate.reasons if row.certificate else ():
            policy = policies.get(reason.rule)
            if policy is None or reason.verdict == "satisfied":
                continue
            yield Diagnostic(
                code="HS0351", severity=Severity.WARNING, span=policy.origin,
                message=f"{row.asset} of zone `{row.zone}`, facet `{row.facet}`: {reason.text}",
                help=policy.remediation or "use something else, or narrow "
                f"`policies.{policy.name}.applies_to`",
                about=About(rule=policy.id, facet=row.facet, countries=reason.countries),
            )  # fmt: skip
