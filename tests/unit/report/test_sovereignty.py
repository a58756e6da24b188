"""What `flows` prints of a facet: known countries, and that there may be others."""

from __future__ import annotations

import pytest

from hybridspec.ir.plan import Residency
from hybridspec.ir.verdict import Certificate, Reason, Verdict
from hybridspec.report.flows import _cell
from hybridspec.report.sovereignty import where

MANY = ("AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES")


def reason(verdict: Verdict, *countries: str) -> Reason:
    return Reason(rule="zone:eu", verdict=verdict, text="said", countries=countries)


@pytest.mark.parametrize(
    ("countries", "reasons", "shown"),
    [
        (("DE", "FR"), (reason(Verdict.SATISFIED, "DE", "FR"),), "DE, FR"),
        (("US",), (reason(Verdict.VIOLATED, "US"), reason(Verdict.GAP)), "US and unknown"),
        (("SA",), (reason(Verdict.GAP, "SA"),), "SA"),
        ((), (reason(Verdict.GAP),), "unknown"),
        (MANY, (), "AT, BE, BG, CY, CZ, DE, DK, EE and 1 more"),
    ],
)  # fmt: skip
def test_what_nobody_states_is_said_beside_what_is_known(
    countries: tuple[str, ...], reasons: tuple[Reason, ...], shown: str
) -> None:
    row = Residency(
        asset="zone store", zone="eu", facet="logs", places=("somewhere",), countries=countries,
        verdict="gap", why="said", certificate=Certificate(reasons=reasons),
    )  # fmt: skip
    assert where(_cell(row)) == shown
