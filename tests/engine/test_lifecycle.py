"""Every example on the real engine: up, nothing to do, a change, away, and nothing left over."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from conftest import EXAMPLES
from engine.conftest import STACK, World

USUAL = ("city-traffic", "vibration-watch")
"""On all three clouds together."""
ALL = sorted(p.parent.name for p in EXAMPLES.glob("*/hybridspec.yaml"))
CHOSEN = ALL if os.environ.get("HYBRIDSPEC_NIGHTLY") else USUAL


def change(folder: Path) -> None:
    """Keep what is stored for a day less."""
    path = folder / "hybridspec.yaml"
    less = re.sub(
        r"((?:retention|at_most): P)(\d+)D", lambda m: f"{m[1]}{int(m[2]) - 1}D", path.read_text()
    )
    path.write_text(less)


def planned(world: World, folder: Path) -> dict[str, frozenset[str]]:
    """The regions of each provider that the plan uses, as the spec and the plan file say."""
    assert world.run("build", folder, "--stack", STACK).returncode == 0
    clouds = yaml.safe_load((folder / "hybridspec.yaml").read_text())["clouds"]
    (plan,) = (folder / "build").glob("*/plan.json")
    found: dict[str, set[str]] = {}
    for store in json.loads(plan.read_text())["stores"]:
        cloud, _, region = store["region"].partition("/")
        provider = clouds[cloud]["provider"].replace("azure", "azure-native")
        found.setdefault(provider, set()).add(region)
    return {provider: frozenset(regions) for provider, regions in found.items()}


def published(world: World, folder: Path, told: str) -> None:
    """Every zone with devices has the channel, of its own device classes alone; others are told."""
    said = world.run("status", folder, "--stack", STACK, "--format", "json")
    zones = {
        zone: versions for row in json.loads(said.stdout)["clouds"]
        for zone, versions in row["published"].items()
    }  # fmt: skip
    assert zones
    assert all(version > 0 for versions in zones.values() for version in versions.values())
    assert len(world.stores.objects) == len(zones)
    channel = next((folder / "build").glob("*/channel"))
    classes = {path.name for path in (channel / "targets").iterdir()}
    got = set()
    for objects in world.stores.objects.values():
        paths = {path.removeprefix("ota/"): kept.data for path, kept in objects.items()}
        assert all(data == (channel / path).read_bytes() for path, data in paths.items())
        mine = {path.split("/")[1] for path in paths if path.startswith("targets/")}
        roles = {path.split(".")[1] for path in paths if ".class-" in path}
        assert roles == {f"class-{name}" for name in mine}
        assert "metadata/timestamp.json" in paths
        got |= mine
    if got != classes:
        assert "its zone has no store" in told or "its devices get nothing from here" in told


@pytest.mark.parametrize("name", CHOSEN)
def test_a_stack_comes_up_stays_changes_and_goes(
    name: str, world: World, spec: Callable[[str], Path]
) -> None:
    folder = spec(name)
    world.cloud.allowed = planned(world, folder)
    (reviewed,) = (folder / "build").glob("*/plan.json")
    first = world.up(folder, "--plan", str(reviewed))
    assert first.returncode == 0, first.stderr
    made = set(world.cloud.things)
    assert made
    published(world, folder, first.stderr)

    world.cloud.calls.clear()
    world.stores.written.clear()
    again = world.up(folder)
    assert again.returncode == 0, again.stderr
    assert not any(world.cloud.count(each) for each in ("create", "update", "delete"))
    assert not world.stores.written

    change(folder)
    changed = world.up(folder)
    assert changed.returncode == 0, changed.stderr
    assert world.cloud.count("update")

    refused = world.destroy(folder)
    assert refused.returncode == 2
    assert "data that would be lost" in refused.stderr
    assert set(world.cloud.things) >= made
    gone = world.destroy(folder, "--delete-data")
    assert gone.returncode == 0, gone.stderr
    assert not world.cloud.things
    assert not (folder / ".hybridspec" / "hybridspec" / STACK).exists()


def test_a_cloud_that_the_plan_dropped_is_named_and_destroyed_alone(
    world: World, spec: Callable[[str], Path]
) -> None:
    folder = spec("remote-farm")
    done = world.up(folder)
    assert done.returncode == 0, done.stderr
    both = {thing.provider for thing in world.cloud.things.values()}
    assert both == {"aws", "gcp"}

    (folder / f"hybridspec.{STACK}.yaml").write_text(f"stacks: {{{STACK}: {{clouds: [gcp]}}}}\n")
    dropped = world.up(folder)
    assert dropped.returncode == 0, dropped.stderr
    command = f"`hybridspec destroy --stack {STACK} --cloud aws`"
    assert f"aws: no longer in the plan, and still deployed: {command}" in dropped.stderr
    assert "its devices get nothing from here" in dropped.stderr
    assert {thing.provider for thing in world.cloud.things.values()} == both

    kept = world.destroy(folder, "--cloud", "aws")
    assert kept.returncode == 2
    assert "data that would be lost" in kept.stderr
    gone = world.destroy(folder, "--cloud", "aws", "--delete-data")
    assert gone.returncode == 0, gone.stderr
    assert {thing.provider for thing in world.cloud.things.values()} == {"gcp"}
    said = json.loads(world.run("status", folder, "--stack", STACK, "--format", "json").stdout)
    assert [row["cloud"] for row in said["clouds"]] == ["gcp"]
    assert world.destroy(folder, "--cloud", "aws").returncode == 2
    assert world.destroy(folder, "--delete-data").returncode == 0
    assert not world.cloud.things
