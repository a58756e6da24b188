"""The agent's command line: init, run, status; no logic."""

from __future__ import annotations

import argparse
import secrets
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

from hybridspec.agent.client import is_development
from hybridspec.agent.errors import Refused
from hybridspec.agent.state import holds, lock
from hybridspec.agent.update import Config, Device, set_up

SCHEMES = ("http", "https", "file")


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command of the agent; 0 means that the device runs the release it was offered."""
    options = _parser().parse_args(argv)
    home: Path = options.home
    if options.command == "init":
        return _init(home, options)
    if not (home / "config.json").exists():
        return _fail(f"{home} is no agent's home; start with `hybridspec agent init`", 2)
    if options.command == "status":
        report = home / "report.json"
        print(report.read_text(encoding="utf-8") if report.exists() else "{}")
        return 0
    try:
        held = lock(home)
        if held is None:
            return _fail(f"another agent runs on {home}", 1)
        device = Device.open(home)
    except (OSError, ValueError, TypeError) as fault:
        return _fail(f"{home} cannot be used: {fault}", 1)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    return _run(device, held, interval=None if options.once else options.interval)


def _init(home: Path, options: argparse.Namespace) -> int:
    try:
        root = Path(options.root).read_bytes()
        development = is_development(root)
    except (OSError, Refused) as fault:
        return _fail(f"{options.root}: {fault}", 2)
    if development and not options.allow_development:
        return _fail("this root is marked as development; a production device refuses it", 1)
    place = urlsplit(options.channel)
    if "://" in options.channel and (place.scheme not in SCHEMES or "@" in place.netloc):
        return _fail("the channel is a folder, or a URL of http, https or file without a password; "
                     "certificates and proxies are for the system to know", 2)  # fmt: skip
    config = Config(
        device_id=options.device_id or f"{options.device_class}-{secrets.token_hex(8)}",
        device_class=options.device_class,
        channel=options.channel,
    )
    with lock(home) or nullcontext() as held:
        if held is None:
            return _fail(f"an agent runs on {home}; stop it first", 1)
        set_up(home, config, root)
    return 0


def _run(device: Device, held: IO[bytes], interval: float | None) -> int:
    while True:
        reason = device.cycle()
        if interval is None:
            return _fail(reason, 1) if reason else 0
        time.sleep(interval)
        if not holds(held, device.home):
            return _fail(f"{device.home} is gone", 1)


def _fail(message: str, code: int) -> int:
    print(f"agent: {message}", file=sys.stderr)
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="hybridspec agent", description="On-device updater.")
    commands = parser.add_subparsers(dest="command", required=True)
    init = commands.add_parser("init", help="set a device up with its bootstrap root")
    init.add_argument("--device-class", required=True)
    init.add_argument("--device-id", default="", help="left out, one that no other has")
    init.add_argument("--root", required=True, help="TUF root metadata to trust")
    init.add_argument("--channel", required=True, help="URL or folder of the channel")
    init.add_argument("--allow-development", action="store_true",
                      help="accept a root that is marked as development")  # fmt: skip
    run = commands.add_parser("run", help="look for a release and install it")
    run.add_argument("--once", action="store_true", help="one cycle, then exit")
    run.add_argument("--interval", type=float, default=30.0, help="seconds between cycles")
    status = commands.add_parser("status", help="print the last report")
    for command in (init, run, status):
        command.add_argument("--home", type=Path, required=True, help="the device's folder")
    return parser
