"""What goes wrong between the engine and a cloud: a sentence, the next command, Pulumi's code."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from engine.conftest import STACK, World

from hybridspec.base.errors import HybridspecError
from hybridspec.deliver.engine.command import find
from hybridspec.deliver.engine.project import Project
from hybridspec.ir.tree import FileTree

NAME = "vibration-watch"
Copy = Callable[[str], Path]

DENIED = {
    "no credentials": (
        "No valid credential sources found for AWS Provider", "there are no credentials",
    ),
    "expired token": (
        "ExpiredToken: The security token included in the request is expired", "have expired",
    ),
    "wrong account": ("AWS Account ID not allowed: 111122223333", "of another account"),
}  # fmt: skip
REFUSED = {
    "quota": ("TooManyBuckets: You have attempted to create more buckets", "a quota"),
    "region": (
        "UnsupportedRegionException: not available in the region eu-west-1", "the region does not",
    ),
    "name": ("BucketAlreadyExists: the requested name is not available", "a name is taken"),
}  # fmt: skip


@pytest.mark.parametrize("case", DENIED)
def test_a_cloud_that_does_not_know_us_ends_with_3(case: str, world: World, spec: Copy) -> None:
    world.cloud.denied, sentence = DENIED[case]
    folder = spec(NAME)
    done = world.up(folder)
    assert done.returncode == 3, done.stderr
    assert sentence in done.stderr
    assert "help: " in done.stderr
    assert not world.cloud.things

    looked = world.run("preview", folder, "--stack", STACK, "--format", "json")
    assert looked.returncode == 0, looked.stderr
    engine = json.loads(looked.stdout)["engine"]
    assert not engine["ran"]
    assert sentence in engine["layer"]
    insisted = world.run("preview", folder, "--stack", STACK, "--layer", "engine")
    assert insisted.returncode == 3


@pytest.mark.parametrize("case", REFUSED)
def test_what_a_cloud_refuses_ends_with_4(case: str, world: World, spec: Copy) -> None:
    world.cloud.failure, sentence = REFUSED[case]
    world.cloud.fail_at = 3
    done = world.up(spec(NAME))
    assert done.returncode == 4, done.stderr
    assert sentence in done.stderr
    assert world.cloud.failure.split(":")[0] in done.stderr


def test_what_is_there_already_is_not_taken(world: World, spec: Copy) -> None:
    mine = spec(NAME)
    theirs = mine.with_name("theirs")
    shutil.copytree(mine, theirs)
    assert world.up(theirs).returncode == 0
    done = world.up(mine)
    assert done.returncode == 4, done.stderr
    assert "a name is taken already" in done.stderr


def test_a_plugin_that_is_not_there_says_how_to_get_it(world: World, spec: Copy) -> None:
    done = world.run("up", spec(NAME), "--stack", STACK, "--yes", PULUMI_DEBUG_PROVIDERS="")
    assert done.returncode == 1, done.stderr
    assert "plugin for aws" in done.stderr
    assert "pulumi plugin install resource aws v" in done.stderr
    assert "--file pulumi-resource-aws-v" in done.stderr


def test_a_stack_that_somebody_else_works_on_names_them(world: World, spec: Copy) -> None:
    folder = spec(NAME)
    assert world.up(folder).returncode == 0
    state = folder / ".hybridspec" / "hybridspec" / STACK / "engine" / "state" / ".pulumi"
    lock = state / "locks" / "organization" / f"{NAME}-aws" / STACK / "1.json"
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.write_text(json.dumps({"pid": 7, "username": "ada", "hostname": "far",
                                "timestamp": "2026-11-01T12:00:00Z"}))  # fmt: skip
    for flags in ((), ("--repair",)):
        done = world.up(folder, *flags)
        assert done.returncode == 1, done.stderr
        assert "ada@far works on the stack" in done.stderr
    lock.unlink()
    assert world.up(folder).returncode == 0


@pytest.mark.parametrize("left", [0, 150])
def test_a_damaged_state_says_where_a_good_copy_is(left: int, world: World, tmp_path: Path) -> None:
    environment = {
        **os.environ, **world.environment, "PULUMI_CONFIG_PASSPHRASE": "",
        "PULUMI_BACKEND_URL": f"file://{tmp_path}?metadata=skip",
    }  # fmt: skip
    project = Project(cloud="aws", stack=STACK, folder=tmp_path / "aws", cli=find(environment),
                      environment=environment)  # fmt: skip
    project.write(FileTree({"Pulumi.yaml": b"name: x-aws\nruntime: python\n"}))
    project.select(create=True)
    state = tmp_path / ".pulumi" / "stacks" / "x-aws" / f"{STACK}.json"
    state.write_bytes(state.read_bytes()[:left])
    with pytest.raises(HybridspecError, match="is damaged") as told:
        project.state()
    assert ".json.bak" in told.value.help
    assert state.with_name(f"{STACK}.json.bak").is_file()


def test_a_service_whose_image_nobody_pushed_waits_and_up_goes_on(world: World, spec: Copy) -> None:
    image = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/watch/serve:1"
    world.cloud.failure = f"ValidationException: Requested image {image} not found."
    world.cloud.fail_at = 40
    folder = spec(NAME)
    stopped = world.up(folder)
    assert stopped.returncode == 4, stopped.stderr
    assert f"nobody has pushed yet: {image}" in stopped.stderr
    assert f"docker push {image}" in stopped.stderr
    made = len(world.cloud.things)
    world.cloud.heal()
    assert world.up(folder).returncode == 0
    assert world.cloud.created == len(world.cloud.things) - made


def test_a_resource_outside_the_plans_regions_is_refused(world: World, spec: Copy) -> None:
    world.cloud.allowed = {"aws": frozenset({"eu-central-1"})}
    done = world.up(spec(NAME))
    assert done.returncode != 0
    assert "which the plan does not allow" in done.stderr
    assert not world.cloud.things


def test_nobody_is_asked_where_nobody_can_answer(world: World, spec: Copy) -> None:
    done = world.run("up", spec(NAME), "--stack", STACK)
    assert done.returncode == 2
    assert "--yes" in done.stderr
    assert not world.cloud.calls
