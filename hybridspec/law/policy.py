"""What the policies of a spec say about a label at a place: they forbid or warn, never allow.

The reasons of a policy are met with those of walls and regimes, so that whatever a policy says,
nothing is allowed that was not allowed before.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Graph
from hybridspec.ir.label import Label
from hybridspec.ir.law import STATED_ONLY
from hybridspec.ir.verdict import Obligation, Place, Reason, Verdict
from hybridspec.ir.zone import Zone
from hybridspec.law.condition import claim
from hybridspec.law.regime import countries_of, known


class Said(NamedTuple):
    """What one policy says: a reason, and what is open if it only warns."""

    reason: Reason
    obligation: Obligation | None = None


def policies(graph: Graph, label: Label, facet: str, place: Place) -> Iterator[Said]:
    """One saying per policy that binds the label and is about the facet."""
    for policy in sorted(graph.policies, key=lambda policy: policy.name):
        if policy.speaks_of(facet) and binds(policy, label):
            yield say(graph, policy, label, facet, place)


def binds(policy: Policy, label: Label) -> bool:
    """Whether any of what the label follows may be what the policy is about."""
    regimes = {bound.regime for bound in label.regimes}
    return (not policy.regimes or not regimes.isdisjoint(policy.regimes)) and any(
        policy.binds(zone, category)
        for zone in label.born | label.zones or {""} for category in label.categories or {""}
    )  # fmt: skip


def say(graph: Graph, policy: Policy, label: Label, facet: str, place: Place) -> Said:
    """What a policy that binds it says about a label at a place."""
    broken, unknown, countries = _broken(graph, policy, label, facet, place)
    verdict = Verdict.VIOLATED if broken else Verdict.GAP if unknown else Verdict.SATISFIED
    text = "; ".join(broken or unknown)
    if policy.condition is not None and verdict is not Verdict.SATISFIED:
        decided = policy.condition.decide(claim(label, facet, place))
        if decided is False:
            verdict, text = Verdict.SATISFIED, ""
        elif decided is not True:
            verdict, text = Verdict.GAP, f"its condition cannot be decided: {decided}"
    return _said(policy, verdict, text, countries, facet, place)


def _said(
    policy: Policy, verdict: Verdict, text: str, countries: tuple[str, ...], facet: str,
    place: Place,
) -> Said:  # fmt: skip
    if verdict is Verdict.SATISFIED:
        words = f"policy `{policy.name}` does not forbid it"
        where = countries_of(facet, place)
        return Said(Reason(rule=policy.id, verdict=verdict, text=words, countries=where,
                           origin=policy.origin))  # fmt: skip
    words = f"policy `{policy.name}`: {text} ({policy.reason})"
    if verdict is Verdict.VIOLATED and policy.message:
        words = worded(policy, facet=facet, countries=countries, place=place.name, what=text)
    if policy.strict:
        return Said(Reason(rule=policy.id, verdict=verdict, text=words, countries=countries,
                           origin=policy.origin))  # fmt: skip
    return Said(
        Reason(rule=policy.id, verdict=Verdict.CONDITIONAL, text=words, countries=countries,
               origin=policy.origin),
        Obligation(rule=policy.id, text=words),
    )  # fmt: skip


def _broken(
    graph: Graph, policy: Policy, label: Label, facet: str, place: Place
) -> tuple[list[str], list[str], tuple[str, ...]]:
    """What a policy forbids of a claim, what it cannot tell, and the countries at fault.

    As with a zone, its countries are about people and metadata only where it names that facet.
    """
    where = countries_of(facet, place)
    broken, unknown = _whose(policy, place)
    named = facet not in STATED_ONLY or facet in policy.facets
    hit = tuple(country for country in where if country in policy.countries and named)
    if hit:
        broken.append(f"{', '.join(hit)} is forbidden")
    elif policy.countries and named and not known(where):
        unknown.append("nobody states the countries")
    broken += [f"`{region}` is forbidden" for region in policy.regions if _is_in(place, region)]
    for zone in graph.zones:
        if zone.name in label.born | label.zones and (
            not policy.zones or zone.name in policy.zones
        ):
            broken += [f"zone `{zone.name}` demands no {lack}"
                       for lack in lacking(policy, zone, graph.as_of)]  # fmt: skip
    if is_bare(policy):
        broken.append("its condition is true of it")
    return broken, unknown, hit


def _is_in(place: Place, region: str) -> bool:
    """Whether a place is a region, or something of one that its name tells."""
    name, whole = f"{place.name}:", f"region {region}:"
    return name == f"{region}:" or name.startswith(whole) or name.endswith(f" {whole}")


def _whose(policy: Policy, place: Place) -> tuple[list[str], list[str]]:
    """What is forbidden, and what nobody states, of who holds it."""
    broken, unknown = [], []
    for names, value, what in (
        (policy.operators, place.operator or "", "an operator under the law of"),
        (policy.partitions, place.partition, "partition"),
    ):
        if names and value in names:
            broken.append(f"{what} {value} is forbidden")
        elif names and not value and place.recipient != "own":
            unknown.append(f"nobody states {what}")
    return broken, unknown


def insists(policy: Policy, facet: str) -> bool:
    """Whether it wants to know, rather than forbid what is known.

    A policy about countries alone, which names no facet, leaves gaps to those who state facets; a
    condition that cannot be decided was never kept.
    """
    knows = (policy.condition, policy.operators, policy.partitions)
    return policy.strict and (facet in policy.facets or any(knows))


def names_places(policy: Policy) -> bool:
    """Whether it speaks of places, and not only of what zones demand."""
    return policy.condition is not None or _forbids(policy)


def _forbids(policy: Policy) -> bool:
    return any(
        (policy.countries, policy.regions, policy.boards, policy.operators, policy.partitions)
    )


def is_bare(policy: Policy) -> bool:
    """Whether the condition alone is what it forbids."""
    return policy.condition is not None and not _forbids(policy) and not any(
        (policy.requires.device_trust, policy.requires.controls, policy.requires.evidence,
         policy.requires.key_protection)
    )  # fmt: skip


def lacking(policy: Policy, zone: Zone, as_of: str) -> list[str]:
    """What a policy requires that a zone does not demand; the zone's own checks prove the rest."""
    wanted = policy.requires
    kinds = zone.shown(as_of)
    missing = [
        *(f"`{name}` in `device_trust`" for name in wanted.device_trust
          if name not in zone.device_trust),
        *(f"`{name}` in `controls`" for name in wanted.controls if name not in zone.controls),
        *(f"document `{kind}` in `evidence`" for kind in wanted.evidence if kind not in kinds),
    ]  # fmt: skip
    if wanted.key_protection == "hsm" and zone.key_protection != "hsm":
        missing.append("`protection: hsm` in `keys`")
    return missing


PLACEHOLDERS = ("policy", "zone", "facet", "countries", "place", "what")


def worded(
    policy: Policy, *, zone: str = "", facet: str = "", countries: tuple[str, ...] = (),
    place: str = "", what: str,
) -> str:  # fmt: skip
    """The policy's own message with its placeholders filled; braces in values stay as they are."""
    values = {"policy": policy.name, "zone": zone, "facet": facet, "place": place, "what": what,
              "countries": ", ".join(countries)}  # fmt: skip
    parts = policy.message.split("{")
    text = parts[0]
    for part in parts[1:]:
        name, closed, rest = part.partition("}")
        text += values.get(name, "") + rest if closed else "{" + part
    return text
