"""A spec over several clouds: each zone goes where it costs least, and each cloud has a stack."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import EXAMPLE

from hybridspec.cli.preview import look
from hybridspec.compiler import Build, Options, compile_file, validate_file
from hybridspec.emit.cut import cloud_slices

REGIONS = {
    "aws": ["eu-central-1", "us-east-1"],
    "azure": ["germanywestcentral", "eastus"],
    "gcp": ["europe-west3", "us-central1"],
}
ZONES = {"eu": ("DE", "stuttgart"), "us": ("US", "austin")}


def written(**changes: dict[str, Any]) -> dict[str, Any]:
    """A spec of two zones that have nothing in common, and three clouds with a region in each."""
    return {
        "apiVersion": "hybridspec.dev/v1",
        "metadata": {"name": "far", "owner": "plants@example.org", "as_of": "2026-11-01"},
        "zones": {z: {"countries": [c], "retention": "P30D"} for z, (c, _) in ZONES.items()},
        "devices": {
            f"{z}-gateway": {"board": "raspberry-pi-5", "max_offline": "P3D",
                             "uplink": {"bandwidth": "20Mbit/s", "rtt": "35ms"}}
            for z in ZONES
        },
        "sites": {
            site: {"country": country, "zone": z, "devices": {f"{z}-gateway": 3}}
            for z, (country, site) in ZONES.items()
        },
        "clouds": {c: {"provider": c, "regions": regions} for c, regions in REGIONS.items()},
        "rollout": {"cohorts": [{"name": "all", "percent": 100, "max_failures": 0.05}]},
        "stacks": {"home": {"clouds": ["gcp"], "backend": "gs://states", "config": {"a": "b"}}},
        "data": {f"{z}-vibration": {"category": "system.operations", "size": "4KiB",
                                    "rate": "2000/s"} for z in ZONES},
        "models": {f"{z}-fault": {
            "source": "model/bearing_fault.onnx", "floor": 0.93, "allowed_drop": 0.01,
            "evaluation": "model/evaluation.npz", "calibration": "model/calibration.npz",
            "training": {"image": "train/m:1", "hours": 2, "every": "P30D",
                         **changes.get(z, {})},
        } for z in ZONES},
        "flows": {f"{z}-watch": {
            "data": f"{z}-vibration", "sites": [site],
            "latency": {"bound": "50ms", "percentile": "p95", "to": "alert"}, "offline": "P3D",
            "stages": {
                "normalise": {"transform": "normalise", "inputs": [f"{z}-vibration"]},
                "diagnose": {"model": f"{z}-fault", "inputs": ["normalise"], "size": "64B"},
                "alert": {"sink": "alert", "inputs": ["diagnose"]},
                "summary": {"transform": "aggregate", "inputs": ["diagnose"], "every": "P1D",
                            "size": "16KiB"},
                "history": {"sink": "store", "inputs": ["summary"]},
            },
        } for z, (_, site) in ZONES.items()},
    }  # fmt: skip


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(EXAMPLE / "model", tmp_path / "spec" / "model")
    return tmp_path / "spec"


def test_a_policy_takes_the_regions_of_a_cloud_from_a_zone(folder: Path, cache: Path) -> None:
    usual = {s.zone.name: s.region.label for s in placed(folder, cache).plan.stores}
    forbidden = usual["eu"]
    policy = {"applies_to": {"zones": ["eu"]}, "forbid": {"regions": [forbidden]}, "reason": "own"}
    spec = {**written(), "policies": {"elsewhere": policy}}
    (folder / "hybridspec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    build = validate_file(folder / "hybridspec.yaml", Options(cache=cache))
    stores = {s.zone.name: s.region for s in build.plan.stores}
    assert stores["eu"].label != forbidden
    assert stores["eu"].country == "DE"
    assert stores["us"].label == usual["us"]


def stack_names(build: Build, stack: str) -> list[str]:
    """The clouds that a stack of the spec deploys to."""
    return [p.cloud for p in cloud_slices(build.graph, build.plan, build.plan_digest, stack)]


def placed(folder: Path, cache: Path, **changes: dict[str, Any]) -> Build:
    """The plan of the spec above."""
    (folder / "hybridspec.yaml").write_text(yaml.safe_dump(written(**changes), sort_keys=False))
    return validate_file(folder / "hybridspec.yaml", Options(cache=cache))


def test_each_zone_goes_where_it_costs_least_over_all_clouds(folder: Path, cache: Path) -> None:
    build = placed(folder, cache)
    for store in build.plan.stores:
        assert store.region.country in store.zone.countries
        compared = {label.partition("/")[0] for label, _ in store.alternatives}
        assert compared | {store.region.cloud} == set(REGIONS)
        assert all(more >= 0 for _, more in store.alternatives)


@pytest.mark.parametrize("cloud", REGIONS)
def test_a_training_that_names_its_cloud_takes_its_zone_along(
    cloud: str, folder: Path, cache: Path
) -> None:
    stores = {s.zone.name: s.region for s in
              placed(folder, cache, us={"cloud": cloud}).plan.stores}  # fmt: skip
    assert stores["us"].label == f"{cloud}/{REGIONS[cloud][1]}"
    assert stores["eu"].country == "DE"


def test_a_stack_may_deploy_to_some_of_the_clouds(folder: Path, cache: Path) -> None:
    build = placed(folder, cache, eu={"cloud": "gcp"}, us={"cloud": "aws"})
    assert stack_names(build, "local") == ["aws", "gcp"]
    assert stack_names(build, "home") == ["gcp"]
    (part,) = cloud_slices(build.graph, build.plan, build.plan_digest, "home")
    assert (part.backend, part.config) == ("gs://states", (("a", "b"),))


def test_a_stack_for_each_cloud_and_none_for_the_rest(folder: Path, cache: Path) -> None:
    placed(folder, cache, eu={"cloud": "gcp"}, us={"cloud": "aws"})
    spec = folder / "hybridspec.yaml"
    build = compile_file(spec, Options(cache=cache))
    assert [cloud for cloud, _ in build.stacks] == ["aws", "gcp"]
    trees = dict(build.stacks)
    assert b"us-east-1" in trees["aws"].files["__main__.py"]
    assert b"stuttgart" not in trees["aws"].files["__main__.py"]
    assert b"europe-west3" in trees["gcp"].files["__main__.py"]
    steps = look(build, spec, Options(cache=cache), None, None)["changes"]
    by_cloud = {c: {s["type"] for s in steps if s["cloud"] == c} for c in ("aws", "gcp")}
    assert {s["cloud"] for s in steps} == set(by_cloud)
    assert "aws:kms/key:Key" in by_cloud["aws"]
    assert "gcp:kms/cryptoKey:CryptoKey" in by_cloud["gcp"]
    assert {s["op"] for s in steps} == {"create"}
