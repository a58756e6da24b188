"""Which waiver answers for a claim about where data is, or for a finding.

A waiver accepts what nobody knows, or what is untidy; it never accepts what is broken. Whoever
asks says which rule is in doubt, and gets the waiver or nothing: only `law.waiver.waive`, which
touches gaps alone, turns a verdict.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date, timedelta

from hybridspec.base.codes import CODES
from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.base.source import Span
from hybridspec.ir.governance import Waiver
from hybridspec.ir.graph import Graph
from hybridspec.ir.verdict import Permission, Reason, Verdict, meet

LAW_UNKNOWN = "HS0332"
"""The finding about people in a country whose law nobody knows."""
_UNKNOWN = "unknown:"
TEMPORARY = 184
"""Days after `as_of` by which a temporary waiver ends: half a year."""
_SECTIONS = frozenset((
    "clouds", "data", "devices", "flows", "models", "policies", "site_tables", "sites", "stacks",
    "zones",
))  # fmt: skip


def waived(
    graph: Graph, rule: str, zone: str, facet: str, country: str | None,
    assets: Collection[str] = (),
) -> Waiver | None:  # fmt: skip
    """The waiver that answers for a claim, if there is one.

    `rule` is a code or a stable id, `country` the one in doubt, None where nobody knows which;
    `assets` are data of the spec that the claim is about, for waivers that stand at one.
    """
    return next(
        (waiver for waiver in graph.waivers
         if waiver.rule == rule and fault(waiver, graph.as_of) is None
         and waiver.facet in (None, facet)
         and (country in waiver.countries if country else not waiver.countries)
         and _stands(graph, waiver, zone, facet, assets)),
        None,
    )  # fmt: skip


def _stands(graph: Graph, waiver: Waiver, zone: str, facet: str, assets: Collection[str]) -> bool:
    """Whether its path is the zone, the facet of the zone, or one of the assets.

    That nobody knows a country's law is waived asset by asset, before anything is placed; what
    was made of an asset may be anywhere by then.
    """
    parts = waiver.path.split(".")
    if parts[0] == "zones":
        return parts[1:] in ([zone], [zone, "facets", facet])
    if parts[0] != "data" or len(parts) != 2:
        return False
    people = waiver.rule == LAW_UNKNOWN or waiver.rule.startswith(_UNKNOWN)
    return parts[1] in assets or (people and any(d.name == parts[1] for d in graph.data))


def waive(
    graph: Graph, permission: Permission, zone: str, facet: str, *, code: str,
    assets: Collection[str] = (),
) -> Permission:  # fmt: skip
    """The same permission with its gaps waived where somebody answers for all of one.

    A waiver names `code` or the rule of the reason. Nothing but a gap ever changes.
    """
    if permission.verdict is not Verdict.GAP:
        return permission
    reasons = tuple(
        _waive(graph, reason, zone, facet, code, assets) for reason in permission.reasons
    )
    return replace(permission, verdict=meet(*(r.verdict for r in reasons)), reasons=reasons)


def _waive(
    graph: Graph, reason: Reason, zone: str, facet: str, code: str, assets: Collection[str]
) -> Reason:
    if reason.verdict is not Verdict.GAP:
        return reason
    found: list[Waiver] = []
    codes = (reason.rule, LAW_UNKNOWN if reason.rule.startswith(_UNKNOWN) else code)
    for country in reason.countries or (None,):
        asked = (waived(graph, rule, zone, facet, country, assets) for rule in codes)
        match = next((waiver for waiver in asked if waiver is not None), None)
        if match is None:
            return reason
        found.append(match)
    named = sorted({f"{w.id} until {w.expires} by {w.approver}: {w.reason}" for w in found})
    return replace(
        reason, verdict=Verdict.WAIVED, text=f"{reason.text}; waived ({'; '.join(named)})",
        waived_by=tuple(sorted({w.id for w in found})),
        until=min([w.expires for w in found] + ([reason.until] if reason.until else [])),
    )  # fmt: skip


def fault(waiver: Waiver, as_of: str) -> tuple[str, str] | None:
    """What is wrong with a waiver whatever is found, and the way out."""
    code = CODES.get(waiver.rule)
    if code is None and ":" not in waiver.rule:
        return "names no rule", "`hybridspec rules` lists them"
    if code is not None and not code.waivable:
        listed = ", ".join(name for name, row in sorted(CODES.items()) if row.waivable)
        return "names a rule that cannot be waived", f"repair it; these can be waived: {listed}"
    if waiver.expires < as_of:
        return f"expired on {waiver.expires}", "repair what it waives, or have it approved again"
    if waiver.at is None:
        return (f"is about `{waiver.path}`, which the spec does not have",
                "write the path of a thing, such as `devices.line-server`")  # fmt: skip
    if waiver.path in _SECTIONS:
        return (f"is about all of `{waiver.path}`, whatever is added to it",
                f"write the path of one thing, such as `{waiver.path}.name`")  # fmt: skip
    return _unowned(waiver, error=code is None or code.severity == "error") or _untyped(
        waiver, as_of
    )


def _unowned(waiver: Waiver, *, error: bool) -> tuple[str, str] | None:
    """An error takes two people and a record; a warning takes one."""
    if not error:
        return None
    missing = [key for key in ("owner", "ticket") if not getattr(waiver, key)]
    if missing:
        return (f"states no {' and no '.join(missing)}, which an error takes",
                f"add {' and '.join(f'`{key}`' for key in missing)}")  # fmt: skip
    if waiver.owner.strip().casefold() == waiver.approver.strip().casefold():
        return ("was approved by its own owner", "have somebody else approve it")
    return None


def _untyped(waiver: Waiver, as_of: str) -> tuple[str, str] | None:
    if waiver.type == "mitigated-elsewhere" and not waiver.ticket:
        return ("says that something else mitigates it and not where",
                "add the `ticket` that says where")  # fmt: skip
    last = (date.fromisoformat(as_of) + timedelta(days=TEMPORARY)).isoformat()
    if waiver.type == "temporary" and waiver.expires > last:
        return (f"is temporary and holds until {waiver.expires}",
                f"write an `expires` of {last} or earlier, or another `type`")  # fmt: skip
    return None


def answers(waiver: Waiver, finding: Diagnostic) -> bool:
    """Whether a waiver answers for a finding: same rule, place, facet and all its countries."""
    code, about = CODES[finding.code], finding.about
    return (
        bool(code.waivable)
        and waiver.rule in (finding.code, about.rule)
        and finding.severity is not Severity.NOTE
        and waiver.facet == (about.facet or None)
        and (set(about.countries) <= set(waiver.countries)
             and bool(about.countries) == bool(waiver.countries))
        and finding.span is not None
        and waiver.at is not None
        and _within(finding.span, waiver.at)
    )  # fmt: skip


def _within(inner: Span, outer: Span) -> bool:
    return inner.file == outer.file and (
        (outer.line, outer.column) <= (inner.line, inner.column)
        and (inner.line, inner.column) <= (outer.end_line, outer.end_column)
    )
