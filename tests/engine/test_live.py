"""What there really is, against what was applied: found, taken over, or made so again."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from engine.conftest import STACK, World


@pytest.fixture
def applied(world: World, spec: Callable[[str], Path]) -> Iterator[Path]:
    folder = spec("vibration-watch")
    done = world.up(folder)
    assert done.returncode == 0, done.stderr
    yield folder
    world.cloud.heal()
    assert world.destroy(folder, "--delete-data").returncode == 0


def test_drift_is_found_and_undone(world: World, applied: Path) -> None:
    still = world.run("verify", applied, "--stack", STACK, "--live")
    assert still.returncode == 0, still.stderr

    key, lost = next((k, t) for k, t in world.cloud.things.items() if ":Schedule" in t.token)
    del world.cloud.things[key]
    changed = next(t for t in world.cloud.things.values() if ":BucketVersioning" in t.token)
    for kept in (changed.inputs, changed.state):
        kept["versioningConfiguration"] = {"status": "Suspended"}

    found = world.run("verify", applied, "--stack", STACK, "--live", "--format", "json")
    assert found.returncode == 7, found.stderr
    drift = {(d["type"], d["op"]) for d in json.loads(found.stdout)["drift"]}
    assert drift == {(lost.token, "create"), (changed.token, "update")}

    done = world.run("refresh", applied, "--stack", STACK)
    assert done.returncode == 0, done.stderr
    done = world.up(applied)
    assert done.returncode == 0, done.stderr
    assert world.run("verify", applied, "--stack", STACK, "--live").returncode == 0


def test_status_has_typed_outputs_and_preview_of_the_same_is_empty(
    world: World, applied: Path
) -> None:
    said = world.run("status", applied, "--stack", STACK, "--format", "json")
    assert said.returncode == 0, said.stderr
    document = json.loads(said.stdout)
    (cloud,) = document["clouds"]
    assert cloud["complete"]
    assert cloud["resources"] == len(world.cloud.things)
    outputs = {(o["zone"], o["name"]): o for o in cloud["outputs"]}
    assert outputs["eu-plants", "bucket"]["kind"] == "string"
    assert outputs["eu-plants", "bucket"]["value"]

    looked = world.run("preview", applied, "--stack", STACK, "--expect-no-changes", "--format",
                       "json")  # fmt: skip
    assert looked.returncode == 0, looked.stderr
    engine = json.loads(looked.stdout)["engine"]
    assert engine["ran"]
    assert {c["op"] for c in engine["changes"]} == {"same"}


def test_a_preview_of_what_is_not_there_makes_nothing(
    world: World, spec: Callable[[str], Path]
) -> None:
    folder = spec("vibration-watch")
    looked = world.run("preview", folder, "--stack", STACK, "--layer", "engine", "--format", "json")
    assert looked.returncode == 0, looked.stderr
    engine = json.loads(looked.stdout)["engine"]
    assert {c["op"] for c in engine["changes"]} == {"create"}
    assert not world.cloud.things
    assert not (folder / ".hybridspec").exists()


def test_only_the_reviewed_plan_is_applied(world: World, spec: Callable[[str], Path]) -> None:
    folder = spec("vibration-watch")
    refused = world.up(folder, "--plan", "0" * 64)
    assert refused.returncode == 2
    assert "not the reviewed" in refused.stderr
    assert not world.cloud.calls
