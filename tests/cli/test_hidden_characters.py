"""No command prints a character that turns text around, hides, or steers a terminal."""

from __future__ import annotations

import random
import unicodedata
from pathlib import Path

import pytest

from hybridspec.cli import app

Out = pytest.CaptureFixture[str]
HIDDEN = [chr(n) for n in range(0x110000)
          if unicodedata.category(chr(n)) in ("Cc", "Cf", "Zl", "Zp")]  # fmt: skip
COMMANDS = (
    ("validate",), ("validate", "--format", "json"), ("show",), ("show", "--format", "json"),
    ("flows",), ("flows", "--format", "json"), ("flows", "--format", "markdown"), ("rules",),
    ("rules", "--format", "json"), ("plan", "--what-if", "metadata.owner="),
    ("why", "data", "readings", "in", "US"),
)  # fmt: skip


def hostile(text: str) -> str:
    """A YAML string of it."""
    return '"' + "".join(f"\\U{ord(char):08x}" for char in text) + '"'


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A spec with hidden characters wherever it may hold text of any kind."""
    dice = random.Random(7)
    bad = ["".join(dice.sample(HIDDEN, 12)) + "x" for _ in range(4)]
    path = tmp_path / "s.yaml"
    path.write_text(f"""\
apiVersion: hybridspec.dev/v1
metadata:
  {{name: s, owner: {hostile(bad[0])}, description: {hostile(bad[1])}, as_of: 2026-11-01}}
zones: {{eu: {{countries: [DE], regimes: [gdpr]}}}}
devices:
  box: {{board: raspberry-pi-5, max_offline: P1D, uplink: {{bandwidth: 5Mbit/s, rtt: 9ms}}}}
sites: {{lab: {{country: DE, zone: eu, devices: {{box: 1}}}}}}
clouds: {{aws: {{provider: aws, regions: [eu-central-1]}}}}
data: {{readings: {{category: system.operations, size: 64B, rate: 1/s}}}}
flows:
  watch: {{data: readings, stages: {{keep: {{sink: store, inputs: [readings]}}}}}}
policies:
  home: {{forbid: {{countries: [US]}}, reason: {hostile(bad[2])}}}
rollout: {{cohorts: [{{name: all, percent: 100, max_failures: 0.0}}]}}
""")
    return path


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_nothing_hidden_is_printed(command: tuple[str, ...], spec: Path, capsys: Out) -> None:
    app.run([command[0], *command[1:], str(spec)] if command[0] != "plan"
            else ["plan", str(spec), *command[1:]])  # fmt: skip
    said = "".join(capsys.readouterr())
    assert said
    assert sorted({hex(ord(c)) for c in said if not c.isprintable() and c != "\n"}) == []


def test_what_show_prints_reads_back_the_same(spec: Path, capsys: Out) -> None:
    assert app.run(["show", str(spec)]) == 0
    once = capsys.readouterr().out
    (spec.parent / "again.yaml").write_text(once)
    assert app.run(["show", str(spec.parent / "again.yaml")]) == 0
    assert capsys.readouterr().out == once
