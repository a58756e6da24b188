"""HS0312 and the warnings of what ends: each fault of a transfer in the words of its law."""

from __future__ import annotations

from typing import Any

import pytest
from unit.resolve.lowering import lowered, spec

from hybridspec.check.rules.ground_ends import ground_ends
from hybridspec.check.rules.law_unknown import law_unknown
from hybridspec.check.rules.transfer_invalid import transfer_invalid
from hybridspec.ir.graph import Graph


def made(
    home: str, day: str = "2026-11-27", people: str = "", count: int | None = None,
    category: str = "user.contact", **transfer: Any,
) -> Graph:  # fmt: skip
    """A site in `home` with personal data and one transfer."""
    written = {"to": "US", "evidence": "https://acme.example/t.pdf", **transfer}
    data = {"category": category, "size": "1kB", "rate": "1/s", "subjects": [people or home]}
    data |= {"subject_count": count} if count is not None else {}
    stated = [written] if "mechanism" in written else []
    return lowered(spec(
        metadata={"name": "test", "owner": "o@example.org", "as_of": day},
        zones={"z": {"countries": [home], "transfers": stated}},
        sites__lab__zone="z", sites__lab__country=home, data={"frames": data},
    ))[0]  # fmt: skip


@pytest.mark.parametrize(("graph", "part"), [
    (made("DE", mechanism="idta"), "no ground under gdpr"),
    (made("GB", mechanism="scc"), "no ground under uk-gdpr"),
    (made("BR", mechanism="adequacy"), "no decision covers US"),
    (made("DE", mechanism="adequacy", evidence=None), "certified recipients alone"),
    (made("NO", to="BR", mechanism="adequacy"), "does not serve senders in NO"),
    (made("DE", mechanism="scc", evidence=None), "without evidence"),
    (made("DE", mechanism="scc", expires="2026-11-26"), "expired on 2026-11-26"),
    (made("CN", "2025-12-31", count=9, mechanism="certification"), "exists from 2026-01-01 on"),
    (made("CN", count=9, mechanism="certification", expires="2030-01-01"), "lasts 1096 days"),
    (made("CN", count=1_000_000, mechanism="cac-filing"), "the spec is about 1000000"),
    (made("CN", mechanism="cac-filing"), "nobody says how many"),
])  # fmt: skip
def test_a_transfer_that_does_not_hold_says_why(graph: Graph, part: str) -> None:
    (found,) = transfer_invalid(graph)
    assert part in found.message
    assert found.help


@pytest.mark.parametrize("graph", [
    made("DE", mechanism="scc"), made("GB", mechanism="idta"), made("BR", mechanism="scc"),
    made("CN", count=9, mechanism="cac-filing"), made("DE", to="BR", mechanism="adequacy"),
    made("DE", to="EEA", mechanism="adequacy", evidence=None),
    made("CN", mechanism="cac-assessment", expires="2029-11-26"),
])  # fmt: skip
def test_a_transfer_that_holds_is_no_finding(graph: Graph) -> None:
    assert list(transfer_invalid(graph)) == []


def test_a_law_that_ends_and_the_one_that_follows_are_told() -> None:
    graph = made("IN", "2026-12-01", category="user.biometric")
    ends, begins = ground_ends(graph)
    assert "SPDI Rules" in ends.message
    assert "ends on 2027-05-13, 163 days after" in ends.message
    assert "will be under India's DPDP Act" in begins.message
    assert list(ground_ends(made("IN", "2026-11-01", category="user.biometric"))) == []


@pytest.mark.parametrize(("people", "unknown"), [
    ("DE", []), ("RE", []), ("PR", []), ("HK", ["HK"]), ("GG", ["GG"]), ("CH", ["CH"]),
    ("SJ", ["SJ"]), ("NC", ["NC"]),
])  # fmt: skip
def test_people_of_no_known_law_are_named(people: str, unknown: list[str]) -> None:
    found = list(law_unknown(made("DE", people=people)))
    assert [finding.about.countries[0] for finding in found] == unknown


def test_india_is_covered_before_and_after_its_act() -> None:
    for day in ("2026-11-27", "2027-05-13", "2027-05-14"):
        assert list(law_unknown(made("IN", day))) == []
    assert list(law_unknown(made("GB", "2020-06-01")))
