"""The facts pack: what ships is well formed, dated and sourced, and what is broken is refused."""

from __future__ import annotations

from datetime import date
from typing import get_args

import pytest

from hybridspec.base.country import BLOC_NAMES, COUNTRIES
from hybridspec.ir.law import FACETS, Status
from hybridspec.law.facts import adequate, earliest, expand, facts_of, members, on_day
from hybridspec.load.facts import joined, shipped_facts
from hybridspec.spec.facts import Facet
from hybridspec.spec.zone import Mechanism
from hybridspec.spec.zone import Regime as RegimeName

LAW = shipped_facts()
HEAD = "schema: hybridspec.dev/facts/v1\nversion: '2026.1'\nchecked_on: 2026-01-01\n"
ROW = "title: t, since: 2020-01-01, source: s"

OFFICIAL = (
    "eur-lex.europa.eu", "ec.europa.eu", "destatis.de", "legislation.gov.uk", "ecfr.gov",
    "federalregister.gov", "planalto.gov.br", "gov.br", "npc.gov.cn", "egazette.gov.in",
)  # fmt: skip
"""Hosts of gazettes, of consolidated law and, for blocs, of public statistics."""


def test_the_language_and_the_pack_know_the_same_names() -> None:
    assert set(get_args(Facet)) == set(FACETS)
    assert {bloc.name for bloc in LAW.blocs} >= set(BLOC_NAMES)
    assert {regime.name for regime in LAW.regimes} == set(get_args(RegimeName))
    named = {each.name for regime in LAW.regimes for each in regime.mechanisms}
    assert named == set(get_args(Mechanism))
    assert {row.regime for row in LAW.adequacy} <= {regime.name for regime in LAW.regimes}


def test_every_row_has_a_source_and_no_day_in_the_future_of_its_check() -> None:
    for fact in facts_of(LAW):
        assert fact.source.startswith(("https://", "unverified")), fact.id
        assert fact.until is None or fact.since <= fact.until


def test_what_counts_as_compared_was_read_in_the_act_or_a_copy_of_it() -> None:
    for fact in facts_of(LAW):
        if fact.compared:
            host = fact.source.split("/")[2]
            assert host.endswith(OFFICIAL) or "(copy of " in fact.source, fact.id


def test_blocs_have_their_published_sizes() -> None:
    assert len(members(LAW, "EU")) == 27
    assert members(LAW, "EEA") - members(LAW, "EU") == {"IS", "LI", "NO"}
    assert members(LAW, "EEA") < COUNTRIES
    assert not {"GB", "CH", "GG", "JE", "IM", "FO", "GL", "NC", "RE"} & members(LAW, "EEA")


def test_outermost_regions_are_home_to_the_gdpr_though_no_bloc_holds_them() -> None:
    (gdpr,) = (regime for regime in LAW.regimes if regime.name == "gdpr")
    assert gdpr.home >= members(LAW, "EEA") | {"AX", "GF", "GP", "MF", "MQ", "RE", "YT"}
    assert not {"NC", "PF", "GL", "SJ", "GB", "CH"} & gdpr.home


def test_blocs_expand_and_the_unknown_is_never_allowed() -> None:
    countries, unknown = expand(["EEA", "CH", "UK", "eu", ""], LAW, earliest(LAW))
    assert set(countries) == members(LAW, "EEA") | {"CH"}
    assert unknown == ("UK", "eu", "")


def test_adequacy_ends_with_its_decision() -> None:
    assert "GB" in adequate(LAW, date(2031, 12, 27))
    assert "GB" not in adequate(LAW, date(2031, 12, 28))
    assert not {"US", "BR"} & adequate(LAW, date(2026, 11, 27))


def test_a_regime_reads_as_on_its_day() -> None:
    text = HEAD + (
        "regimes:\n"
        "- {name: r, title: a, since: 2020-01-01, until: 2024-12-31, source: s, elsewhere: gap,"
        " covers: [DE]}\n"
        "- {name: r, title: b, since: 2025-01-01, source: s, elsewhere: allow, covers: [FR]}\n"
        "- {name: d, title: c, since: 2020-01-01, status: draft, source: s, elsewhere: allow,"
        " covers: [US]}\n"
    )
    law = joined([("p.yaml", text)])
    for day, elsewhere, covered in (
        (date(2019, 1, 1), "gap", set()), (date(2024, 12, 31), "gap", {"DE"}),
        (date(2025, 1, 1), "allow", {"FR"}),
    ):  # fmt: skip
        found = on_day(law, day)
        assert {r.name: r.elsewhere for r in found.regimes} == {"r": elsewhere, "d": "allow"}
        assert found.covered == covered
    assert [r.fact.status for r in law.regimes][-1] is Status.DRAFT


@pytest.mark.parametrize(("text", "why"), [
    ("", "empty"),
    (HEAD + "bloks: {}", "bloks"),
    (HEAD.replace("v1", "v9"), "schema"),
    (HEAD + f"blocs: {{X: {{members: [ZZ], {ROW}}}}}", "ZZ"),
    (HEAD + f"blocs: {{DE: {{members: [FR], {ROW}}}}}", "is a country"),
    (HEAD + "adequacy: [{regime: r, countries: [DE], title: t, source: s}]", "since"),
    (HEAD + f"adequacy: [{{regime: r, countries: [DE], {ROW}, until: 2019-01-01}}]", "ends before"),
    (HEAD + f"adequacy: [{{regime: r, countries: [DE], {ROW}}}, "
     f"{{regime: r, countries: [FR, DE], {ROW}}}]", "two rows"),
    (HEAD + f"regimes: [{{name: r, elsewhere: maybe, {ROW}}}]", "maybe"),
    (HEAD + f"regimes: [{{name: r, elsewhere: deny, governs: [moon], {ROW}}}]", "moon"),
])  # fmt: skip
def test_a_broken_pack_is_refused(text: str, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        joined([("p.yaml", text)])


def test_the_digest_follows_every_byte() -> None:
    one, other = joined([("p.yaml", HEAD)]), joined([("p.yaml", HEAD + "\n")])
    assert one.digest != other.digest
