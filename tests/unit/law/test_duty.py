"""Duties at places of which somebody knows too little."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from property.graphs import board, device, flow, graph, site, stage, zone
from property.laws import fact, pack, people, regime

from hybridspec.ir.label import Bound
from hybridspec.ir.law import Duty
from hybridspec.ir.verdict import Place
from hybridspec.law.duty import Duties, abroad

TRUSTY = device("k", security=("tpm",), board=board(capabilities=("tpm",)))
TRUST = Duty(
    id="gdpr:trust", kind="device", needs="tpm", categories=(), facets=(), hard=True,
    text="Trust.", fact=fact("trust", since=date(2020, 1, 1)),
)  # fmt: skip


def verdict(*countries: str) -> str:
    of = zone("eu", "DE", "FR")
    here = site("lab", of, (TRUSTY, 1), country="DE")
    law = pack(regime(duties=(TRUST,)))
    spec = graph(flow("f", people(), (here,), stage("s", "faces")), law=law)
    where = Place(name="p", countries=countries)
    return Duties(spec).ask(Bound("gdpr", "eu"), frozenset(), "process", where).verdict


def test_devices_that_nobody_knows_have_no_function() -> None:
    assert verdict("DE") == "conditional"
    assert verdict("FR") == "violated"
    assert verdict("DE", "FR") == "violated"
    assert verdict() == "violated"


def test_a_place_that_nobody_states_may_be_abroad() -> None:
    cloud = Place(name="p", countries=("DE",), recipient="aws", operator="DE")
    assert not abroad(regime(), cloud)
    assert abroad(regime(), replace(cloud, countries=()))
    assert abroad(regime(), replace(cloud, operator=None))
    assert not abroad(regime(), replace(cloud, countries=(), recipient="own"))
