"""`explain` on the shipped examples: every decision answers, in three forms and 80 columns."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from hybridspec.cli.app import run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
ASKED = {
    "autonomous-shuttle": ("model", "obstacle", "aachen"),
    "bedside-monitor": ("flow", "bedside-us", ""),
    "city-traffic": ("model", "road-user-pl", "gdansk"),
    "federated-hospitals": ("model", "tumour", "lille"),
    "remote-farm": ("flow", "herd", "saskatchewan"),
    "security-cameras": ("model", "intruder", ""),
    "smart-checkout": ("flow", "shelf", "rotterdam-lab"),
    "vibration-watch": ("flow", "watch", "stuttgart"),
}
ITEMS = ["latency", "sensitivity", "connectivity", "compute", "cost profile", "heterogeneity",
         "update cadence", "hybrid fit"]  # fmt: skip
Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def words(kind: str, name: str, site: str) -> list[str]:
    """A question as it is typed."""
    return ["explain", kind, name, *(["at", "site", site] if site else [])]


def answer(capsys: Out, *argv: str) -> dict[str, Any]:
    """The document of an answer."""
    assert run([*argv, "--format", "json"]) == 0, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("example", ASKED)
def test_every_example_answers(example: str, capsys: Out) -> None:
    found = answer(capsys, *words(*ASKED[example]), str(EXAMPLES / example))
    assert found["schemaVersion"] == "hybridspec.dev/explanation/v1"
    assert found["decisions"]
    for decision in found["decisions"]:
        assert decision["chosen"]["state"] == "chosen"
        assert decision["chosen"]["failures"] == []
        assert all(not slack["left"].startswith("-") for slack in decision["chosen"]["slack"])
        for one in decision["candidates"]:
            assert bool(one["failures"]) == (one["state"] != "admissible")
        for checklist in decision["checklist"]:
            assert [item["item"] for item in checklist["items"]] == ITEMS
            assert any(item["decides"] for item in checklist["items"])
            assert all(item["figure"] for item in checklist["items"])


def test_people_read_80_columns_and_markdown_has_the_same_parts(capsys: Out) -> None:
    argv = [*words(*ASKED["vibration-watch"]), str(EXAMPLES / "vibration-watch")]
    assert run(argv) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert run([*argv, "--format", "markdown"]) == 0
    table = capsys.readouterr().out
    for title in ("What decides where bearing-fault runs", "Bounds of the chosen way",
                  "Cost terms", "Latency, leg by leg", "Every other way"):  # fmt: skip
        assert f"\n{title}\n" in shown
        assert f"\n## {title}\n" in table
    assert "\n  *  latency " in shown
    assert "HS0304 runs `diagnose` in the cloud" in " ".join(shown.split())


def test_sites_that_are_alike_share_an_answer(capsys: Out) -> None:
    found = answer(capsys, "explain", "model", "digit", str(EXAMPLES / "smart-checkout"))
    sites = [decision["sites"] for decision in found["decisions"]]
    assert len(sites) < 60
    assert sum(map(len, sites)) > 300


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["flow", "wacth", "at", "stuttgart"], "did you mean `watch`?"),
        (["flow", "watch", "at", "stutgart"], "did you mean `stuttgart`?"),
        (["model", "bearing"], "did you mean `bearing-fault`?"),
        (["flaw", "watch"], "is no question"),
        (["flow", "watch", "at"], "is no question"),
        (["flow", "watch", "in", "lyon"], "is no question"),
    ],
)
def test_a_question_about_nothing_is_refused(argv: list[str], said: str, capsys: Out) -> None:
    spec = [] if "in" in argv or argv[-1] == "at" else [str(EXAMPLES / "vibration-watch")]
    assert run(["explain", *argv, *spec]) == 2
    shown = capsys.readouterr()
    assert shown.out == ""
    assert said in shown.err


@pytest.mark.parametrize("kind", ["flow", "model", "zone"])
def test_a_question_without_a_name_lists_what_there_is(
    kind: str, capsys: Out, monkeypatch: pytest.MonkeyPatch
) -> None:
    names = {"flow": "watch", "model": "bearing-fault", "zone": "eu-plants"}
    monkeypatch.chdir(EXAMPLES / "vibration-watch")  # which has a folder `model`
    for argv in ([kind], [kind, "hybridspec.yaml"], [kind, "."], [kind, "at", "lyon"]):
        assert run(["explain", *argv]) == 2
        said = f"`explain {kind}` names no {kind}: there is `{names[kind]}`"
        assert said in capsys.readouterr().err
    monkeypatch.chdir(EXAMPLES)
    for argv in ([kind], [kind, "nope.yaml"]):
        assert run(["explain", *argv]) == 2
        assert f"`explain {kind}` names no {kind}" in capsys.readouterr().err


def test_a_code_is_still_explained(capsys: Out) -> None:
    assert run(["explain", "HS0302"]) == 0
    assert capsys.readouterr().out.startswith("HS0302 latency-exceeded: ")


def test_what_clashes_is_told_in_the_users_lines_with_repairs_that_work(capsys: Out) -> None:
    spec = str(EXAMPLES / "vibration-watch" / "refused-one-gateway.yaml")
    found = answer(capsys, "explain", "--infeasible", spec)
    assert found["schemaVersion"] == "hybridspec.dev/conflicts/v1"
    assert not found["feasible"]
    (conflict,) = found["conflicts"]
    assert {"flows.watch.latency.bound", "sites.stuttgart.devices.gateway"} == {
        line["key"] for line in conflict["clash"]
    }
    assert all(".yaml:" in line["at"] for line in conflict["clash"])
    first = conflict["repairs"][0]
    assert first["changes"] == ["put 2 `gateway` at `stuttgart`"]
    (setting,) = first["whatIf"]
    capsys.readouterr()
    assert run(["plan", spec, "--what-if", setting]) == 0
    assert "Verdict: invalid before, valid after." in capsys.readouterr().out
    assert run(["explain", spec, "--infeasible"]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert "these cannot hold together" in shown
    assert run(["explain", spec, "--infeasible", "--format", "markdown"]) == 0
    assert capsys.readouterr().out.startswith("# why there is no plan\n")


def test_a_spec_with_a_plan_has_no_conflict_but_may_be_wrong_otherwise(capsys: Out) -> None:
    assert answer(capsys, "explain", str(EXAMPLES / "remote-farm"), "--infeasible")["feasible"]
    spec = str(EXAMPLES / "remote-farm" / "refused-stale-metadata.yaml")
    found = answer(capsys, "explain", spec, "--infeasible")
    assert found["feasible"]
    assert found["otherFindings"] == ["HS0308"]
    assert run(["explain", "flow", "herd", str(EXAMPLES / "remote-farm"), "--infeasible"]) == 2


def test_the_store_of_a_zone_says_why_there_and_what_would_move_it(capsys: Out) -> None:
    spec = str(EXAMPLES / "vibration-watch")
    found = answer(capsys, "explain", "zone", "eu-plants", spec)["zone"]
    regions = {one["region"]: one for one in found["regions"]}
    assert regions[found["store"]]["extra"] == "0.00 USD"
    assert any(one["extra"] and one["extra"].startswith("+") for one in regions.values())
    azure = regions["azure/northeurope"]
    assert azure["extra"] is None
    assert azure["reasons"][0]["message"] == "`bearing-fault` trains in the cloud `aws`"
    flip = next(one for one in found["flips"] if one["becomes"] == "aws/eu-west-3")
    assert flip["whatIf"].startswith("catalog.regions.aws.eu-west-")
    assert run(["plan", spec, "--what-if", flip["whatIf"], "--format", "json"]) == 0
    changed = json.loads(capsys.readouterr().out)["placement"]
    assert changed[0]["after"] == "aws/eu-west-3"
    assert run(["explain", "zone", "eu-plants", spec]) == 0
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= 80
    assert "\nWhat would move it\n" in shown


def test_a_fleet_reads_like_a_handful_of_answers(capsys: Out) -> None:
    spec = str(EXAMPLES / "smart-checkout")
    assert run(["explain", spec]) == 0
    shown = capsys.readouterr().out
    titles = [line for line in shown.splitlines() if line and not line.startswith(" ")]
    assert len(titles) == 4
    assert titles[0].startswith("checkout at rotterdam-lab and 200 sites like it (AT, BE, ")
    assert len(shown.splitlines()) < 300
    assert re.search(r"\n  cost [0-9.]+ USD to [0-9.]+ USD each; devices busy ", shown)
    assert "more ways are rejected, which `--site rotterdam-lab` shows" in shown
    assert run(["explain", spec, "--format", "markdown"]) == 0
    assert capsys.readouterr().out.count("\n## ") == 4
    assert len(answer(capsys, "explain", spec)["decisions"]) == 2 * 241


def test_of_sites_alike_the_slowest_is_named_and_ways_of_some_are_counted(capsys: Out) -> None:
    spec = str(EXAMPLES / "city-traffic")
    whole = answer(capsys, "explain", spec)["decisions"]
    assert run(["explain", spec]) == 0
    shown = " ".join(capsys.readouterr().out.split())
    for one in whole:
        assert one["flow"] in shown
        assert one["site"] in shown
    assert f"{whole[0]['flow']} at " in shown
