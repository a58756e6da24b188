"""`validate --fix`: a diff first, certain repairs only, guesses on request, and nothing else."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from diagnostics.expectations import bare
from diagnostics.small_models import write_models

from hybridspec.cli.app import run

SPEC = bare("clean_model_and_store")
Main = Callable[..., tuple[int, str, str]]

CERTAIN = {
    "a misspelt key": ("    board:", "    baord:"),
    "a unit as people write it": ("max_offline: P1D", "max_offline: 1 days"),
    "a quoted number": ("{box: 1}", '{box: "1"}'),
    "a country by its name": ("country: DE", "country: Germany"),
    "a country in small letters": ("country: DE", "country: de"),
    "a date with slashes": ("2026-11-01", "2026/11/1"),
    "one for a list": ("countries: [EU]", "countries: EU"),
    "a list for one": ("country: DE", "country: [DE]"),
    "a bloc in small letters": ("countries: [EU]", "countries: [eu]"),
}
GUESSES = {
    "a board of which there are two": ("raspberry-pi-5", "raspbery-pi-5"),
    "a share without its sign": ("floor: 0.9", "floor: 90"),
    "a key left out": ("country: DE, ", ""),
    "a key that nothing knows": ("country: DE, ", "country: DE, colour: red, "),
    "a region that is far off": ("eu-central-1", "frankfurt-1"),
}


FIGURES = {
    "no devices": ("{box: 1}", "{box: 0}"),
    "a share of the fleet too large": ("percent: 100", "percent: 300"),
    "more than any line carries": ("10Mbit/s", "99999999999Tbit/s"),
    "a power of ten beyond all use": ("10Mbit/s", "1e30Mbit/s"),
    "a range for a number": ("{box: 1}", "{box: 1..4}"),
    "a power in place of a count": ("{box: 1}", "{box: 10^30}"),
    "less than nothing": ("rtt: 30ms", "rtt: -30ms"),
    "thousands, or a fraction": ("rtt: 30ms", 'rtt: "1,500ms"'),
    "one of two places": ("country: DE", "country: [DE, FR]"),
    "a date that there is not": ("2026-11-01", "2026-13-45"),
    "a currency of which there is no rate": ("zone: eu,", "zone: eu, energy_price: 5 ct,"),
}
"""What nobody can write otherwise without saying something else."""


@pytest.fixture
def main(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Main]:
    """The command line in this process: code, stdout and stderr."""
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = run([str(argument) for argument in arguments])
        return (code, *capfd.readouterr())

    yield call
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the spec is written."""
    write_models(tmp_path / "model")
    return tmp_path / "hybridspec.yaml"


def spoilt(path: Path, old: str, new: str) -> str:
    assert SPEC.count(old) == 1, old
    text = SPEC.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return text


@pytest.mark.parametrize("name", CERTAIN)
def test_what_can_only_be_meant_one_way_is_repaired(path: Path, main: Main, name: str) -> None:
    spoilt(path, *CERTAIN[name])
    code, out, err = main("validate", path, "--fix")
    assert code == 0, err
    assert out.startswith("--- a/hybridspec.yaml\n+++ b/hybridspec.yaml\n@@ ")
    assert "(1 repaired)" in err
    assert main("validate", path)[0] == 0


@pytest.mark.parametrize("name", GUESSES)
def test_a_guess_is_made_on_request_only(path: Path, main: Main, name: str) -> None:
    text = spoilt(path, *GUESSES[name])
    assert main("validate", path, "--fix")[0] == 2
    assert path.read_text(encoding="utf-8") == text
    code, out, err = main("validate", path, "--fix-all")
    assert code == 0, out + err


@pytest.mark.parametrize("name", FIGURES)
def test_no_edit_changes_what_a_figure_says(path: Path, main: Main, name: str) -> None:
    text = spoilt(path, *FIGURES[name])
    code, _, err = main("validate", path, "--fix-all")
    assert code == 2
    assert "help: " in err
    assert path.read_text(encoding="utf-8") == text


def test_a_diff_changes_nothing(path: Path, main: Main) -> None:
    text = spoilt(path, "country: DE", "country: Germany")
    code, out, _ = main("validate", path, "--diff")
    assert code == 2
    assert "\n-" in out
    assert "country: DE" in out
    assert path.read_text(encoding="utf-8") == text


def test_line_ends_and_byte_order_marks_stay(path: Path, main: Main) -> None:
    text = SPEC.replace("country: DE, ", "").replace("\n", "\r\n")
    path.write_bytes(b"\xef\xbb\xbf" + text.encode())
    path.chmod(0o640)
    assert main("validate", path, "--fix-all")[0] == 0
    data = path.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf")
    assert data.count(b"\n") == data.count(b"\r\n")
    assert path.stat().st_mode & 0o777 == 0o640


def test_a_valid_spec_is_left_alone(path: Path, main: Main) -> None:
    path.write_text(SPEC, encoding="utf-8")
    assert main("validate", path, "--fix-all")[:2] == (0, "")
    assert path.read_text(encoding="utf-8") == SPEC


def test_a_secret_is_shown_in_no_diff(path: Path, main: Main) -> None:
    tail = (
        'observability:\n  sinks:\n    - {type: otlp, endpoint: "https://o.example:4317", '
        "country: Germany, token: hunter2}\n"
    )
    path.write_text(SPEC + tail, encoding="utf-8")
    _, out, err = main("validate", path, "--diff", "--fix-all")
    assert "hunter2" not in out + err


def test_a_document_stays_alone_on_stdout(path: Path, main: Main) -> None:
    spoilt(path, "country: DE", "country: Germany")
    code, out, err = main("validate", path, "--fix", "--format", "json")
    assert code == 0
    assert out.startswith("{")
    assert "+++ b/hybridspec.yaml" in err


def test_a_bare_number_gets_the_unit_of_its_key_and_stays_the_number(
    path: Path, main: Main
) -> None:
    spoilt(path, "bandwidth: 10Mbit/s", "bandwidth: 10")
    main("validate", path, "--fix-all")
    assert "bandwidth: 10Mbit/s" in path.read_text(encoding="utf-8")


def test_a_figure_in_place_of_a_section_stays_the_figure(path: Path, main: Main) -> None:
    spoilt(path, "latency: {bound: 50ms, to: alert}", "latency: 60ms")
    main("validate", path, "--fix-all")
    (line,) = [x for x in path.read_text(encoding="utf-8").splitlines() if "latency:" in x]
    assert "bound: 60ms" in line
