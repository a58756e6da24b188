"""Decisions in short: one block for all sites of a zone at which a flow runs the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hybridspec.base.units import format_bytes, format_money
from hybridspec.ir.plan import Configuration, Decision
from hybridspec.report.document import busy_text, placement_data
from hybridspec.report.explain_text import Block

Doc = dict[str, Any]
_REJECTED = 12
"""Rejected ways that are shown of several sites at once."""
_NAMED = 8
"""Sites like the first one that are named."""


def short(decisions: Sequence[Decision], currency: str) -> list[Doc]:
    """Placements as they are shown; those that run the same way at sites of a zone are one.

    Where more sites have one, `like` names the others, and figures run from the least to the most
    of all; the legs are those of the slowest.
    """
    alike: dict[tuple[object, ...], list[Decision]] = {}
    for one in decisions:
        device = one.chosen.device.name if one.chosen.device is not None else ""
        key = (one.flow.name, one.site.zone.name, device, one.chosen.hosts, one.chosen.variants)
        alike.setdefault(key, []).append(one)
    return [placement_data(group[0], currency) if len(group) == 1 else _together(group, currency)
            for group in alike.values()]  # fmt: skip


def _together(group: Sequence[Decision], currency: str) -> Doc:
    slowest = max(group, key=_slowness)
    shown = placement_data(slowest, currency)
    latency = shown["latency"]
    if latency is not None and len({_slowness(one) for one in group}) > 1:
        latency["range"] += f" at {slowest.site.name}, the slowest of them"
    chosen = [one.chosen for one in group]
    rejected = list(_rejected(group, slowest))
    runner_up = [(one.runner_up, one.runner_up_delta) for one in group
                 if one.runner_up is not None and one.runner_up_delta is not None]  # fmt: skip
    return {
        **shown,
        "like": [one.site.name for one in group if one is not slowest],
        "country": ", ".join(sorted({one.site.country for one in group})),
        "cost": _range([c.cost for c in chosen], lambda cost: format_money(cost, currency)),
        "busy": _range([c.demand for c in chosen], busy_text),
        "memory": _range([c.memory for c in chosen], format_bytes),
        "runnerUp": next(_dearer(runner_up, len(group), currency), None),
        "dearer": list(_dearer([(way, way.cost - one.chosen.cost) for one in group
                                for way in one.dearer], len(group), currency)),
        "rejected": rejected[:_REJECTED],
        "more": max(0, len(rejected) - _REJECTED),
    }  # fmt: skip


def _slowness(decision: Decision) -> int:
    latency = decision.chosen.latency
    return -1 if latency is None else latency.high


def _range(values: Sequence[int], words: Callable[[int], str]) -> str:
    """The least and the most of all, once if people read the same."""
    least, most = words(min(values)), words(max(values))
    return least if least == most else f"{least} to {most}"


def _dearer(
    ways: Sequence[tuple[Configuration, int]], sites: int, currency: str
) -> Iterator[Doc]:  # fmt: skip
    """Ways that would do with what they cost more, those of most sites first."""
    found: dict[str, list[int]] = {}
    for way, extra in ways:
        found.setdefault(way.label, []).append(extra)
    for label, extras in sorted(found.items(), key=lambda pair: -len(pair[1])):
        yield {"placement": label + _at(len(extras), sites),
               "extra": _range(extras, lambda extra: format_money(extra, currency))}  # fmt: skip


def _rejected(group: Sequence[Decision], slowest: Decision) -> Iterator[Doc]:
    """Each rejected way once; reasons that differ are those of a site that is named."""
    found: dict[str, list[tuple[str, Any]]] = {}
    for one in (slowest, *(other for other in group if other is not slowest)):
        for label, reasons in {c.label: c.failures for c in one.rejected}.items():
            found.setdefault(label, []).append((one.site.name, reasons))
    for label, told in found.items():
        site, failures = told[0]
        differ = any(others != failures for _, others in told)
        words = f"; the reasons at {site} are" if differ else ""
        yield {"placement": label + _at(len(told), len(group)) + words,
               "reasons": [{"code": f.code, "message": f.message, "remedy": f.remedy}
                           for f in failures]}  # fmt: skip


def _at(count: int, sites: int) -> str:
    return "" if count == sites else f" (at {count} of {sites} sites)"


def title(placement: Mapping[str, Any]) -> str:
    """The flow with the site, or the number of sites."""
    like = placement.get("like", ())
    if not like:
        return f"{placement['flow']} at {placement['site']} ({placement['country']})"
    word = "site" if len(like) == 1 else "sites"
    return (f"{placement['flow']} at {placement['site']} and {len(like)} {word} like it "
            f"({placement['country']}; zone {placement['zone']})")  # fmt: skip


def lines(placement: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What was chosen, what it costs, and every other way with its reasons; each with a style."""
    like = placement.get("like", ())
    if like:
        more = f" and {len(like) - _NAMED} more" if len(like) > _NAMED else ""
        yield f"  the same at {', '.join(like[:_NAMED])}{more}", ""
    for host in placement["hosts"]:
        yield f"  {host['stage']} runs on {host['host']} ({host['kind']})", ""
    latency = placement["latency"]
    if latency:
        yield f"  latency to {latency['to']}: {latency['range']}, bound {latency['bound']}", ""
        for leg in latency["legs"]:
            yield f"    {leg['name']}: {leg['range']} ({leg['basis']})", ""
    yield (f"  cost {placement['cost']}{' each' if like else ''}; devices busy "
           f"{placement['busy']}; memory {placement['memory']}", "")  # fmt: skip
    if placement["runnerUp"]:
        up = placement["runnerUp"]
        yield f"  runner-up: {up['placement']}, {up['extra']} dearer", ""
    for other in placement["dearer"]:
        yield f"  admissible: {other['placement']}, {other['extra']} dearer", ""
    for other in placement["rejected"]:
        yield f"  rejected: {other['placement']}", "dim"
        for reason in other["reasons"]:
            yield f"    {reason['code']}: {reason['message']}", ""
            yield f"      would help: {reason['remedy']}", ""
    if placement.get("more"):
        yield (f"  and {placement['more']} more ways are rejected, which `--site "
               f"{placement['site']}` shows", "")  # fmt: skip


def blocks(placements: Sequence[Mapping[str, Any]]) -> Iterator[Block]:
    """The same for Markdown."""
    for placement in placements:
        yield title(placement), ("",), [(text.strip(),) for text, _ in lines(placement)]
