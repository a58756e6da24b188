"""Which guards a claim gets, and what is said of a claim that none enforces."""

from __future__ import annotations

import json

import pytest

from hybridspec.ir.plan import Residency
from hybridspec.target.api import Emission
from hybridspec.target.enforce import enforced, lacking
from hybridspec.target.registry import targets

REGIONS = {"main/eu-west-1": "aws", "other/europe-west3": "gcp"}
ROW = Residency(asset="zone store", zone="eu", facet="store", places=("region main/eu-west-1",),
                countries=("IE",), verdict="satisfied", why="")  # fmt: skip


def judged(**changes: object) -> Residency:
    """The row as it is with its guards."""
    (row,) = enforced((ROW._replace(**changes),), REGIONS, {"agent"})  # type: ignore[arg-type]
    return row


def test_a_store_has_the_guards_of_its_cloud() -> None:
    row = judged()
    assert {"aws:bucket-in-region", "aws:bucket-replication-off"} <= set(row.guards)
    assert not row.unenforced


def test_each_place_has_to_be_guarded() -> None:
    row = judged(asset="model m", places=("region main/eu-west-1", "sites in DE", "somewhere"))
    assert {"aws:registry-in-region", "agent:bundle-of-class"} <= set(row.guards)
    assert row.unenforced == "somewhere: nothing that is emitted decides over it"


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"facet": "support"}, "where its support sits"),
        ({"facet": "key_admin", "places": ("administrators of other",)}, "administrator sits"),
        ({"facet": "operator", "places": ("X, which runs region main/eu-west-1",)}, "whose law"),
        ({"facet": "control plane"}, "global services"),
        ({"facet": "backup", "places": ("the pair y of region main/z",)}, "nothing that is"),
        ({"facet": "process", "asset": "f.s"}, "who else computes the stage"),
        ({"facet": "logs", "places": ("otlp (https://otel.example.org)",)}, "nothing that is"),
        ({"facet": "logs", "asset": "telemetry", "places": ("region none/x",)}, "nothing that is"),
        ({"facet": "transit", "places": ("site lyon",)}, "a firewall of the site has to"),
        ({"places": ()}, "nobody states where"),
    ],
)
def test_what_nothing_enforces_is_said(changes: dict[str, object], why: str) -> None:
    row = judged(**changes)
    assert not row.guards
    assert why in row.unenforced


@pytest.mark.parametrize(
    ("asset", "there", "named"),
    [
        ("zone store", ("own-data", ""), "own-data"),
        ("model m", ("own-data", ""), "own-data"),
        ("model m", ("", "own-images"), "own-images"),
        ("zone store", ("", "own-images"), ""),
        ("update channel of eu", ("own-data", "own-images"), ""),
    ],
)
def test_nothing_enforces_where_that_lies_which_is_there_already(
    asset: str, there: tuple[str, str], named: str
) -> None:
    adopted = {("eu", "main/eu-west-1"): there}
    (row,) = enforced((ROW._replace(asset=asset),), REGIONS, {"agent"}, adopted)
    assert bool(row.guards) is not bool(named)
    assert bool(named) is bool(row.unenforced)
    assert named in row.unenforced
    (row,) = enforced((ROW._replace(asset=asset, zone="fr"),), REGIONS, {"agent"}, adopted)
    assert row.guards


@pytest.mark.parametrize("verdict", ["gap", "violated"])
def test_what_is_no_claim_has_no_guards(verdict: str) -> None:
    assert judged(verdict=verdict) == ROW._replace(verdict=verdict)


def test_all_platforms_have_to_guard_a_site() -> None:
    (row,) = enforced((ROW._replace(places=("site a",), facet="keys"),), REGIONS, {"agent"})
    assert "agent keeps no key" in row.unenforced
    (row,) = enforced((ROW._replace(places=("site a",)),), REGIONS, ())
    assert row.unenforced


def bundle(**changes: dict[str, object]) -> Emission:
    """What a bundle of the class `gateway` carries, with changes of its documents."""
    documents: dict[str, dict[str, object]] = {
        "release": {"device_class": "gateway", "flows": ["watch"],
                    "files": [{"path": "runtime/flows.json"}, {"path": "runtime/egress.json"}]},
        "flows": {"deviceClass": "gateway", "flows": [{"name": "watch"}],
                  "environment": {"ORT_DISABLE_TELEMETRY": "1"}},
        "egress": {"deviceClass": "gateway", "default": "deny",
                   "allow": [{"hosts": ["s3.eu-west-1.amazonaws.com"]}]},
    }  # fmt: skip
    held = {name: {**said, **changes.get(name, {})} for name, said in documents.items()}
    return Emission(name="gateway", files={
        "release.json": json.dumps(held["release"]).encode(),
        "runtime/flows.json": json.dumps(held["flows"]).encode(),
        "runtime/egress.json": json.dumps(held["egress"]).encode(),
    })  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "guard"),
    [
        ({"release": {"device_class": "server"}}, "bundle-of-class"),
        ({"release": {"files": [{"path": "runtime/flows.json"}]}}, "bundle-of-class"),
        ({"flows": {"deviceClass": "server"}}, "stages-of-class"),
        ({"flows": {"flows": []}}, "stages-of-class"),
        ({"flows": {"environment": {}}}, "ort-telemetry-off"),
        ({"egress": {"default": "allow"}}, "egress-list"),
        ({"egress": {"allow": [{"hosts": ["*"]}]}}, "egress-list"),
        ({"egress": {"allow": [{"hosts": [""]}]}}, "egress-list"),
    ],
)
def test_each_guard_of_a_device_can_be_missed(
    changes: dict[str, dict[str, object]], guard: str
) -> None:
    agent = targets()["agent"]
    assert lacking(agent, bundle()) == ()
    assert [name for name, _ in lacking(agent, bundle(**changes))] == [guard]


def test_a_guard_that_cannot_be_judged_is_not_there() -> None:
    found = dict(lacking(targets()["agent"], Emission(name="gateway", files={
        "runtime/flows.json": b"\xff", "release.json": b"{}"})))  # fmt: skip
    assert "cannot be judged" in found["ort-telemetry-off"]
    assert len(found) == 4
