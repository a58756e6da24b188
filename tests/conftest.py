"""What every test shares: the examples, fixed keys and clock, one model cache, and `--update`."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import forked
import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples"
EXAMPLE = EXAMPLES / "vibration-watch"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)

Cli = Callable[..., "subprocess.CompletedProcess[str]"]

# A slow or busy machine makes no test fail. The same code draws the same examples, so that a
# failure is the change's own; new ones are looked for by night.
NIGHTLY = bool(os.environ.get("HYBRIDSPEC_NIGHTLY"))
settings.register_profile("same", deadline=None, derandomize=True)
settings.register_profile("new", deadline=None)
settings.load_profile("new" if NIGHTLY else "same")

# Nor does the width of whose terminal it is; pytest's workers are told that of the main process.
os.environ.pop("COLUMNS", None)

# A shell's background job ignores Ctrl-C and hands that on; the runs that tests interrupt do not.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update", action="store_true", help="accept what is made now as golden")
    parser.addoption("--kill-table", help="write which injected fault was noticed how")


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Say at the end what a machine without the engine has left out."""
    left = [r for r in terminalreporter.stats.get("skipped", ()) if "tests/engine/" in r.nodeid]
    if left:
        terminalreporter.write_line(
            f"NOT RUN: {len(left)} tests of the real engine; `make engine` builds it (needs Go)",
            yellow=True,
        )


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    """Whether goldens are to be rewritten."""
    return bool(request.config.getoption("--update"))


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One content-addressed cache for the whole run, shared by all workers."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "cache"


@pytest.fixture(scope="session")
def mother() -> Iterator[Path]:
    """Where commands are forked, one place per worker."""
    with forked.mother() as address:
        yield address


@pytest.fixture(scope="session")
def cli(cache: Path, mother: Path) -> Cli:
    """Run `hybridspec` in a process of its own; returns code, stdout and stderr."""

    def run(
        *arguments: str | Path, cwd: Path | None = None, env: Mapping[str, str] | None = None,
        timeout: float = 120,
    ) -> subprocess.CompletedProcess[str]:  # fmt: skip
        plain = {k: v for k, v in os.environ.items() if not k.startswith(("HYBRIDSPEC", "PULUMI"))}
        environment = {**plain, "HYBRIDSPEC_CACHE": str(cache), **(env or {})}
        return forked.run(mother, arguments, cwd=cwd, env=environment, timeout=timeout)

    return run


def copy_example(to: Path, source: Path = EXAMPLE) -> Path:
    """A private copy of an example, without what a run leaves in it."""
    return shutil.copytree(
        source, to / source.name, ignore=shutil.ignore_patterns("build", ".hybridspec")
    )


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Path:
    """The main example's whole output, made once per worker; read it, change nothing."""
    example = copy_example(tmp_path_factory.mktemp("built"))
    done = cli("build", example)
    assert done.returncode == 0, done.stderr
    return example / "build" / EXAMPLE.name


@pytest.fixture
def example(tmp_path: Path) -> Path:
    """A private copy of the main example."""
    return copy_example(tmp_path)


@pytest.fixture
def deployed(example: Path, cli: Cli) -> Iterator[Path]:
    """The example with its virtual fleet running; gone afterwards, whatever the test did."""
    try:
        done = cli("up", example)
        assert done.returncode == 0, done.stderr
        yield example
    finally:
        cli("destroy", example)


def fixed_pems(*classes: str) -> dict[str, bytes]:
    """Development keys that are the same in every run, for goldens and attacks."""
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    from hybridspec.bundle.keys import CONTENT, ROLES, class_role

    def fixed(name: str) -> ec.EllipticCurvePrivateKey | Ed25519PrivateKey:
        seed = hashlib.sha256(f"test key {name}".encode()).digest()
        if name in CONTENT:
            return ec.derive_private_key(int.from_bytes(seed) >> 1, ec.SECP256R1())
        return Ed25519PrivateKey.from_private_bytes(seed)

    return {
        name: fixed(name).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        for name in (*ROLES, *map(class_role, classes))
    }


def check_golden(folder: Path, made: Mapping[str, bytes], *, update: bool) -> None:
    """Compare `made` with the files below `folder`, byte for byte; with `update`, rewrite them."""
    if update:
        shutil.rmtree(folder, ignore_errors=True)
        for path, data in made.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_bytes(data)
        return
    found = {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert sorted(found) == sorted(made), f"other files in {folder}; `make golden`, read the diff"
    for path, data in made.items():
        assert found[path] == data, f"{folder / path} differs; `make golden`, then read the diff"
