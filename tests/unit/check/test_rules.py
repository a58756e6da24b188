"""Every rule on graphs: what it flags, what it leaves alone, and that its way out is one."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from property.graphs import (
    alert,
    data,
    device,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    stage,
    store,
    training,
    zone,
)

from hybridspec.base.diagnostic import Diagnostic, Severity, Sink
from hybridspec.base.units import DAY, HOUR, parse_duration
from hybridspec.check.rule import RULES, check
from hybridspec.check.rules.freeze_window_too_short import freeze_window_too_short
from hybridspec.check.rules.no_region import no_region
from hybridspec.check.rules.retention_exceeded import retention_exceeded
from hybridspec.check.rules.rollout_incomplete import rollout_incomplete
from hybridspec.check.rules.transfer_unproven import transfer_unproven
from hybridspec.check.rules.unused_declaration import unused_declaration
from hybridspec.ir.graph import Graph, Stage, Zone
from hybridspec.law.facts import members
from hybridspec.load.facts import shipped_facts

FRAMES = data()
GATEWAY = device()
EEA = tuple(sorted(members(shipped_facts(), "EEA")))


def one(*stages: Stage, of: Zone | None = None, **fields: object) -> Graph:
    """A graph of one flow at one site."""
    lab = site("lab", of or zone(), (GATEWAY, 1))
    return graph(flow("watch", FRAMES, (lab,), *(stages or (stage("scale", "frames"),))), **fields)  # type: ignore[arg-type]


def texts(found: list[Diagnostic]) -> str:
    """Messages and ways out."""
    return "; ".join(f"{finding.message} | {finding.help}" for finding in found)


# HS0308


@pytest.mark.parametrize(
    ("validity", "flagged"), [(0, True), (3 * DAY, True), (3 * DAY + 1, False)]
)
def test_update_metadata_outlasts_the_longest_absence(validity: int, flagged: bool) -> None:
    of = replace(one(of=zone(courier_delay=2 * DAY)), update_validity=validity)
    of = replace(of, device_classes=(replace(GATEWAY, max_offline=DAY),))
    found = list(freeze_window_too_short(of))
    assert bool(found) == flagged
    for finding in found:
        days = re.search(r"validity: (P\d+D)", finding.help)
        assert days is not None
        healed = replace(of, update_validity=parse_duration(days[1]))
        assert list(freeze_window_too_short(healed)) == []


def test_every_class_that_outlasts_the_validity_is_named() -> None:
    classes = tuple(device(name, max_offline=9 * DAY) for name in ("a", "b"))
    of = replace(one(), device_classes=(*classes, GATEWAY), update_validity=8 * DAY)
    assert [f.message.split("`")[1] for f in freeze_window_too_short(of)] == ["a", "b"]


# HS0310


def test_a_store_or_training_needs_a_region_in_its_zone() -> None:
    learnt = infer("see", model(training=training()), "frames")
    for kept in (store("keep", "frames"), learnt):
        for regions, flagged in (((), True), ((region(),), False), ((region("x", "US"),), True)):
            assert bool(list(no_region(one(kept, regions=regions)))) == flagged


def test_nothing_in_the_cloud_needs_no_region() -> None:
    assert list(no_region(one(infer("see", model(), "frames"), alert("tell", "see")))) == []


def test_every_zone_needs_a_region_of_its_own() -> None:
    sites = tuple(site(f"s-{c.lower()}", zone(c.lower(), c), (GATEWAY, 1)) for c in ("DE", "US"))
    of = graph(flow("w", FRAMES, sites, store("keep", "frames")), regions=(region("x", "US"),))
    (finding,) = no_region(of)
    assert "zone `de`" in finding.message


# HS0305


@pytest.mark.parametrize(
    ("kept", "limit", "flagged"),
    [(None, None, False), (None, DAY, False), (DAY, None, False), (DAY, DAY, False),
     (DAY + 1, DAY, True), (HOUR, None, True), (None, HOUR, True), (HOUR, DAY, True)],
)  # fmt: skip
def test_a_store_keeps_data_no_longer_than_its_zone_allows(
    kept: int | None, limit: int | None, flagged: bool
) -> None:
    of = one(store("keep", "frames", retention=kept), of=zone(retention=limit))
    assert bool(list(retention_exceeded(of))) == flagged


def test_the_strictest_of_several_zones_decides() -> None:
    loose, strict = zone("loose", "DE", retention=30 * DAY), zone("strict", "FR", retention=DAY)
    sites = (site("a", loose, (GATEWAY, 1)), site("b", strict, (GATEWAY, 1)))
    of = graph(flow("w", FRAMES, sites, store("keep", "frames", retention=9 * DAY)))
    (finding,) = retention_exceeded(of)
    assert "`strict`" in finding.message
    written = re.search(r"retention: (\S+)`", finding.help)
    assert written is not None
    assert parse_duration(written[1]) == DAY


# HS0309


@pytest.mark.parametrize(("percent", "flagged"), [(99, True), (100, False)])
def test_the_last_cohort_is_everybody(percent: int, flagged: bool) -> None:
    of = one()
    last = replace(of.cohorts[0], percent=percent)
    assert bool(list(rollout_incomplete(replace(of, cohorts=(last,))))) == flagged


# HS0311


@pytest.mark.parametrize(
    ("countries", "flagged"),
    [(EEA, False), (("DE",), False), ((*EEA, "CH"), False), (("DE", "GB"), False),
     (("FR", "GF"), False), (("FR", "NC"), True), (("NO", "SJ"), True), (("US",), True),
     (("AT", "BR"), False), (("DE", "IN"), True)],
)  # fmt: skip
def test_a_zone_under_the_gdpr_stays_where_it_or_a_decision_holds(
    countries: tuple[str, ...], flagged: bool
) -> None:
    of = one(of=zone("z", *countries, regimes=("gdpr",)))
    found = list(transfer_unproven(of))
    assert bool(found) == flagged
    assert {finding.code for finding in found} <= {"HS0311"}


def test_other_zones_may_hold_what_they_list() -> None:
    assert list(transfer_unproven(one(of=zone("z", "DE", "US")))) == []
    assert list(transfer_unproven(one(of=zone("z", "US")))) == []


@pytest.mark.parametrize(
    ("countries", "home", "flagged"),
    [(("DE", "US"), "DE", True), (("DE", "US"), "US", False), (("DE", "FR"), "DE", False),
     (("US",), "US", False)],
)  # fmt: skip
def test_personal_data_born_in_the_eea_is_under_the_gdpr_whether_or_not_the_zone_says_so(
    countries: tuple[str, ...], home: str, flagged: bool
) -> None:
    of, people = zone("z", *countries), data(category="user.health", personal=True)
    lab = site("lab", of, (GATEWAY, 1), country=home)
    found = list(transfer_unproven(graph(flow("w", people, (lab,), stage("scale", "frames")))))
    assert bool(found) == flagged
    for finding in found:
        assert "for what it is" in finding.message


# HS0307


def test_what_nothing_uses_is_a_warning() -> None:
    of = replace(
        one(infer("see", model(), "frames")), regions=(region("x", "US"), region()),
        device_classes=(GATEWAY, device("spare")), data=(FRAMES, data("noise")),
        models=(model(), model("idle")),
    )  # fmt: skip
    found = list(unused_declaration(of))
    assert {finding.severity for finding in found} == {Severity.WARNING}
    assert [f.message.split("`")[1] for f in found] == ["spare", "noise", "idle", "x"]
    assert list(unused_declaration(one(infer("see", model(), "frames")))) == []


def test_every_rule_runs_and_says_nothing_about_a_sound_graph() -> None:
    sink = Sink()
    check(replace(one(store("keep", "frames"), regions=(region(),)), update_validity=9 * DAY), sink)
    assert sink.findings == ()
    assert sorted(rule.__name__ for rule in RULES) == [rule.__name__ for rule in RULES]
