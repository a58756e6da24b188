"""Releases that take nothing off, and what is said of the people in data."""

from __future__ import annotations

from dataclasses import replace

import pytest
from property.graphs import data, device, flow, graph, site, stage, zone
from property.laws import BULK, pack, people, release

from hybridspec.check.rules.identifiability_unproven import identifiability_unproven
from hybridspec.check.rules.release_invalid import release_invalid
from hybridspec.check.rules.release_useless import release_useless
from hybridspec.ir.graph import Data, Graph, Release

EU, US = zone("eu", "DE"), zone("us", "US")


def spec(*releases: Release, of: Data | None = None, home: object = EU) -> Graph:
    here = site("lab", home, (device(), 1))  # type: ignore[arg-type]
    asset = of or people()
    return graph(flow("f", asset, (here,), stage("s", asset.name, releases=releases)), law=pack())


@pytest.mark.parametrize(
    ("stated", "says"),
    [
        (release(method="differential-privacy", epsilon=1), "`delta` is not stated"),
        (release(method="safe-harbour"), "`safe-harbour` does not release from `gdpr`"),
        (replace(release(), parameters=()), "`k` is not stated"),
        (replace(release(), approver=" "), "`approver` is not stated"),
        (replace(release(), evidence=""), "`evidence` is not stated"),
        (release(BULK.name), "nothing releases data from `us-doj-data`"),
        (release("lgpd"), "the facts know no law `lgpd`"),
        (release("zone"), "its output is still under `gdpr`"),
        (release("zone", "differential-privacy", epsilon=1), "`delta` is not stated"),
    ],
)
def test_what_a_release_lacks_is_said(stated: Release, says: str) -> None:
    found = list(release_invalid(spec(stated)))
    assert [(finding.code, says in finding.message) for finding in found] == [("HS0345", True)]
    assert not list(release_useless(spec(stated)))


def test_a_release_that_counts_is_silent() -> None:
    for good in ((release(),), (release(), release("zone"))):
        assert not [*release_invalid(spec(*good)), *release_useless(spec(*good))]


def test_a_release_from_what_binds_nothing_is_a_warning() -> None:
    found = list(release_useless(spec(release("hipaa", "expert"))))
    assert [(f.code, f.severity) for f in found] == [("HS0346", "warning")]
    twice = graph(
        flow("f", data(), (site("lab", EU, (device(), 1)),),
             stage("a", "frames", releases=(release("zone"),)),
             stage("b", "a", releases=(release("zone"),))),
        law=pack(),
    )  # fmt: skip
    assert ["`b` is released from its zone" in f.message for f in release_useless(twice)] == [True]


def test_people_in_data_go_with_its_category() -> None:
    def found(of: Data) -> list[str]:
        return [finding.code for finding in identifiability_unproven(spec(of=of))]

    assert found(people(identifiability="anonymous")) == ["HS0347"]
    for said in ({"identifiability": "pseudonymous"}, {"subjects": ("DE",)}, {"subject_count": 1}):
        assert found(data(**said)) == ["HS0347"]
    for good in (people(), people(identifiability="pseudonymous"), data(identifiability="raw")):
        assert not found(good)
