"""What one more of a quota would save, and an explanation that had to end before its end."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pytest
from unit.place.test_quota import slow, watching

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.explanation import Explanation
from hybridspec.place import explain_replan
from hybridspec.place.explain_decision import explanations
from hybridspec.place.explain_flip import with_flips
from hybridspec.place.explain_zone import explain_zone
from hybridspec.place.place import place
from hybridspec.report.explain import decision_data, plan_data, zone_document
from hybridspec.report.explain_text import Block, blocks, decision_blocks


def explained(quota: int) -> tuple[Explanation, str]:
    """A decision with its flips, and as text."""
    of = watching(quota)
    plan = place(of, slow(of), Sink())
    assert plan is not None
    found = with_flips(of, slow(of), plan, explanations(of, plan)[0])
    return found, words(decision_blocks(decision_data(found, "USD"), plan_data(plan)))


def words(said: Iterable[Block]) -> str:
    """An answer in one string."""
    return "\n".join(" ".join((title, *head, *map(" ".join, rows)))
                     for title, head, rows in said)  # fmt: skip


def test_what_one_more_of_a_quota_saves_is_what_the_plan_with_it_saves() -> None:
    found, text = explained(0)
    (one,) = (b for b in found.bindings if b.code == "HS0422")
    plans = [place(watching(n), slow(watching(n)), Sink()) for n in (0, 1)]
    assert plans[0] is not None
    assert plans[1] is not None
    assert one.saving == plans[0].cost - plans[1].cost > 0
    assert "quota of 0 `inference_concurrency`" in text
    assert "USD/one more" in text
    assert not [b for b in explained(1)[0].bindings if b.code == "HS0422"]


def test_a_search_for_flips_that_had_to_end_says_where(monkeypatch: pytest.MonkeyPatch) -> None:
    found, text = explained(1)
    assert found.ended == ""
    assert "not complete" not in text
    monkeypatch.setattr(explain_replan, "MAX_SOLVES", 6)
    found, text = explained(1)
    assert found.ended
    assert f"it ended at {found.ended}" in text


def test_a_runner_up_whose_search_was_cut_is_marked() -> None:
    found, text = explained(1)
    assert "at most +" not in text
    second = found.decision.second()
    assert second is not None
    cut = replace(found.decision, second=lambda: replace(second, exact=False))
    document = decision_data(replace(found, decision=cut), "USD")
    assert document["runnerUp"]["searched"] is False
    plan = {"cost": "", "optimal": True, "gap": "", "horizon": "", "stopped": False}
    lines = next(iter(decision_blocks(document, plan)))[2]
    assert any("was cut" in line for (line,) in lines)


def test_a_search_for_what_would_move_a_store_says_where_it_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    of = watching(0)
    plan = place(of, slow(of), Sink())
    assert plan is not None

    def text() -> str:
        found = explain_zone(of, slow(of), plan, of.zones[0])
        return words(blocks(zone_document("zone", "spec", plan, found)))

    assert "not complete" not in text()
    monkeypatch.setattr(explain_replan, "MAX_SOLVES", 0)
    assert "would move it is not complete" in text()


def test_a_plan_whose_search_was_ended_is_never_called_the_least() -> None:
    of = watching(1)
    plan = place(of, slow(of), Sink())
    assert plan is not None
    early = replace(plan, bound=plan.bound - 2_000_000, stopped=True)
    zone = zone_document("zone", "spec", early, explain_zone(of, slow(of), early, of.zones[0]))
    flow = explanations(of, early)[0]
    for said in (blocks(zone), decision_blocks(decision_data(flow, "USD"), plan_data(early))):
        text = words(said)
        assert "at most 2.00 USD above the least; the search for a cheaper one was ended" in text
        assert "optimal" not in text
        assert "proven" not in text
    # What a search finds for less may then be what the first one missed.
    assert not with_flips(of, slow(of), early, flow).bindings
