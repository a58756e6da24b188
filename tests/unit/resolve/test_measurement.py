"""Measurements of the user: resolved with their line, refused where they contradict themselves."""

from __future__ import annotations

from typing import Any

import pytest
from unit.resolve.lowering import lowered, spec

from hybridspec.optimise.latency import latency_table

TAKEN: dict[str, Any] = {"device": "gateway", "variant": "int8", "p50": "3ms", "p95": "5ms",
                         "on": "2026-10-01"}  # fmt: skip


def measured(*taken: dict[str, Any]) -> dict[str, Any]:
    """The plain spec with measurements of its model."""
    made = spec()
    name = next(iter(made["models"]))
    made["models"][name]["measured"] = list(taken)
    return made


def test_a_measurement_goes_before_the_estimate_on_its_class_and_variant() -> None:
    graph, findings = lowered(measured(TAKEN))
    assert findings == []
    (net,), gateway = graph.models, graph.device_classes[0]
    table = latency_table(graph)
    own = table.model(net.name, gateway, "int8")
    assert own is not None
    assert (own.mid, own.high) == (3_000, 5_000)
    assert own.basis == "measured on `gateway`, int8, on 2026-10-01"
    assert table.model(net.name, gateway, "fp32") == table.models[
        net.name, gateway.board.name, "fp32"]  # fmt: skip
    assert table.model(net.name, None, "int8") == table.models[net.name, "cloud", "int8"]


@pytest.mark.parametrize(
    ("taken", "code", "words"),
    [
        ([TAKEN | {"p95": "2ms"}], "HS0212", "faster for 95 % of events"),
        ([TAKEN, TAKEN], "HS0212", "is there twice"),
        ([TAKEN | {"device": "gatway"}], "HS0220", "gatway"),
    ],
)
def test_a_measurement_that_contradicts_is_refused(
    taken: list[dict[str, Any]], code: str, words: str
) -> None:
    (finding,) = lowered(measured(*taken))[1]
    assert finding.code == code
    assert words in finding.message
    assert finding.help


def test_a_measurement_of_a_variant_that_may_not_run_is_refused() -> None:
    made = measured(TAKEN)
    made["models"][next(iter(made["models"]))]["variants"] = ["fp32"]
    (finding,) = lowered(made)[1]
    assert "`variants` leaves out" in finding.message
