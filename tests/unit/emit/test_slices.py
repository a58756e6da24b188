"""What a cloud's target is told of a plan: services, what is adopted, training, and the budget."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from unit.emit.test_hosted_stages import EDITS

from hybridspec.base.diagnostic import SpecInvalid
from hybridspec.compiler import Build, Options, compile_file, resolve_file, validate_file
from hybridspec.emit.cut import cloud_slices
from hybridspec.ir.plan import CloudSlice, Existing
from hybridspec.ir.region import Adopted


def sliced(build: Build) -> CloudSlice:
    """The only slice of a build."""
    (found,) = cloud_slices(build.graph, build.placed, "0" * 64, "local")
    return found


def edited(example: Path, *edits: tuple[str, str]) -> Path:
    """The example with each text in place of another."""
    spec = example / "hybridspec.yaml"
    text = spec.read_text()
    for old, new in edits:
        assert old in text
        text = text.replace(old, new)
    spec.write_text(text)
    return spec


def test_what_a_flow_computes_in_the_cloud_is_one_service(example: Path, cache: Path) -> None:
    data = "    data: vibration\n"
    named = data + "    service: {image: serve/watch:2, port: 9000}\n"
    spec = edited(example, *EDITS.items(), (data, named))
    build = validate_file(spec, Options(cache=cache))
    (zone,) = sliced(build).zones
    (service,) = zone.services
    line = next(i for i, row in enumerate(spec.read_text().splitlines(), 1) if "service:" in row)
    assert (service.image, service.port) == ("serve/watch:2", 9000)
    assert service.origin.endswith(f"hybridspec.yaml:{line}")
    assert {"diagnose", "summary"} <= {name for name, _ in service.stages}
    assert [name for name, _ in service.models] == ["bearing-fault"]
    (facts,) = [model.facts for model in build.graph.models if model.name == "bearing-fault"]
    assert service.memory == facts.size + facts.peak_activations
    assert service.least <= service.most
    assert service.most >= 1


def test_a_plan_without_cloud_stages_has_no_service(example: Path, cache: Path) -> None:
    (zone,) = sliced(validate_file(example, Options(cache=cache))).zones
    assert zone.services == ()
    assert zone.existing == Existing()


def test_a_zone_says_what_flows_a_device_class_has_a_part_in(example: Path, cache: Path) -> None:
    build = validate_file(example, Options(cache=cache))
    (zone,) = sliced(build).zones
    assert {name for name, _ in zone.class_flows} == set(zone.device_classes)
    for name, flows in zone.class_flows:
        ran = {d.flow.name for d in build.placed.decisions
               if d.chosen.device is not None and d.chosen.device.name == name}  # fmt: skip
        assert set(flows) == ran
        assert flows


def test_a_zone_says_what_its_region_has(example: Path, cache: Path) -> None:
    (zone,) = sliced(validate_file(example, Options(cache=cache))).zones
    assert {"s3", "kms", "iot"} <= set(zone.offered)


EXISTING = "    provider: aws\n    existing: {%s: {bucket: own-data}}\n"


def test_what_a_zone_adopts_is_of_its_regions(example: Path, cache: Path) -> None:
    spec = edited(example, ("    provider: aws\n", EXISTING % "eu-plants"))
    regions = resolve_file(spec, Options(cache=cache)).regions
    found = {region.cloud: [(one.zone, one.bucket, one.key) for one in region.existing]
             for region in regions}  # fmt: skip
    assert found == {"aws": [("eu-plants", "own-data", "")], "azure": []}


def test_what_a_zone_adopts_reaches_its_slice(example: Path, cache: Path) -> None:
    build = validate_file(example, Options(cache=cache))
    (store,) = build.placed.stores
    mine, other = (Adopted(zone=name, bucket=name, key="", registry="", origin=store.zone.origin)
                   for name in (store.zone.name, "another"))  # fmt: skip
    kept = replace(store, region=replace(store.region, existing=(other, mine)))
    (part,) = cloud_slices(build.graph, replace(build.placed, stores=(kept,)), "0" * 64, "local")
    assert part.zones[0].existing.bucket == store.zone.name
    assert part.zones[0].existing.origin == store.zone.origin.ref


def test_a_zone_that_there_is_not_adopts_nothing(example: Path, cache: Path) -> None:
    spec = edited(example, ("    provider: aws\n", EXISTING % "eu-plant"))
    with pytest.raises(SpecInvalid) as refused:
        validate_file(spec, Options(cache=cache))
    assert [(f.code, "eu-plants" in (f.help or "")) for f in refused.value.findings] == [
        ("HS0220", True)
    ]


def test_triggers_and_spot_reach_the_training_job(example: Path, cache: Path) -> None:
    plain = sliced(validate_file(example, Options(cache=cache))).zones[0].training[0]
    assert (plain.drift, plain.spot) == (False, False)
    spec = edited(example, ("hours: 2,",
                            "hours: 2, spot: true, triggers: {drift: 0.2},"))  # fmt: skip
    (job,) = sliced(validate_file(spec, Options(cache=cache))).zones[0].training
    assert (job.drift, job.spot) == (True, True)


def test_the_budget_is_what_the_plan_counts_for_the_cloud(example: Path, cache: Path) -> None:
    build = compile_file(example, Options(cache=cache))
    part = sliced(build)
    paid = sum(term.amount for store in build.placed.stores for term in store.terms
               if term.side == "cloud")  # fmt: skip
    months = build.graph.horizon * 12 / (365 * 24 * 3600 * 10**6)
    assert part.budget / 10**6 - 1 < paid / 10**6 / months <= part.budget / 10**6
    assert part.contact == build.graph.owner
