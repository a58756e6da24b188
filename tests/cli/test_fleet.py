"""One deployed fleet through its life: unchanged, edited, grown, damaged, repaired, ended."""

from __future__ import annotations

import json
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from cli.fleets import System, system, until

from hybridspec.bundle.keys import CONTENT, DevelopmentKeys, complete
from hybridspec.bundle.repository import sound
from hybridspec.deliver import process
from hybridspec.deliver.publish import read_metadata
from hybridspec.deliver.stack import Stack
from hybridspec.deliver.write import RECORD, recorded, write_tree
from hybridspec.ir.tree import FileTree


@pytest.fixture(scope="module")
def shared(
    seed: Path, cache: Path, mother: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[System]:
    """A deployed system; every test leaves it deployable."""
    base = tmp_path_factory.mktemp("ein Ördner 工場")
    with system(seed, base / "system", cache, mother) as made:
        made.up()
        yield made


@pytest.fixture
def fleet(shared: System, request: pytest.FixtureRequest) -> Iterator[System]:
    """The deployed system, with its first spec; one that fails a test is not the next one's."""
    failed, text = request.session.testsfailed, shared.spec.read_text()
    yield shared
    shared.spec.write_text(text)
    if request.session.testsfailed > failed:
        shared.end()
        for name in ("build", ".hybridspec"):
            shutil.rmtree(shared.folder / name, ignore_errors=True)


def test_before_up_everything_is_new_and_after_it_nothing_changes(
    seed: Path, cache: Path, mother: Path, tmp_path: Path
) -> None:
    with system(seed, tmp_path / "system", cache, mother) as made:
        assert made.run("preview", "--expect-no-changes").returncode == 7
        assert not (made.folder / "build").exists()
        done = made.run("up")
        assert done.returncode == 0, done.stderr
        assert done.stderr.splitlines()[-1] == "starting 1 agent"
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
    # An agent that was told to end gives its lock back first, and then takes its time to leave.
    until(lambda: len(fleet.processes()) == 2, what=lambda: f"{fleet.processes()}")


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
    os.kill(first.pid, signal.SIGSTOP)  # it holds the lock for as long as the others ask
    try:
        refused = [fleet.run("up"), fleet.run("destroy")]
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert first.communicate(timeout=120)[1].count("error") == 0
    assert first.returncode == 0
    for done in refused:
        assert (done.returncode, done.stdout) == (1, "")
        assert "another command is working on stack `local`" in done.stderr
        assert "wait for it to end" in done.stderr


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


DAMAGES: dict[str, Callable[[System], object]] = {
    "the build folder deleted": lambda f: shutil.rmtree(f.folder / "build"),
    "the state of another shape": lambda f: (f.stack.folder / "state.json").write_text('{"x": 1}'),
    "a key spoilt": lambda f: (f.stack.folder / "keys" / "targets.pem").write_text("x"),
    "a signature spoilt": lambda f: unsign(snapshot(f)),
    "a bundle in the channel spoilt": lambda f: next(
        channel(f).glob("targets/gateway/*/*.bundle.tar.zst")
    ).write_bytes(b"x"),
    "the files of a device spoilt": lambda f: [
        (f.stack.folder / "fleet/gateway-1/config.json").write_text("[]"),
        (f.stack.folder / "fleet/gateway-1/report.json").write_text('{"health": {"m": {}}}'),
    ],
}


def channel(fleet: System) -> Path:
    return fleet.folder / "build" / "my-system" / "channel"


def snapshot(fleet: System) -> Path:
    """The snapshot that the timestamp names."""
    timestamp = json.loads((channel(fleet) / "metadata" / "timestamp.json").read_bytes())
    version = timestamp["signed"]["meta"]["snapshot.json"]["version"]
    return channel(fleet) / "metadata" / f"{version}.snapshot.json"


def unsign(path: Path) -> None:
    document = json.loads(path.read_bytes())
    document["signatures"][0]["sig"] = "0" * 128
    path.write_text(json.dumps(document))


@pytest.mark.parametrize("damage", DAMAGES)
def test_up_makes_damage_good(damage: str, fleet: System) -> None:
    fleet.up()
    DAMAGES[damage](fleet)
    assert fleet.run("status").returncode == 0
    # A second device takes everything from the channel, so that all of it is made good.
    fleet.up(*(["--devices", "2"] if "channel" in damage else []))
    fleet.up()


BROKEN: dict[str, Callable[[Path], object]] = {
    "no timestamp": lambda m: (m / "timestamp.json").unlink(),
    "half a timestamp": lambda m: os.truncate(m / "timestamp.json", 100),
    "a timestamp of another shape": lambda m: (m / "timestamp.json").write_text("[]"),
    "a timestamp without a version": lambda m: (m / "timestamp.json").write_text('{"signed": {}}'),
    "no snapshot": lambda m: [p.unlink() for p in m.glob("*.snapshot.json")],
    "no root": lambda m: [p.unlink() for p in m.glob("*.root.json")],
    "no class": lambda m: [p.unlink() for p in m.glob("*.class-*.json")],
    **{
        f"an unsigned {name}": lambda m, name=name: [unsign(p) for p in m.glob(f"*{name}.json")]
        for name in ("timestamp", "snapshot", "targets", "class-gateway")
    },
}  # fmt: skip


def test_a_broken_channel_is_not_continued(fleet: System, tmp_path: Path) -> None:
    fleet.up()
    keys = DevelopmentKeys(fleet.stack.keys())
    assert sound(read_metadata(channel(fleet)), keys)
    for name, spoil in BROKEN.items():
        copy = shutil.copytree(channel(fleet), tmp_path / name)
        spoil(copy / "metadata")
        assert not sound(read_metadata(copy), keys), name
    new = complete({}, ["gateway"]).pems
    for role in set(keys.pems) - set(CONTENT):  # with two of three roots any key can be replaced
        others = DevelopmentKeys({**keys.pems, role: new[role]})
        assert sound(read_metadata(channel(fleet)), others), role
    roots = {role: new[role] for role in ("root-1", "root-2")}
    assert not sound(read_metadata(channel(fleet)), DevelopmentKeys({**keys.pems, **roots}))
    production: Any = SimpleNamespace(development=False, role=keys.role)
    assert not sound(read_metadata(channel(fleet)), production)


def test_a_state_of_another_shape_says_nothing(fleet: System, tmp_path: Path) -> None:
    fleet.up()
    whole = fleet.stack.load()
    assert whole["name"] == "my-system"
    other = Stack(tmp_path / "hybridspec.yaml")
    other.folder.mkdir(parents=True)
    judged = set(whole) - {"schema", "name", "roles"}
    texts = ["", "{", "[]", "null", "7", "{}", *(json.dumps({**whole, k: [1]}) for k in judged)]
    for text in texts:
        (other.folder / "state.json").write_text(text)
        assert other.load() == {}, text
    for text in ("", ".", "build", "\0", "/nonexistent"):
        (other.folder / "output").write_text(text)
        assert other.output() is None


def test_what_was_written_is_believed_inside_the_folder_alone(tmp_path: Path) -> None:
    """The record of files decides what is removed, so it must not lead outside."""
    (tmp_path / "mine.txt").write_text("mine")
    out = tmp_path / "out"
    out.mkdir()
    for text in ('{"../mine.txt": "0"}', '{"/etc/hosts": "0"}', "[]", "7", '["../mine.txt"]', "{"):
        (out / RECORD).write_text(text)
        assert recorded(out) == {}
        write_tree(out, FileTree({"a.txt": b"a"}))
        assert (tmp_path / "mine.txt").read_text() == "mine"


def test_with_everything_forgotten_old_processes_end_and_up_starts_again(
    seed: Path, cache: Path, mother: Path, tmp_path: Path
) -> None:
    with system(seed, tmp_path / "system", cache, mother) as made:
        made.up()
        old = set(made.processes())
        assert len(old) == 2
        shutil.rmtree(made.folder / ".hybridspec")
        made.up()
        until(lambda: not old & set(made.processes()), what=lambda: f"left: {made.processes()}")
        assert made.run("destroy").returncode == 0
        made.assert_gone()


def test_a_channel_is_signed_again_in_time(fleet: System) -> None:
    fleet.up()
    state = json.loads((fleet.stack.folder / "state.json").read_text())
    state["refreshAfter"] = "2020-01-01T00:00:00+00:00"
    (fleet.stack.folder / "state.json").write_text(json.dumps(state))
    assert fleet.run("up").stderr.splitlines()[-1] != "nothing changed"
    renewed = json.loads((fleet.stack.folder / "state.json").read_text())["refreshAfter"]
    assert renewed > datetime.now(UTC).isoformat()
