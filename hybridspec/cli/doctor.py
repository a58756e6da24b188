"""What this machine has and lacks, with the command that would add it."""

from __future__ import annotations

import os
import platform
import shutil
import socket
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from hybridspec.base.errors import HybridspecError
from hybridspec.deliver.engine.command import find
from hybridspec.target.registry import targets


class Check(NamedTuple):
    """One line of the doctor: `needed` ones decide the exit code."""

    name: str
    good: bool
    needed: bool
    found: str
    help: str


def checks(cache: Path) -> list[Check]:
    """Look, change nothing."""
    return [
        Check("python", sys.version_info >= (3, 11), True, platform.python_version(),
              "install Python 3.11 or newer"),
        _package("onnxruntime", needed=True, help="pip install hybridspec"),
        _package("onnx", needed=True, help="pip install hybridspec"),
        _package("tuf", needed=True, help="pip install hybridspec"),
        _package("pulumi", needed=True, help="pip install 'hybridspec[all]'"),
        *(
            _package(target.sdk.distribution, needed=False, help=target.sdk.install)
            for target in targets().values()
            if target.sdk is not None
        ),
        _engine(),
        _loopback(),
        _disk(cache),
    ]  # fmt: skip


def _engine() -> Check:
    """The CLI that deploys to clouds, of an age that will do, with what runs Python programs."""
    if shutil.which("pulumi") is None:
        help = "only needed to deploy to a cloud: https://www.pulumi.com/docs/install/"
        return Check("pulumi CLI", False, False, "not on PATH", help)
    try:
        found = find(os.environ)
    except HybridspecError as fault:
        return Check("pulumi CLI", False, False, fault.message,
                     fault.help)  # fmt: skip
    host = shutil.which("pulumi-language-python") is not None
    return Check("pulumi CLI", host, False,
                 f"{found.path} {found.version}{'' if host else ', without its Python host'}",
                 "put `pulumi-language-python` of the release archive beside it")  # fmt: skip


def _package(name: str, *, needed: bool, help: str) -> Check:
    try:
        return Check(name, True, needed, version(name), help)
    except PackageNotFoundError:
        return Check(name, False, needed, "not installed", help)


def _loopback() -> Check:
    try:
        with socket.create_server(("127.0.0.1", 0)) as server:
            found = f"port {server.getsockname()[1]} could be bound"
            return Check("loopback", True, True, found, "")
    except OSError as fault:
        return Check("loopback", False, True, str(fault), "allow programs to listen on 127.0.0.1")


def _disk(cache: Path) -> Check:
    place = next(p for p in (cache, *cache.parents) if p.exists())
    free = shutil.disk_usage(place).free
    return Check("disk", free > 2**30, True, f"{free / 2**30:.1f} GiB free at {place}",
                 "free a gigabyte, or set HYBRIDSPEC_CACHE to a larger disk")  # fmt: skip
