"""A creation that fails, and an engine that is killed at one: the next run comes to the end."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from engine.conftest import STACK, World

NAME = "vibration-watch"
SWEEP = bool(os.environ.get("HYBRIDSPEC_NIGHTLY"))


def creations(world: World, folder: Path) -> int:
    """How many resources the example has, found out by making and removing them."""
    done = world.up(folder)
    assert done.returncode == 0, done.stderr
    count = world.cloud.created
    done = world.destroy(folder, "--delete-data")
    assert done.returncode == 0, done.stderr
    assert not world.cloud.things
    return count


def chosen(count: int) -> list[int]:
    """Which creations go wrong: all by night, else the first, one in the middle and the last."""
    return list(range(1, count + 1)) if SWEEP else sorted({1, count // 2, count})


def test_after_a_failed_creation_up_goes_on_and_destroy_leaves_nothing(
    world: World, spec: Callable[[str], Path]
) -> None:
    folder = spec(NAME)
    for at in chosen(creations(world, folder)):
        world.cloud.heal()
        world.cloud.fail_at = at
        failed = world.up(folder)
        assert failed.returncode == 4, (at, failed.stderr)
        assert "internal error" in failed.stderr

        before = set(world.cloud.things)
        world.cloud.heal()
        done = world.up(folder)
        assert done.returncode == 0, (at, done.stderr)
        assert set(world.cloud.things) > before
        done = world.destroy(folder, "--delete-data")
        assert done.returncode == 0, (at, done.stderr)
        assert not world.cloud.things, at


def test_after_a_kill_up_says_what_is_open_and_settles_it_on_request(
    world: World, spec: Callable[[str], Path]
) -> None:
    folder = spec(NAME)
    for at in chosen(creations(world, folder)):
        world.cloud.heal()
        world.cloud.kill_at = at
        killed = world.up(folder)
        assert killed.returncode == 4, (at, killed.stderr)
        assert "the engine was killed" in killed.stderr

        world.cloud.heal()
        explained = world.up(folder)
        assert explained.returncode == 1, (at, explained.stderr)
        assert "cut off" in explained.stderr
        assert "--repair" in explained.stderr
        assert not world.cloud.count("create")

        kept = world.destroy(folder, "--delete-data")
        assert kept.returncode == 1, (at, kept.stderr)
        assert "cut off" in kept.stderr or "locked" in kept.stderr
        assert "`hybridspec up" in kept.stderr
        assert not world.cloud.count("delete")

        urns = [x.strip() for x in explained.stderr.splitlines() if x.strip().startswith("urn:")]
        there = [(urn, found) for urn in urns if (found := world.cloud.identity(urn))]
        assert there, "the resource whose creation was cut off exists"
        flags = [word for urn, found in there for word in ("--adopt", f"{urn}={found}")]
        done = world.up(folder, "--repair", *flags)
        assert done.returncode == 0, (at, done.stderr)
        status = world.run("status", folder, "--stack", STACK)
        assert status.returncode == 0, status.stderr
        done = world.destroy(folder, "--delete-data")
        assert done.returncode == 0, (at, done.stderr)
        assert not world.cloud.things, at
