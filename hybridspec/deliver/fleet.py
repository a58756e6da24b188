"""The virtual fleet: real agents as background processes, and the channel's server."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridspec.base.errors import ResourceFailed
from hybridspec.deliver import process
from hybridspec.deliver.stack import Stack

INTERVAL_S = "2"


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A virtual device: its last report, and whether its agent runs."""

    name: str
    device_class: str
    alive: bool
    report: Mapping[str, Any]

    @property
    def state(self) -> str:
        """`COMMITTED`, `EMPTY`, or `STARTING` before the first report."""
        return str(self.report.get("state", "STARTING"))


def serve(stack: Stack, channel: Path) -> str:
    """Start the channel's server unless it runs on this very folder; returns its URL."""
    facts = process.running(stack.channel_lock)
    if not facts or "port" not in facts or facts.get("channel") != str(channel.resolve()):
        process.stop(stack.channel_lock)
        command = [sys.executable, "-P", "-m", "hybridspec.deliver.publish",
                   str(channel.resolve()), str(stack.channel_lock)]  # fmt: skip
        facts = process.start(command, stack.channel_lock, stack.folder / "channel.log")
    return f"http://127.0.0.1:{facts['port']}"


def start(stack: Stack, url: str, root: Path, classes: Sequence[str], each: int) -> None:
    """One agent per class, or `each` of them; agents that run on another URL are restarted."""
    for device_class in classes:
        for number in range(1, each + 1):
            home = stack.folder / "fleet" / f"{device_class}-{number}"
            if process.running(home / "lock") is not None and _channel(home) == url:
                continue
            _set_up(home, device_class, root, url)
            command = [sys.executable, "-P", "-m", "hybridspec.agent", "run", "--home",
                       str(home), "--interval", INTERVAL_S]  # fmt: skip
            process.start(command, home / "lock", home / "agent.log", env=_environment())


def _set_up(home: Path, device_class: str, root: Path, url: str) -> None:
    """Set a device up anew; nobody runs on its home afterwards."""
    process.stop(home / "lock")
    command = ("init", home, "--device-class", device_class, "--device-id", home.name,
               "--root", str(root), "--channel", url, "--allow-development")  # fmt: skip
    try:
        _agent(*command)
    except ResourceFailed:
        # One that was still starting, on behalf of a run that was cut off, may have been faster.
        if not process.stop(home / "lock"):
            raise
        _agent(*command)


def _environment() -> dict[str, str]:
    """What agents see: no proxy stands between them and a channel on this machine."""
    direct = os.environ.get("no_proxy") or os.environ.get("NO_PROXY") or ""
    return {**os.environ, "no_proxy": ",".join(filter(None, [direct, "127.0.0.1"]))}


def _channel(home: Path) -> str:
    try:
        return str(json.loads((home / "config.json").read_bytes())["channel"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""


def _agent(command: str, home: Path, *arguments: str) -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-m", "hybridspec.agent", command, "--home", str(home), *arguments],
        capture_output=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        raise ResourceFailed(
            done.stderr.decode(errors="replace").strip() or f"agent {command} failed",
            help="run `hybridspec destroy`, then `hybridspec up`",
        )


def devices(stack: Stack) -> tuple[Device, ...]:
    """Every virtual device as it stands now."""
    found = []
    for home in stack.devices:
        report = _report(home)
        found.append(Device(
            name=home.name,
            device_class=str(report.get("deviceClass", home.name.rpartition("-")[0])),
            alive=process.running(home / "lock") is not None,
            report=report,
        ))  # fmt: skip
    return tuple(found)


def _report(home: Path) -> dict[str, Any]:
    try:
        report = json.loads((home / "report.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return report if isinstance(report, dict) else {}


def settled(stack: Stack, wanted: Mapping[str, str]) -> bool:
    """Whether every device runs the release of its class: `wanted` is tar SHA-256 by class."""
    found = devices(stack)
    return (
        bool(found)
        and process.running(stack.channel_lock) is not None
        and {d.device_class for d in found} == set(wanted)
        and all(d.alive and d.report.get("tarSha256") == wanted[d.device_class]
                and not d.report.get("reason") for d in found)
    )  # fmt: skip


def wait(stack: Stack, wanted: Mapping[str, str], limit_s: float = 120) -> None:
    """Wait until the fleet runs the wanted releases.

    Raises:
        ResourceFailed: a device refused or reverted the release, or did not answer in time.
    """
    end = time.monotonic() + limit_s
    while not settled(stack, wanted):
        bad = [d for d in devices(stack) if d.report.get("reason") not in (None, "")
               and not str(d.report["reason"]).startswith("channel-unreachable")]  # fmt: skip
        if bad and time.monotonic() > end - limit_s + 6:
            raise ResourceFailed(
                f"device `{bad[0].name}` did not install the release: {bad[0].report['reason']}: "
                f"{bad[0].report['message']}",
                help="`hybridspec status` shows what each device runs; correct the cause and run "
                "`hybridspec up` again, or begin anew with `hybridspec destroy`",
            )
        if time.monotonic() > end:
            raise ResourceFailed(
                f"the fleet did not settle within {limit_s:g} s",
                help=f"see {stack.folder / 'fleet'}/*/agent.log",
            )
        time.sleep(0.1)


def stop(stack: Stack) -> int:
    """End every agent and the server; returns how many processes ran."""
    locks = [*(home / "lock" for home in stack.devices), stack.channel_lock]
    return sum(process.stop(lock) for lock in locks)


def forget(stack: Stack) -> bool:
    """End and remove all devices, which know a channel that is no more; whether there were any."""
    known = stack.devices
    for home in known:
        process.stop(home / "lock")
        shutil.rmtree(home)
    return bool(known)


def prune(stack: Stack, classes: Sequence[str], each: int) -> None:
    """End and remove devices that the release no longer has."""
    keep = {f"{name}-{number}" for name in classes for number in range(1, each + 1)}
    for home in stack.devices:
        if home.name not in keep:
            process.stop(home / "lock")
            shutil.rmtree(home, ignore_errors=True)
