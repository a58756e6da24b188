"""The way out that a finding names really is one: apply it with its amounts, and place again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import replace

from property.decide import decide, decided
from property.graphs import Instance, instance

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.ir.graph import DeviceClass, Flow, Graph, Site
from hybridspec.place.configuration import configurations

SEEDS = 300
NO_AMOUNT = {"HS0415", "HS0301", "HS0310", "HS0315", "HS0321", "HS0603"}
"""Law, geography and unknown figures: nothing that a larger number of anything would cure."""

_UNIT = {
    "kbit/s": 10**3,
    "Mbit/s": 10**6,
    "ms": 1000,
    "s": 10**6,
    "min": 60 * 10**6,
    "h": 3600 * 10**6,
}


def applied(graph: Graph, finding: Diagnostic) -> Graph:
    """The graph with every amount that the finding's help names put into it."""
    text = finding.help
    for number, unit in re.findall(r"raise the bound to (\d+)(ms|s|min|h)\b", text):
        graph = _flows(graph, _flow(finding), _later(int(number) * _UNIT[unit]))
    for number, unit in re.findall(r"raise `bandwidth` to (\d+)(\w+/s)", text):
        graph = _flows(graph, _flow(finding), _wider(int(number) * _UNIT[unit]))
    if "remove `offline`" in text:
        graph = _flows(graph, _flow(finding), lambda flow: replace(flow, offline=0))
    for number, name in re.findall(r"put (\d+) `(\w+)` there", text):
        graph = _sites(graph, _where(finding), name, int(number))
    for number, name in re.findall(r"a board with (\d+) MiB more memory for `(\w+)`", text):
        graph = _classes(graph, name, _roomier(int(number) * 2**20))
    for number, unit, name in re.findall(r"an uplink of (\d+)(\w+/s) for `(\w+)`", text):
        graph = _classes(graph, name, _faster(int(number) * _UNIT[unit]))
    for number, unit in re.findall(r"raise `uplink.shared` to (\d+)(\w+/s)", text):
        graph = _shared(graph, _where(finding), int(number) * _UNIT[unit])
    return graph


def _later(least: int) -> Callable[[Flow], Flow]:
    def change(flow: Flow) -> Flow:
        assert flow.latency is not None
        later = replace(flow.latency, bound=max(flow.latency.bound, least))
        return replace(flow, latency=later)

    return change


def _wider(least: int) -> Callable[[Flow], Flow]:
    return lambda flow: replace(flow, bandwidth=max(flow.bandwidth or least, least))


def _roomier(more: int) -> Callable[[DeviceClass], DeviceClass]:
    return lambda c: replace(c, board=replace(c.board, memory=c.board.memory + more))


def _faster(least: int) -> Callable[[DeviceClass], DeviceClass]:
    return lambda c: replace(c, uplink_bandwidth=max(least, c.uplink_bandwidth))


def _flow(finding: Diagnostic) -> str:
    return re.findall(r"flow `(\w+)`", finding.message)[0]


def _where(finding: Diagnostic) -> set[str]:
    """The sites that the finding names; it names all of them while they are few."""
    assert "more sites" not in finding.message
    text = re.search(r" at ((?:`\w+`(?:, | and )?)+)", finding.message)
    assert text is not None, finding.message
    return set(re.findall(r"`(\w+)`", text[1]))


def _flows(graph: Graph, name: str, change: Callable[[Flow], Flow]) -> Graph:
    return replace(graph, flows=tuple(change(f) if f.name == name else f for f in graph.flows))


def _sites(graph: Graph, names: set[str], device: str, count: int) -> Graph:
    return _each_site(graph, lambda site: replace(site, devices=tuple(
        replace(d, count=max(d.count, count))
        if site.name in names and d.device_class.name == device else d for d in site.devices
    )))  # fmt: skip


def _shared(graph: Graph, names: set[str], least: int) -> Graph:
    return _each_site(graph, lambda site: site if site.line is None or site.name not in names
                      else replace(site, line=max(site.line, least)))  # fmt: skip


def _classes(graph: Graph, name: str, change: Callable[[DeviceClass], DeviceClass]) -> Graph:
    graph = _each_site(graph, lambda site: replace(site, devices=tuple(
        replace(d, device_class=change(d.device_class)) if d.device_class.name == name else d
        for d in site.devices
    )))  # fmt: skip
    return replace(graph, device_classes=tuple(
        change(c) if c.name == name else c for c in graph.device_classes
    ))  # fmt: skip


def _each_site(graph: Graph, change: Callable[[Site], Site]) -> Graph:
    sites = {site.name: change(site) for site in graph.sites}
    flows = tuple(replace(f, sites=tuple(sites[s.name] for s in f.sites)) for f in graph.flows)
    return replace(graph, sites=tuple(sites.values()), flows=flows)


def errors(made: Instance, graph: Graph) -> list[Diagnostic]:
    """The errors of deciding."""
    _, findings = decide(graph, made.table)
    return real(findings)


def first_errors(seed: int) -> list[Diagnostic]:
    """Those of an instance as it was drawn."""
    return real(decided(seed)[1][1])


def real(findings: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Those that are errors."""
    return [finding for finding in findings if finding.severity is Severity.ERROR]


def test_following_the_help_makes_an_instance_feasible() -> None:
    healed = {"alone": 0, "together": 0}
    for seed in range(SEEDS):
        made = instance(seed)
        before = first_errors(seed)
        if not before or {finding.code for finding in before} & NO_AMOUNT:
            continue
        if any("half its disk" in f.message and "put" not in (f.help or "") for f in before):
            continue  # it would take more devices than a spec may state
        graph = made.graph
        for finding in before:
            graph = applied(graph, finding)
        after = errors(made, graph)
        healed["alone"] += not after
        # Flows that now fit alone may still clash; that has a finding of its own, once.
        if after:
            texts = [f"{f.code} {f.message}: {f.help}" for f in (*before, *after)]
            assert {f.code for f in after} == {"HS0401"}, f"seed {seed}: {texts}"
            if any("holds one model at a time" in (f.help or "") for f in after):
                continue  # no amount of anything cures that
            for finding in after:
                graph = applied(graph, finding)
            assert errors(made, graph) == [], f"seed {seed}: {texts}"
            healed["together"] += 1
    assert healed["alone"] > 50
    assert healed["together"] > 0


def test_every_number_is_the_least_that_the_named_placement_needs() -> None:
    tried = 0
    for seed in range(SEEDS):
        made = instance(seed)
        for finding in first_errors(seed):
            numbers = re.findall(r"put (\d+) `", finding.help)
            label = re.search(r"nearest placement \((.*?)\) ", finding.message)
            if len(numbers) != 1 or label is None or "; and " in finding.help:
                continue
            less = finding.help.replace(f"put {numbers[0]} `", f"put {int(numbers[0]) - 1} `")
            graph = applied(made.graph, replace(finding, help=less))
            assert _broken(made, graph, finding, label[1]), f"seed {seed}: {finding.help}"
            assert not _broken(made, applied(made.graph, finding), finding, label[1])
            tried += 1
    assert tried > 10


def _broken(made: Instance, graph: Graph, finding: Diagnostic, label: str) -> bool:
    """Whether the placement of that label breaks a bound at one of the finding's sites."""
    flow = next(f for f in graph.flows if f.name == _flow(finding))
    options = [
        option
        for site in flow.sites if site.name in _where(finding)
        for region in (*graph.regions, None)
        for option in configurations(graph, made.table, site, flow, region)
        if option.label == label and (region is None or region.country in site.zone.countries)
    ]  # fmt: skip
    assert options
    return any({failure.code for failure in option.failures} - {"HS0310"} for option in options)
