"""`plan --what-if`: any value of a spec as another, the differences, and nothing written."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pytest

from hybridspec.cli.app import run

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "vibration-watch"
Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def asked(capsys: Out, *settings: str) -> dict[str, Any]:
    """The differences that some settings make."""
    flags = [part for setting in settings for part in ("--what-if", setting)]
    code = run(["plan", str(EXAMPLE), *flags, "--format", "json"])
    shown = capsys.readouterr()
    assert code == 0, shown.err
    found = json.loads(shown.out)
    assert isinstance(found, dict)
    return found


def refused(capsys: Out, *flags: str) -> str:
    """What is said about settings that cannot be."""
    assert run(["plan", str(EXAMPLE), *flags]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    return " ".join(shown.err.split())


def test_a_price_changes_the_cost_and_nothing_else(capsys: Out) -> None:
    before = sorted(path.name for path in EXAMPLE.iterdir())
    found = asked(capsys, "catalog.boards.raspberry-pi-5.price=50 USD")
    assert found["changes"] == ["catalog.boards.raspberry-pi-5.price = 50 USD"]
    assert found["verdict"] == {"before": "valid", "after": "valid"}
    assert found["placement"] == []
    assert found["cost"]["difference"].startswith("-")
    assert sorted(path.name for path in EXAMPLE.iterdir()) == before


def test_what_is_left_out_frees_a_decision(capsys: Out) -> None:
    found = asked(capsys, "models.bearing-fault.training.cloud=")
    (moved, *_) = found["placement"]
    assert moved == {"what": "store of zone eu-plants", "before": "aws/eu-west-1",
                     "after": "azure/northeurope"}  # fmt: skip
    assert found["cost"]["difference"] == "-3.90 USD"


def test_settings_are_made_together_and_a_count_can_break_the_plan(capsys: Out) -> None:
    found = asked(capsys, "sites.stuttgart.devices.gateway=1", "sites.stuttgart.lan_rtt=3ms")
    assert found["verdict"]["after"] == "invalid"
    (finding,) = found["findings"]["appear"]
    assert finding["code"] == "HS0306"


def test_a_list_and_an_item_of_a_list_can_be_set(capsys: Out) -> None:
    found = asked(capsys, "zones.eu-plants.countries=[DE, FR]", "rollout.cohorts.0.percent=30")
    assert found["placement"][0]["after"] == "aws/eu-west-3"


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("sites.stutgart.lan_rtt=3ms", "did you mean `stuttgart`?"),
        ("sites.stuttgart.energyprice=1 USD", "did you mean `energy_price`?"),
        ("sits.stuttgart.energy_price=1 USD", "did you mean `sites`?"),
        ("rollout.cohorts.9.percent=30", "it has `0`, `1`"),
        ("rollout.cohorts.²=30", "it has `0`, `1`"),
        ("apiVersion.x=1", "holds one value"),
        ("sites.stuttgart.lan_rtt", "is no key with a value"),
        ("=3ms", "is no key with a value"),
        ("sites..lan_rtt=3ms", "is no key with a value"),
        ("sites.stuttgart.lan_rtt=[3ms", "cannot be read"),
        ("sites.lyon.uplink=", "is not in the spec"),
        ("sites.stuttgart.lan_rtt=3", "--what-if:1:25: error[HS0204]"),
        ("sites.stuttgart.lan_rtt={a: 1}", "--what-if:1:25: error[HS020"),
    ],
)
def test_a_setting_that_no_spec_could_have_is_refused(setting: str, said: str, capsys: Out) -> None:
    assert said in refused(capsys, "--what-if", setting)


def test_a_flood_of_settings_is_refused(capsys: Out) -> None:
    flags = ["--what-if", "sites.lyon.lan_rtt=3ms"] * 101
    assert "more than 100 values" in refused(capsys, *flags)


def test_people_read_the_question_and_the_answer(capsys: Out) -> None:
    assert run(["plan", str(EXAMPLE), "--what-if", "flows.watch.offline="]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("What if flows.watch.offline is left out?\n")
    assert "The spec was not touched." in shown


def test_what_faster_plans_cost_is_a_table_and_a_document(capsys: Out) -> None:
    assert run(["plan", str(EXAMPLE), "--pareto", "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["schemaVersion"] == "hybridspec.dev/pareto/v1"
    assert found["points"][0]["extra"] == "0.00 USD"
    assert found["points"][0]["worst"]["flow"] == "watch"
    assert run(["plan", str(EXAMPLE), "--pareto"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Cost or latency\n")
    assert max(map(len, shown.splitlines())) <= 80
