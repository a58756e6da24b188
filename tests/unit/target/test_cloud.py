"""What all clouds' emitters share: names that stay unique, and retentions that can be kept."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import pytest
from emitted.slices import LONGEST, moved, part, service, zone

from hybridspec.ir.plan import Existing, ZoneSlice
from hybridspec.target.api import Unsupported
from hybridspec.target.cloud import compact, expiry, refusals, short
from hybridspec.target.registry import targets

NAMES = ("eu", "eu-plants", "eu--plants", "eu-plants-a", LONGEST, LONGEST[::-1], "e" * 40)


def refused(asked: ZoneSlice) -> list[str]:
    """What a store that is three days late may not be asked for."""
    return [r.what for r in refusals(part(asked), late=3, store="S3", trainer="T", longest=48)
            if r.promised]  # fmt: skip


@pytest.mark.parametrize("limit", [14, 24, 30])
def test_names_stay_unique_within_any_limit(limit: int) -> None:
    for one, other in combinations(NAMES, 2):
        assert short(one, limit) != short(other, limit)
        assert compact("watch", one, limit=limit) != compact("watch", other, limit=limit)
    for name in NAMES:
        assert len(short(name, limit)) <= limit
        assert "--" not in short(name, limit)
        code = compact("watch", name, limit=limit)
        assert len(code) <= limit
        assert code.isalnum()
        assert code[0].isalpha()
    assert compact("a", "bc", limit=14) != compact("ab", "c", limit=14)


def test_days_are_fewer_by_what_the_store_may_be_late() -> None:
    asked = zone(stores=(("watch/short", 4), ("watch/same", 30), ("watch/ever", None)))
    assert expiry(asked, 3) == {"data/": 27, "data/watch/short/": 1}
    assert refused(asked) == []


@pytest.mark.parametrize(("days", "least", "said"), [
    (30, 0, ""), (30, 27, ""), (30, 28, "below `data/` after 27 of 30 days"), (None, 400, ""),
    (3, 0, "sure to end within 3 days"), (3, 3, "sure to end within 3 days"),
])  # fmt: skip
def test_nothing_ends_before_it_may_or_after_it_must(
    days: int | None, least: int, said: str
) -> None:
    found = refused(zone(retention_days=days, least_days=least))
    assert len(found) == bool(said)
    assert said in "".join(found)


@pytest.mark.parametrize("cloud", ["azure", "gcp"])
def test_a_partition_with_other_addresses_is_refused(cloud: str) -> None:
    emit = targets()[cloud].emit_cloud
    assert emit is not None
    asked = moved(part(), cloud)
    assert not [made for made in emit(asked) if isinstance(made, Unsupported) and not made.note]
    found = [
        made for made in emit(replace(asked, partition="far"))
        if isinstance(made, Unsupported) and not made.note
    ]  # fmt: skip
    assert [(r.promised, r.origin) for r in found] == [(True, "hybridspec.yaml:10")]


def test_what_runs_long_or_in_the_cloud_is_said_without_stopping() -> None:
    asked = zone(services=(service(image=""),), training=(zone().training[0],))
    found = refusals(part(asked), late=3, store="S3", trainer="Kiln", longest=1)
    assert [(r.promised, r.origin) for r in found] == [
        (False, "hybridspec.yaml:44"), (False, "hybridspec.yaml:41"),
    ]  # fmt: skip
    assert "longer than a Kiln job may" in found[1].what


@pytest.mark.parametrize(("image", "serves", "found"), [
    ("serve/watch:1", True, 0), ("serve/watch:1", False, 1), ("", True, 1),
])  # fmt: skip
def test_a_stage_in_the_cloud_is_served_or_reported(image: str, serves: bool, found: int) -> None:
    asked = part(zone(services=(service(image=image),), training=()))
    said = refusals(asked, late=3, store="S3", trainer="Kiln", longest=1, serves=serves)
    assert len(said) == found
    assert all("`watch/diagnose`" in each.what for each in said)


def test_what_is_adopted_is_said_to_be_unproven_or_refused() -> None:
    asked = part(zone(existing=Existing(bucket="own", origin="hybridspec.yaml:7"), training=()))
    for adopts in (True, False):
        (said,) = refusals(asked, late=3, store="S3", trainer="Kiln", longest=1, adopts=adopts)
        assert (said.promised, said.origin) == (not adopts, "hybridspec.yaml:7")
        assert "`own` is there already" in said.what
