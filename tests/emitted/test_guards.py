"""Each guard that a cloud declares is in what it emits, and each can be missed: HS0503."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from pathlib import Path

import pytest
from emitted.faults import ADDED, MUTANTS
from emitted.mutants import Mutant, added, judged, mutated
from emitted.slices import SLICES, job, moved, part, service, written, zone

from hybridspec.deliver.evaluate import Evaluation, evaluate
from hybridspec.ir.law import FACETS, Implicit
from hybridspec.ir.plan import CloudSlice
from hybridspec.resolve.implicit import only_guarded
from hybridspec.target.api import Target
from hybridspec.target.registry import catalog_text, targets

ZONES = part(
    zone(
        training=(replace(job("fault"), drift=True, spot=True),),
        services=(service(), service("kept", machine="c6i.xlarge", least=2, most=2)),
    ),
    zone("fr-plants", countries=("FR",), training=()),
    zone("us-plants", countries=("US",), region="us-east-1", country="US", regimes=()),
    contact="plant@example.org",
    budget=120 * 10**6,
)
"""Three zones, two of them in one region: what separates those is no region."""
CLOUDS = ("aws", "azure", "gcp")
FAULTS = [(cloud, name) for cloud, faults in MUTANTS.items() for name in faults]
MORE = [(cloud, name) for cloud, faults in ADDED.items() for name in faults]


def asked(cloud: str, made: CloudSlice = ZONES) -> CloudSlice:
    """The slice of a cloud, in regions that have all services there."""
    if cloud == "aws":
        return made
    there = moved(made, cloud)
    if cloud == "gcp":
        return there
    zones = tuple(replace(z, offered=("containerapps", "logic")) for z in there.zones)
    return replace(there, zones=zones, config=(("budget-start", "2026-11"),))


@pytest.fixture(scope="module")
def evaluations(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Evaluation]:
    """What each cloud's program would create for the three zones."""
    base = tmp_path_factory.mktemp("guards")
    return {c: evaluate(written(asked(c), base / c), project="watch") for c in CLOUDS}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guard_is_there(cloud: str, evaluations: dict[str, Evaluation]) -> None:
    assert judged(asked(cloud), evaluations[cloud]) == (set(), [])


@pytest.mark.parametrize("cloud", CLOUDS)
def test_every_guard_is_there_for_a_zone_without_devices(cloud: str, tmp_path: Path) -> None:
    made = asked(cloud, SLICES["no models, no devices"])
    found = evaluate(written(made, tmp_path / "stack"), project=made.spec)
    assert judged(made, found) == (set(), [])


def expect(fault: Mutant, seen: tuple[set[str], list[str]]) -> None:
    lacks, outside = seen
    assert fault.guards <= lacks, (lacks, outside)
    assert not fault.outside or any(fault.outside in why for why in outside), outside


@pytest.mark.parametrize(("cloud", "name"), FAULTS, ids=[" ".join(f) for f in FAULTS])
def test_a_fault_is_seen(cloud: str, name: str, evaluations: dict[str, Evaluation]) -> None:
    fault = MUTANTS[cloud][name]
    assert fault.guards or fault.outside
    expect(fault, mutated(asked(cloud), evaluations[cloud], fault))


@pytest.mark.parametrize(("cloud", "name"), MORE, ids=[" ".join(f) for f in MORE])
def test_a_resource_that_nobody_asked_for_is_seen(
    cloud: str, name: str, evaluations: dict[str, Evaluation]
) -> None:
    kind, inputs, guards = ADDED[cloud][name]
    lacks, outside = added(asked(cloud), evaluations[cloud], kind, inputs)
    assert guards <= lacks
    assert guards or outside


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("watch-eu-plants-0a1b2c3/data", "elsewhere-of-us/data", "elsewhere-of-us"),
        ("watch-eu-plants-0a1b2c3/data", "watch-fr-plants-0a1b2c3/data", "zone `fr-plants`"),
        ("/watch-eu-plants/train", "/watch-us-plants/train", ""),
        ("/global/networks/watch-eu-plants", "/global/networks/default", ""),
        ('"enableWebAccess": false', '"enableWebAccess": true', ""),
    ],
)
def test_the_body_of_a_request_is_read(
    old: str, new: str, why: str, evaluations: dict[str, Evaluation]
) -> None:
    found = evaluations["gcp"]
    (job,) = (r for r in found.resources
              if r.type.endswith("/job:Job") and r.owner == "eu-plants")  # fmt: skip
    body = job.inputs["httpTarget"]["body"]
    said = base64.b64decode(body).decode()
    assert old in said
    fault = Mutant(kind=":Job", old=body, new=base64.b64encode(said.replace(old, new).encode())
                   .decode(), guards=frozenset({"training-in-region"}), outside=why,
                   zone="eu-plants")  # fmt: skip
    expect(fault, mutated(asked("gcp"), found, fault))


def test_a_provider_that_speaks_to_others_is_seen(evaluations: dict[str, Evaluation]) -> None:
    found = evaluations["aws"]
    sent = tuple(
        replace(r, inputs={**r.inputs, "endpoints": [{"s3": "https://example.org"}]})
        if r.type == "pulumi:providers:aws" else r
        for r in found.resources
    )  # fmt: skip
    _, outside = judged(asked("aws"), replace(found, resources=sent))
    assert outside == ["its `endpoints` sends requests elsewhere"] * 3


@pytest.mark.parametrize(("cloud", "more"), [
    ("azure", {"clientSecret": "s"}), ("gcp", {"impersonateServiceAccount": "eve@example.org"}),
])  # fmt: skip
def test_a_provider_that_acts_as_another_is_seen(
    cloud: str, more: dict[str, str], evaluations: dict[str, Evaluation]
) -> None:
    found = evaluations[cloud]
    acting = tuple(replace(r, inputs={**r.inputs, **more})
                   if r.type.startswith("pulumi:providers:") else r
                   for r in found.resources)  # fmt: skip
    lacks, _ = judged(asked(cloud), replace(found, resources=acting))
    assert "known-resources" in lacks


def test_what_is_avoided_by_no_guard_happens() -> None:
    row = Implicit(id="aws:copies", service="s3", facet="backup", carries="ciphertext",
                   countries=(), avoided_by="a-wish", text="", source="",
                   checked_on=None)  # fmt: skip
    (kept,) = only_guarded((row,), {"aws": {"a-wish"}})
    assert kept.avoided_by
    (kept,) = only_guarded((row,), {"aws": {"bucket-in-region"}})
    assert not kept.avoided_by


@pytest.mark.parametrize("target", targets().values(), ids=list(targets()))
def test_what_the_catalogue_says_is_avoided_is_a_guard(target: Target) -> None:
    guards = {g.id: g for g in target.guards}
    rows = re.findall(r"facet: (\w+)\n(?:    .*\n)*?    avoided_by: (\S+)", catalog_text(target))
    assert rows or target.name == "none"
    for facet, name in rows:
        assert guards[name].enforced
        assert facet in guards[name].facets


@pytest.mark.parametrize("cloud", CLOUDS)
def test_each_guard_can_be_missed(cloud: str) -> None:
    missed = {guard for fault in MUTANTS[cloud].values() for guard in fault.guards}
    missed |= {guard for _, _, guards in ADDED[cloud].values() for guard in guards}
    assert missed >= {g.id for g in targets()[cloud].guards}


@pytest.mark.parametrize("target", targets().values(), ids=list(targets()))
def test_a_guard_says_what_it_does_and_where_that_was_read(target: Target) -> None:
    assert len({g.id for g in target.guards}) == len(target.guards)
    for guard in target.guards:
        assert set(guard.facets) <= set(FACETS)
        assert guard.source.startswith("https://")
        assert len(guard.title) > 20
        assert not guard.title.endswith(".")
    assert set(target.unguarded) <= {*FACETS, "stage"}
