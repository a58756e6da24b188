"""One deployed fleet through its life: unchanged, edited, grown, damaged, repaired, ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cli.fleets import System, system, until

from hybridspec.deliver import process


@pytest.fixture(scope="module")
def fleet(seed: Path, cache: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """A deployed system; every test leaves it deployable."""
    base = tmp_path_factory.mktemp("ein Ördner 工場")
    with system(seed, base / "system", cache) as made:
        made.up()
        yield made


def test_before_up_everything_is_new_and_after_it_nothing_changes(
    seed: Path, cache: Path, tmp_path: Path
) -> None:
    with system(seed, tmp_path / "system", cache) as made:
        assert made.run("preview", "--expect-no-changes").returncode == 7
        assert not (made.folder / "build").exists()
        done = made.run("up")
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[-1].startswith("starting 1 agent")
        assert "COMMITTED" in done.stdout
        assert f"Report: {made.folder / 'build/my-system/report/index.html'}\n" in done.stdout
        after = made.run("preview", "--expect-no-changes", "--format", "json")
        assert after.returncode == 0
        assert {c["op"] for c in json.loads(after.stdout)["changes"]} == {"same"}
        made.edit("retention: P30D", "retention: P20D")
        changed = made.run("preview", "--format", "json")
        assert {c["op"] for c in json.loads(changed.stdout)["changes"]} == {"same", "update"}
        ended = made.run("destroy", "--format", "json")
        assert json.loads(ended.stdout) == {
            "schemaVersion": "hybridspec.dev/destroy/v1", "stack": "local", "processesEnded": 2,
        }  # fmt: skip
        made.assert_gone()
        assert (made.folder / "build" / "my-system" / "plan.json").exists()
        again = made.run("destroy")
        assert (again.returncode, again.stdout) == (6, "")
        assert "is not deployed here" in again.stderr
        assert made.run("status").returncode == 6


def test_a_second_up_does_nothing_and_says_so(fleet: System) -> None:
    fleet.up()
    before, written = fleet.processes(), (fleet.stack.folder / "state.json").stat()
    done = fleet.run("up")
    assert done.returncode == 0
    assert done.stderr == "nothing changed: the fleet runs what the spec says\n"
    assert fleet.processes() == before
    assert (fleet.stack.folder / "state.json").stat() == written


def test_an_edit_is_a_new_release_and_so_is_the_way_back(fleet: System) -> None:
    first = fleet.up()["devices"][0]
    fleet.edit("floor: 0.85", "floor: 0.84")
    second = fleet.up()["devices"][0]
    assert second["releaseCounter"] == first["releaseCounter"] + 1
    assert second["release"] != first["release"]
    fleet.edit("floor: 0.84", "floor: 0.85")
    third = fleet.up()["devices"][0]
    assert third["releaseCounter"] == first["releaseCounter"] + 2
    assert third["release"] == first["release"]


def test_the_fleet_grows_and_shrinks(fleet: System) -> None:
    grown = fleet.up("--devices", "3")
    assert [d["name"] for d in grown["devices"]] == ["gateway-1", "gateway-2", "gateway-3"]
    assert len(fleet.processes()) == 4
    one = fleet.agent("gateway-1")
    shrunk = fleet.up("--devices", "1")
    assert [d["name"] for d in shrunk["devices"]] == ["gateway-1"]
    assert fleet.agent("gateway-1") == one
    assert len(fleet.processes()) == 2


def test_a_killed_agent_is_seen_and_replaced(fleet: System) -> None:
    fleet.up()
    os.kill(fleet.agent(), signal.SIGKILL)
    until(lambda: not fleet.status()["devices"][0]["alive"], what=lambda: "it looks alive")
    assert "no" in fleet.run("status").stdout
    fleet.up()


def test_a_killed_channel_is_seen_and_replaced(fleet: System) -> None:
    fleet.up()
    os.kill((process.running(fleet.stack.channel_lock) or {})["pid"], signal.SIGKILL)
    until(lambda: not fleet.status()["channel"]["alive"], what=lambda: "it looks alive")
    assert "the channel is not served" in fleet.run("status").stdout
    until(lambda: fleet.status()["devices"][0]["reason"] == "channel-unreachable",
          what=lambda: f"{fleet.status()}")  # fmt: skip
    assert fleet.up()["devices"][0]["alive"]


def test_two_at_once_and_one_waits_its_turn(fleet: System) -> None:
    fleet.edit("floor: 0.85", "floor: 0.83")
    first = fleet.start("up")
    lock = fleet.stack.folder.parent / "local.lock"
    until(lambda: process.running(lock) is not None, what=lambda: "it never took the lock")
    refused = [fleet.run("up"), fleet.run("destroy")]
    assert first.communicate(timeout=120)[1].count("error") == 0
    assert first.returncode == 0
    for done in refused:
        assert (done.returncode, done.stdout) == (1, "")
        assert "another command is working on stack `local`" in done.stderr
        assert "wait for it to end" in done.stderr
    fleet.edit("floor: 0.83", "floor: 0.85")


def test_output_elsewhere_moves_the_channel_too(fleet: System, tmp_path: Path) -> None:
    fleet.up()
    moved = fleet.up("--out", tmp_path / "out")
    assert moved["output"] == str(tmp_path / "out")
    assert (tmp_path / "out" / "channel" / "metadata" / "timestamp.json").exists()
    assert not list(fleet.folder.glob("build/*/channel"))
    fleet.edit("floor: 0.85", "floor: 0.84")
    fleet.up("--out", tmp_path / "out")
    fleet.edit("floor: 0.84", "floor: 0.85")
    back = fleet.up()
    assert back["output"] == str(fleet.folder / "build" / "my-system")
    assert not (tmp_path / "out" / "channel").exists()


def test_a_build_of_something_else_is_made_good(fleet: System) -> None:
    """The spec is as it was, but the folder holds another build."""
    fleet.up()
    plan = fleet.folder / "build" / "my-system" / "plan.json"
    deployed = plan.read_bytes()
    fleet.edit("floor: 0.85", "floor: 0.82")
    fleet.run("build")
    fleet.edit("floor: 0.82", "floor: 0.85")
    assert plan.read_bytes() != deployed
    fleet.up()
    assert plan.read_bytes() == deployed


DAMAGES = {
    "the build folder deleted": lambda f: shutil.rmtree(f.folder / "build"),
    "the channel deleted": lambda f: shutil.rmtree(f.folder / "build/my-system/channel"),
    "the state deleted": lambda f: (f.stack.folder / "state.json").unlink(),
    "the state truncated": lambda f: os.truncate(f.stack.folder / "state.json", 40),
    "the state of another shape": lambda f: (f.stack.folder / "state.json").write_text('{"x": 1}'),
    "the state a list": lambda f: (f.stack.folder / "state.json").write_text("[]"),
    "the output's name emptied": lambda f: (f.stack.folder / "output").write_text(""),
    "a key deleted": lambda f: (f.stack.folder / "keys" / "snapshot.pem").unlink(),
    "a key spoilt": lambda f: (f.stack.folder / "keys" / "targets.pem").write_text("x"),
    "the timestamp truncated": lambda f: os.truncate(metadata(f, "timestamp.json"), 100),
    "the timestamp of another shape": lambda f: metadata(f, "timestamp.json").write_text("[]"),
    "the snapshot unsigned": lambda f: unsign(metadata(f, "*.snapshot.json")),
    "the root deleted": lambda f: metadata(f, "*.root.json").unlink(),
    "a bundle in the channel spoilt": lambda f: next(
        f.folder.glob("build/my-system/channel/targets/gateway/*/*.bundle.tar.zst")
    ).write_bytes(b"x"),
    "the report of a device spoilt": lambda f: (
        f.stack.folder / "fleet/gateway-1/report.json"
    ).write_text('{"health": {"m": {}}, "state": 7}'),
    "the settings of a device spoilt": lambda f: (
        f.stack.folder / "fleet/gateway-1/config.json"
    ).write_text("[]"),
}  # fmt: skip


def metadata(fleet: System, pattern: str) -> Path:
    """The newest metadata file of a role."""
    found = fleet.folder.glob(f"build/my-system/channel/metadata/{pattern}")
    return max(found, key=lambda path: int("0" + path.name.partition(".")[0].strip("timesap")))


def unsign(path: Path) -> None:
    document = json.loads(path.read_bytes())
    document["signatures"][0]["sig"] = "0" * 128
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("damage", DAMAGES)
def test_up_makes_damage_good(damage: str, fleet: System) -> None:
    fleet.up()
    DAMAGES[damage](fleet)
    assert fleet.run("status").returncode == 0
    assert fleet.run("preview").returncode == 0
    fleet.up()
    fleet.up("--devices", "2")  # a new device takes everything from the channel
    fleet.up()
    assert len(fleet.processes()) == 2


def test_with_everything_forgotten_old_processes_end_and_up_starts_again(
    seed: Path, cache: Path, tmp_path: Path
) -> None:
    with system(seed, tmp_path / "system", cache) as made:
        made.up()
        old = set(made.processes())
        assert len(old) == 2
        shutil.rmtree(made.folder / ".hybridspec")
        made.up()
        until(lambda: not old & set(made.processes()), what=lambda: f"left: {made.processes()}")
        assert made.run("destroy").returncode == 0
        made.assert_gone()


def test_a_channel_that_has_expired_starts_again(fleet: System, tmp_path: Path) -> None:
    """As after years in a drawer: the state and the root are of a time long past."""
    from datetime import UTC, datetime, timedelta

    from hybridspec.bundle.keys import DevelopmentKeys
    from hybridspec.bundle.repository import sound
    from hybridspec.deliver.publish import read_metadata

    fleet.up()
    channel = fleet.folder / "build" / "my-system" / "channel"
    keys = DevelopmentKeys(fleet.stack.keys())
    now = datetime.now(UTC)
    assert sound(read_metadata(channel), keys, now)
    assert not sound(read_metadata(channel), keys, now + timedelta(days=4000))
    state = json.loads((fleet.stack.folder / "state.json").read_text())
    state["refreshAfter"] = "2020-01-01T00:00:00+00:00"
    (fleet.stack.folder / "state.json").write_text(json.dumps(state))
    before = time.time()
    fleet.up()
    assert (fleet.stack.folder / "state.json").stat().st_mtime >= before - 1
