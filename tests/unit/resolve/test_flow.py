"""Flows: rates and sizes as they pass from stage to stage, cycles, loops and shapes."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from unit.resolve.lowering import lowered, spec, stages

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Stage


def flow(**steps: Any) -> dict[str, Stage]:
    """The stages of a flow by name."""
    graph, findings = lowered(stages(**steps))
    assert findings == []
    return {stage.name: stage for stage in graph.flows[0].stages}


def refused(**steps: Any) -> list[Diagnostic]:
    """Why a flow makes no sense."""
    _, findings = lowered(stages(**steps))
    assert findings
    return findings


SCALE = {"transform": "normalise", "inputs": ["frames"]}


def test_a_stage_passes_on_the_rate_and_size_that_it_gets() -> None:
    found = flow(scale=SCALE, tell={"sink": "alert", "inputs": ["scale"]})
    for stage in found.values():
        assert (stage.input_rate, stage.input_size) == (10, 1000)
    assert (found["scale"].output_rate, found["scale"].output_size) == (10, 1000)


def test_a_filter_lets_a_share_pass() -> None:
    found = flow(
        few={"transform": "filter", "keep": "5%", "inputs": ["frames"]},
        tell={"sink": "alert", "inputs": ["few"]},
    )
    assert found["few"].output_rate == Fraction(1, 2)
    assert found["tell"].input_rate == Fraction(1, 2)


def test_a_filter_may_keep_nothing() -> None:
    found = flow(
        none={"transform": "filter", "keep": 0.0, "inputs": ["frames"]},
        tell={"sink": "alert", "inputs": ["none"]},
    )
    assert found["tell"].input_rate == 0


def test_an_aggregate_emits_at_its_own_rate_and_size() -> None:
    found = flow(
        daily={"transform": "aggregate", "every": "P1D", "size": "16KiB", "inputs": ["frames"]},
        keep={"sink": "store", "inputs": ["daily"]},
    )
    assert found["daily"].output_rate == Fraction(1, 86_400)
    assert (found["keep"].input_rate, found["keep"].input_size) == (Fraction(1, 86_400), 16_384)


def test_windows_emit_by_the_clock_and_learning_stays_at_the_site() -> None:
    found = flow(
        minute={"transform": "window", "every": "1min", "inputs": ["frames"]},
        learn={
            "transform": "local-training",
            "every": "P1D",
            "size": "98KiB",
            "inputs": ["frames"],
        },
        keep={"sink": "store", "inputs": ["minute", "learn"]},
    )
    assert found["minute"].output_rate == Fraction(1, 60)
    assert found["learn"].output_rate == Fraction(1, 86_400)
    assert (found["minute"].place, found["learn"].place) == ("", "site")


def test_what_flows_together_adds_up_and_the_largest_event_counts() -> None:
    found = flow(
        a={"transform": "filter", "keep": 0.5, "size": "3kB", "inputs": ["frames"]},
        b={"transform": "aggregate", "every": "2s", "inputs": ["frames"]},
        c={"model": "detect", "inputs": ["a", "b", "frames"]},
    )
    assert found["c"].input_rate == 5 + Fraction(1, 2) + 10
    assert found["c"].input_size == 3000


@settings(max_examples=60, deadline=None)
@given(
    rate=st.integers(1, 10**6), keep=st.integers(0, 100), every=st.integers(1, 10**6)
)  # fmt: skip
def test_rates_are_exact(rate: int, keep: int, every: int) -> None:
    written = spec(
        data__frames__rate=f"{rate}/d",
        flows__watch__stages={
            "few": {"transform": "filter", "keep": f"{keep}%", "inputs": ["frames"]},
            "sum": {"transform": "aggregate", "every": f"{every}ms", "inputs": ["few"]},
            "both": {"transform": "normalise", "inputs": ["few", "sum"]},
        },
    )
    graph, findings = lowered(written)
    assert findings == []
    found = {stage.name: stage for stage in graph.flows[0].stages}
    few = Fraction(rate, 86_400) * keep / 100
    assert found["sum"].input_rate == few
    assert found["both"].input_rate == few + Fraction(1000, every)


def test_stages_come_after_what_feeds_them_in_any_written_order() -> None:
    found = list(flow(
        tell={"sink": "alert", "inputs": ["see"]}, see={"model": "detect", "inputs": ["scale"]},
        scale=SCALE,
    ))  # fmt: skip
    assert found == ["scale", "see", "tell"]


def test_stages_that_feed_each_other_are_a_finding_on_the_input_that_closes_the_ring() -> None:
    (finding,) = refused(
        a={"transform": "normalise", "inputs": ["frames", "c"]},
        b={"transform": "normalise", "inputs": ["a"]},
        c={"transform": "normalise", "inputs": ["b"]},
    )
    assert finding.code == "HS0221"
    assert "`a` -> `b` -> `c` -> `a`" in finding.message
    assert "feedback: [c]" in finding.help
    assert finding.span is not None
    line = finding.span.file.line(finding.span.line)
    assert line.strip() == "- c"


def test_a_stage_that_feeds_itself_is_a_finding() -> None:
    (finding,) = refused(a={"transform": "normalise", "inputs": ["frames", "a"]})
    assert finding.code == "HS0221"


def test_a_loop_through_feedback_is_fine_and_adds_no_events() -> None:
    found = flow(
        a={"transform": "normalise", "inputs": ["frames"], "feedback": ["b", "a"]},
        b={"model": "detect", "inputs": ["a"]},
    )
    assert found["a"].feedback == ("b", "a")
    assert found["a"].input_rate == 10


@pytest.mark.parametrize(
    ("steps", "code", "words"),
    [
        ({"a": {"inputs": ["frames"]}}, "HS0209", "no kind"),
        ({"a": {**SCALE, "sink": "alert"}}, "HS0209", "more than one kind"),
        ({"a": {"transform": "filter", "inputs": ["frames"]}}, "HS0209", "needs `keep`"),
        ({"a": {"transform": "aggregate", "inputs": ["frames"]}}, "HS0209", "needs `every`"),
        ({"a": {**SCALE, "keep": 0.5}}, "HS0209", "`keep` means nothing"),
        ({"a": {**SCALE, "every": "1s"}}, "HS0209", "`every` means nothing"),
        ({"a": {**SCALE, "retention": "P1D"}}, "HS0209", "`retention` means nothing"),
        ({"a": {"sink": "alert", "inputs": ["frames"]},
          "b": {"transform": "normalise", "inputs": ["a"]}}, "HS0209", "is a sink"),
        ({"a": {"transform": "normalise", "inputs": ["frmes"]}}, "HS0220", "`frmes`"),
        ({"a": {**SCALE, "feedback": ["frames"]}}, "HS0209", "no stage's output"),
        ({"a": {"model": "detct", "inputs": ["frames"]}}, "HS0220", "`detct`"),
        ({"a": {"transform": "normalise", "inputs": ["frames", "frames"]}}, "HS0209", "twice"),
        ({"a": SCALE, "b": {"sink": "alert", "inputs": ["a"], "feedback": ["a"]}}, "HS0209",
         "`feedback` means nothing"),
        ({"a": {**SCALE, "feedback": ["a", "a"]}}, "HS0209", "twice"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_a_finding(
    steps: dict[str, Any], code: str, words: str
) -> None:
    found = refused(**steps)
    assert code in {finding.code for finding in found}
    assert any(words in finding.message for finding in found), [f.message for f in found]


def test_a_bound_on_a_stage_that_is_not_there_is_a_finding() -> None:
    _, findings = lowered(
        spec(flows__watch__latency={"bound": "5ms", "to": "tel", "percentile": "p95"})
    )
    assert [finding.code for finding in findings] == ["HS0220"]
    assert "did you mean `tell`?" in findings[0].help


def test_a_flow_runs_at_all_sites_unless_it_names_some() -> None:
    two = spec(sites__yard={"country": "FR", "zone": "eu", "devices": {"gateway": 1}})
    assert [s.name for s in lowered(two)[0].flows[0].sites] == ["lab", "yard"]
    two["flows"]["watch"]["sites"] = ["yard", "yard"]
    assert [s.name for s in lowered(two)[0].flows[0].sites] == ["yard"]
