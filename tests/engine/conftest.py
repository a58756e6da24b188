"""The real engine against a cloud in memory: what each test of it needs, or why there is none."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, ROOT, Cli, copy_example
from engine.object_stores import Stores, object_stores
from engine.stand_in import Cloud, serving

TOOLS = ROOT / ".tools" / "bin"
STACK = "prod"


@pytest.fixture(scope="session")
def tools() -> Path:
    """The engine that `make engine` builds."""
    if not (TOOLS / "pulumi").is_file():
        pytest.skip("there is no Pulumi CLI in .tools: `make engine` builds it (needs Go)")
    return TOOLS


@dataclass(frozen=True, slots=True)
class World:
    """A cloud, an engine that knows only it, and `hybridspec` run in front of both."""

    cloud: Cloud
    stores: Stores
    cli: Cli
    environment: Mapping[str, str]

    def run(self, *arguments: str | Path, **changes: str) -> Any:
        """Run a command of `hybridspec` to its end."""
        return self.cli(*arguments, env={**self.environment, **changes}, timeout=300)

    def up(self, spec: Path, *flags: str) -> Any:
        """`hybridspec up` of the named stack."""
        return self.run("up", spec, "--stack", STACK, "--yes", *flags)

    def destroy(self, spec: Path, *flags: str) -> Any:
        """`hybridspec destroy` of the named stack."""
        return self.run("destroy", spec, "--stack", STACK, "--yes", *flags)


@pytest.fixture
def world(tools: Path, cli: Cli, tmp_path: Path) -> Iterator[World]:
    """An engine whose every provider is the stand-in, and which reaches nothing else."""
    cloud = Cloud(engine=tmp_path / "engine.pid")
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    (bin_ / "pulumi").write_text(
        f"#!/bin/sh\necho $$ > {shlex.quote(str(cloud.engine))}\n"
        f'exec {shlex.quote(str(tools / "pulumi"))} "$@"\n'
    )
    (bin_ / "pulumi").chmod(0o755)
    (tmp_path / "home").mkdir()
    stores = Stores()
    with serving(cloud) as providers, object_stores(stores) as found:
        yield World(cloud, stores, cli, {
            **found,
            "PATH": os.pathsep.join([str(bin_), str(tools), *_plain_path()]),
            "PULUMI_HOME": str(tmp_path / "pulumi"),
            "HOME": str(tmp_path / "home"),
            "PULUMI_DEBUG_PROVIDERS": providers,
            "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        })  # fmt: skip


def _plain_path() -> list[str]:
    return [os.defpath, str(Path(sys.executable).parent)]


@pytest.fixture
def spec(tmp_path: Path) -> Callable[[str], Path]:
    """A private copy of an example whose stack keeps its state beside it."""

    def copy(name: str) -> Path:
        made = copy_example(tmp_path, EXAMPLES / name)
        if "backend:" in (made / "hybridspec.yaml").read_text():
            overlay = f"stacks: {{{STACK}: {{backend: null}}}}\n"
            (made / f"hybridspec.{STACK}.yaml").write_text(overlay)
        shutil.rmtree(made / ".hybridspec", ignore_errors=True)
        return made

    return copy
