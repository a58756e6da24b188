"""How a run ends: the exit code is the command's own, whatever the command line library does."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import Cli

from hybridspec.cli import app, doctor


@pytest.fixture(autouse=True)
def _handlers() -> Iterator[None]:
    """`run` takes over SIGTERM; give it back."""
    before = signal.getsignal(signal.SIGTERM)
    yield
    signal.signal(signal.SIGTERM, before)


def test_an_invalid_spec_fails_the_process(example: Path, cli: Cli) -> None:
    spec = example / "hybridspec.yaml"
    spec.write_text(spec.read_text().replace("country: DE", "country: NO"))
    done = cli("validate", spec)
    assert "error[HS0301]" in done.stderr
    assert done.returncode == 5


def test_a_misspelt_key_fails_with_the_other_code(example: Path, cli: Cli) -> None:
    spec = example / "hybridspec.yaml"
    spec.write_text(spec.read_text().replace("latency:", "latncy:"))
    assert cli("validate", spec).returncode == 2


@pytest.mark.parametrize("fault", [KeyboardInterrupt, OSError("disk full"), ValueError("ours")])
def test_nothing_that_stops_a_command_ends_well(
    fault: BaseException | type[BaseException], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> None:
        raise fault

    monkeypatch.setattr(doctor, "checks", fail)
    expected = {KeyboardInterrupt: 8, OSError: 1, ValueError: 255}
    kind = fault if isinstance(fault, type) else type(fault)
    assert app.run(["doctor"]) == expected[kind]


def test_a_machine_that_lacks_something_needed_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    lacking = doctor.Check("python", False, True, "3.10", "install Python 3.11")
    monkeypatch.setattr(doctor, "checks", lambda _: [lacking])
    assert app.run(["doctor"]) == 1


@pytest.mark.parametrize(
    ("argv", "code"), [(["--version"], 0), (["--help"], 0), (["bogus"], 2), ([], 2)]
)
def test_help_and_misuse(argv: list[str], code: int) -> None:
    assert app.run(argv) == code
