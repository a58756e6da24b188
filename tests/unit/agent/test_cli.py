"""The agent's commands: exit codes, refusals in words, and an end when its home is gone."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conformance.channels import CAMERA, Publisher, digests, report

from hybridspec.agent import cli
from hybridspec.agent.client import DEVELOPMENT
from hybridspec.agent.state import lock


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A channel with one release."""
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    return publisher


@pytest.fixture(autouse=True)
def _sigterm() -> Iterator[None]:
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def init(home: Path, publisher: Publisher, *more: str, root: Path | None = None) -> int:
    """`agent init` on a channel."""
    root = root or publisher.channel / "metadata" / "1.root.json"
    return cli.main(["init", "--home", str(home), "--device-class", CAMERA, "--root", str(root),
                     "--channel", str(publisher.channel), *more])  # fmt: skip


def agent(home: Path, *arguments: str) -> list[str]:
    """The command line of an agent in a process of its own."""
    return [sys.executable, "-m", "hybridspec.agent", "run", "--home", str(home), *arguments]


def until(done: Callable[[], bool], limit_s: float = 30) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + limit_s
    while not done():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_development_root_is_refused_without_the_flag(
    tmp_path: Path, publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert init(home, publisher) == 1
    assert "development" in capsys.readouterr().err
    assert not home.exists()
    assert init(home, publisher, "--allow-development") == 0
    assert (home / "root.json").read_bytes() == publisher.root
    assert (home / "root.json").stat().st_mode & 0o777 == 0o444


def test_a_root_without_the_mark_needs_no_flag(tmp_path: Path, publisher: Publisher) -> None:
    root = publisher.metadata("root")
    del root.signed.unrecognized_fields[DEVELOPMENT]
    (tmp_path / "root.json").write_bytes(root.to_bytes())
    assert init(tmp_path / "home", publisher, root=tmp_path / "root.json") == 0


@pytest.mark.parametrize("data", [None, b"", b"[]", b'{"signed": {}}'])
def test_what_is_no_root_is_refused_in_words(
    tmp_path: Path, publisher: Publisher, data: bytes | None,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    if data is not None:
        (tmp_path / "no-root").write_bytes(data)
    assert init(tmp_path / "home", publisher, root=tmp_path / "no-root") == 2
    assert capsys.readouterr().err.startswith("agent: ")
    assert not (tmp_path / "home").exists()


def test_devices_that_nobody_named_are_not_in_a_rollout_together(
    tmp_path: Path, publisher: Publisher
) -> None:
    for name in ("one", "two"):
        assert init(tmp_path / name, publisher, "--allow-development") == 0
    ids = {json.loads((tmp_path / name / "config.json").read_text())["device_id"]
           for name in ("one", "two")}  # fmt: skip
    assert len(ids) == 2
    assert all(one.startswith("camera-") for one in ids)


def test_a_home_in_use_is_not_set_up_anew(
    tmp_path: Path, publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    assert init(home, publisher, "--allow-development") == 0
    held = lock(home)
    assert held is not None
    with held:
        before = digests(home)
        assert init(home, publisher, "--allow-development", "--device-id", "two") == 1
        assert "stop it first" in capsys.readouterr().err
        assert digests(home) == before


def test_one_cycle_says_by_its_exit_code_whether_all_is_well(
    tmp_path: Path, publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    init(home, publisher, "--allow-development")
    assert cli.main(["run", "--once", "--home", str(home)]) == 0
    assert cli.main(["status", "--home", str(home)]) == 0
    assert json.loads(capsys.readouterr().out)["state"] == "COMMITTED"
    shutil.rmtree(publisher.channel)
    assert cli.main(["run", "--once", "--home", str(home)]) == 1
    assert "file-missing" in capsys.readouterr().err


def test_a_folder_that_is_no_home_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["run", "--once", "--home", str(tmp_path / "none")]) == 2
    assert "no agent's home" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"device_id": "x"}'])
def test_a_damaged_configuration_is_refused_in_words(
    tmp_path: Path, publisher: Publisher, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    init(home, publisher, "--allow-development")
    (home / "config.json").write_text(text)
    assert cli.main(["run", "--once", "--home", str(home)]) == 1
    assert "cannot be used" in capsys.readouterr().err


def test_two_agents_on_one_home_the_second_refuses(
    tmp_path: Path, publisher: Publisher, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "home"
    init(home, publisher, "--allow-development")
    with subprocess.Popen(agent(home, "--interval", "0.2")) as first:
        try:
            until(lambda: (home / "report.json").exists())
            assert cli.main(["run", "--once", "--home", str(home)]) == 1
            assert "another agent runs" in capsys.readouterr().err
        finally:
            first.terminate()
    assert first.returncode == 0
    assert cli.main(["run", "--once", "--home", str(home)]) == 0


@pytest.mark.parametrize("made_anew", [False, True])
def test_a_running_agent_installs_what_is_published_and_ends_when_its_home_is_removed(
    tmp_path: Path, publisher: Publisher, made_anew: bool
) -> None:
    """Also when another device was set up in its place: there is never a second agent."""
    home = tmp_path / "home"
    init(home, publisher, "--allow-development")
    with subprocess.Popen(agent(home, "--interval", "0.2"), stderr=subprocess.PIPE) as running:
        try:
            until(lambda: (home / "report.json").exists())
            second = publisher.offer(2.0)
            until(lambda: report(home)["release"] == second.release)
            home.rename(tmp_path / "gone")
            if made_anew:
                init(home, publisher, "--allow-development")
            _, words = running.communicate(timeout=30)
        finally:
            running.kill()
    assert running.returncode == 1
    assert b"is gone" in words
    assert home.exists() == made_anew
    assert not (home / "report.json").exists()


@pytest.mark.parametrize("url", ["http://ann:secret@example.org/c", "ftp://example.org/c"])
def test_a_channel_is_at_no_address_with_a_password(
    tmp_path: Path, publisher: Publisher, url: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert init(tmp_path / "home", publisher, "--allow-development", "--channel", url) == 2
    assert "secret" not in capsys.readouterr().err
    assert not (tmp_path / "home").exists()
