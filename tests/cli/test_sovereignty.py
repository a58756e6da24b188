"""`flows`, `why` and `what-if`: on shipped examples, and on a spec whose answers are known."""

from __future__ import annotations

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from hybridspec.cli.app import run

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
Out = pytest.CaptureFixture[str]

SPEC = """
apiVersion: hybridspec.dev/v1
metadata: {name: wards, owner: someone, as_of: 2026-11-01}
zones:
  eu:
    countries: [DE, FR, US]
    regimes: [gdpr]
    transfers: [{to: US, mechanism: scc, evidence: legal/scc.pdf, expires: 2028-12-31}]
    evidence: [{kind: tia, document: legal/tia.pdf, expires: 2028-12-31}]
devices:
  box:
    board: raspberry-pi-5
    max_offline: P1D
    uplink: {bandwidth: 10Mbit/s, rtt: 30ms}
sites:
  ward: {country: DE, zone: eu, devices: {box: 1}}
clouds:
  aws: {provider: aws, regions: [eu-central-1, us-east-1]}
data:
  names: {category: user.name, size: 64B, rate: 1/s, subjects: [DE], subject_count: 900}
flows:
  admit:
    data: names
    stages:
      show: {sink: alert, inputs: [names]}
      keep: {sink: store, inputs: [names]}
rollout:
  cohorts:
    - {name: all, percent: 100, max_failures: 0}
"""


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


@pytest.fixture
def spec(tmp_path: Path) -> str:
    (tmp_path / "legal").mkdir()
    for name in ("scc.pdf", "tia.pdf"):
        (tmp_path / "legal" / name).write_bytes(b"signed")
    (tmp_path / "hybridspec.yaml").write_text(SPEC, encoding="utf-8")
    return str(tmp_path)


def answer(capsys: Out, *argv: str, code: int = 0) -> dict[str, Any]:
    assert run([*argv, "--format", "json"]) == code, capsys.readouterr().err
    found = json.loads(capsys.readouterr().out)
    assert isinstance(found, dict)
    return found


def text(capsys: Out, *argv: str, code: int = 0) -> str:
    assert run([*argv]) == code
    shown = capsys.readouterr()
    return " ".join((shown.out + shown.err).split())


@pytest.mark.parametrize("example", ["vibration-watch", "federated-hospitals"])
def test_every_asset_of_an_example_has_a_label_and_its_facets(example: str, capsys: Out) -> None:
    found = answer(capsys, "flows", str(EXAMPLES / example))
    assert found["schemaVersion"] == "hybridspec.dev/flows/v1"
    assert found["placed"]
    assert found["facts"]["digest"]
    kinds = {asset["node"].split(" ")[0] for asset in found["assets"]}
    assert {"data", "stage", "model"} <= kinds
    for asset in found["assets"]:
        assert asset["label"]["zones"] or asset["label"]["empty"]
        for cell in asset["facets"]:
            assert cell["verdict"] in found["verdicts"]
            assert cell["why"]
    cells = sum(len(asset["facets"]) for asset in found["assets"])
    assert cells == sum(found["verdicts"].values()) > 0


def test_what_is_asked_for_alone_is_shown(spec: str, capsys: Out) -> None:
    found = answer(capsys, "flows", spec, "--data", "names")
    assert {asset["node"] for asset in found["assets"]} == {"data names@eu"}
    assert found["assets"][0]["label"]["people"] == 900
    assert {"regime": "gdpr", "zone": "eu"} in found["assets"][0]["label"]["regimes"]
    shown = text(capsys, "flows", spec, "--zone", "eu")
    assert "900 people in DE" in shown
    assert "under gdpr (zone eu)" in shown
    assert "[agent:crash-dumps]; where to: unknown" in shown
    assert "kept from happening by ort-telemetry-off" in shown


def test_markdown_is_whole_and_takes_no_markup_of_the_user(spec: str, capsys: Out) -> None:
    path = Path(spec) / "hybridspec.yaml"
    path.write_text(SPEC.replace("user.name", "user.name|x"), encoding="utf-8")
    code = run(["flows", spec, "--format", "markdown"])
    shown = capsys.readouterr().out
    if code == 0:  # a category may not have such a sign: then nothing is shown at all
        assert "user.name\\|x" in shown
    path.write_text(SPEC, encoding="utf-8")
    assert run(["flows", spec, "--format", "markdown"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# Where the data of wards lies")
    assert re.search(r"(?m)^\| process \| ", shown)


def test_labels_are_shown_where_nothing_can_be_placed(spec: str, capsys: Out) -> None:
    broken = SPEC.replace("[DE, FR, US]", "[DE, FR]").replace("country: DE", "country: US")
    (Path(spec) / "hybridspec.yaml").write_text(broken, encoding="utf-8")
    found = answer(capsys, "flows", spec)
    assert not found["placed"]
    assert {asset["node"] for asset in found["assets"]} >= {"data names@eu"}
    assert "nothing is placed" in text(capsys, "flows", spec)


def test_a_country_at_home_is_allowed_and_the_way_is_told(spec: str, capsys: Out) -> None:
    found = answer(capsys, "why", "admit.keep", "in", "DE", spec, "--facet", "store")
    assert found["allowed"]
    assert found["verdict"] == "satisfied"
    came = {way["part"]: way for way in found["answers"][0]["came"]}
    assert came["gdpr of zone eu"]["from"] == "data names@eu"
    assert came["gdpr of zone eu"]["steps"][-1]["to"] == "stage admit.keep@eu"
    (facet,) = found["answers"][0]["facets"]
    assert {reason["rule"] for reason in facet["reasons"]} >= {"zone:eu", "gdpr:home"}


def test_a_transfer_is_conditional_with_what_meets_it(spec: str, capsys: Out) -> None:
    found = answer(capsys, "why", "names", "in", "US", spec, "--facet", "store")
    assert (found["verdict"], found["allowed"]) == ("conditional", True)
    (facet,) = found["answers"][0]["facets"]
    assert any(duty["metBy"].endswith("tia.pdf") for duty in facet["obligations"])
    facts = {fact["id"]: fact for fact in found["cited"]}
    assert facts["gdpr:mechanism:scc"]["source"].startswith("https://")
    assert facts["gdpr:mechanism:scc"]["compared"] is True
    grounds = {g["mechanism"]: g for g in found["answers"][0]["grounds"]}
    assert grounds["scc"]["stated"]
    assert grounds["bcr"]["stated"] is False
    shown = text(capsys, "why", "names", "in", "us", spec, "--facet", "store")
    assert "names in US, on your own hardware: allowed (conditional)" in shown
    assert "valid from 2021-06-27" in shown
    assert "not legal advice" in shown


def test_a_ground_for_one_recipient_serves_no_other(spec: str, capsys: Out) -> None:
    alone = SPEC.replace("mechanism: scc,", "mechanism: scc, recipient: aws,")
    (Path(spec) / "hybridspec.yaml").write_text(alone, encoding="utf-8")
    argv = ("why", "names", "in", "US", spec, "--facet", "store")
    mine = answer(capsys, *argv)
    assert mine["verdict"] == "violated"
    clouds = answer(capsys, *argv, "--cloud", "aws")
    assert clouds["verdict"] == "conditional"
    scc = [g for found in (mine, clouds) for g in found["answers"][0]["grounds"]
           if g["mechanism"] == "scc"]  # fmt: skip
    assert [(g["stated"], g["serves"]) for g in scc] == [(True, False), (True, True)]
    shown = text(capsys, *argv)
    assert "with aws alone, which does not serve here" in shown


def test_elsewhere_is_denied_and_every_fact_is_dated(spec: str, capsys: Out) -> None:
    found = answer(capsys, "why", "names", "in", "CN", spec)
    assert (found["verdict"], found["allowed"]) == ("violated", False)
    for fact in found["cited"]:
        assert fact["since"]
        assert fact["checkedOn"]
        assert fact["source"]


def test_a_cloud_brings_what_it_adds_by_itself(spec: str, capsys: Out) -> None:
    argv = ("why", "admit.keep", "in", "DE", spec, "--cloud", "aws", "--facet")
    found = answer(capsys, *argv, "support")
    assert (found["verdict"], found["heldBy"]) == ("gap", "aws")
    assert any(line.startswith("support: ") for line in found["unknown"])
    (keys,) = answer(capsys, *argv, "keys")["answers"][0]["facets"]
    assert {place["countries"][0] for place in keys["places"]} == {"DE"}
    met = {duty["metBy"] for duty in keys["obligations"]}
    assert "guard `key-single-region`, which the emitted stack sets and `preview` proves" in met
    shown = text(capsys, *argv, "keys")
    assert "(1) in DE: region aws/eu-central-1" in shown
    shown = text(capsys, *argv, "support")
    assert "Nobody states:" in shown


def test_staff_that_nobody_places_are_a_gap_for_data_about_nobody(spec: str, capsys: Out) -> None:
    """No law has a say about such data: that nobody states the place is a gap all the same."""
    plain = SPEC.replace("user.name", "system.operations").replace("regimes: [gdpr]", "regimes: []")
    plain = re.sub(r"    (transfers|evidence): .*\n", "", plain)
    (Path(spec) / "hybridspec.yaml").write_text(plain, encoding="utf-8")
    argv = ("why", "admit.keep", "in", "DE", spec, "--cloud", "aws", "--facet", "support")
    found = answer(capsys, *argv)
    assert (found["verdict"], found["allowed"]) == ("gap", False)


def test_what_nobody_knows_is_named_and_not_allowed(spec: str, capsys: Out) -> None:
    unknown = SPEC.replace("subjects: [DE]", "subjects: [SA]")
    (Path(spec) / "hybridspec.yaml").write_text(unknown, encoding="utf-8")
    found = answer(capsys, "why", "names", "in", "DE", spec, "--facet", "store")
    assert not found["allowed"]
    assert any("SA" in line for line in found["unknown"])


@pytest.mark.parametrize(
    ("country", "expected", "code"),
    [("DE", "allowed", 0), ("DE", "denied", 5), ("CN", "denied", 0), ("CN", "allowed", 5)],
)
def test_a_script_can_rely_on_the_answer(
    country: str, expected: str, code: int, spec: str, capsys: Out
) -> None:
    argv = ("why", "names", "in", country, spec, "--facet", "store", "--expect", expected)
    answer(capsys, *argv, code=code)


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (("why", "nmes", "in", "DE"), "did you mean `names`?"),
        (("why", "keep", "in", "DE"), "did you mean `admit.keep`?"),
        (("why", "names", "on", "DE"), "there is no word `on`"),
        (("why", "names", "in", "Germny"), "did you mean `DE`?"),
        (("why", "names", "in", "DE", "--facet", "stor"), "did you mean `store`?"),
        (("why", "names", "in", "DE", "--cloud", "awz"), "did you mean `aws`?"),
        (("flows", "--zone", "eux"), "did you mean `eu`?"),
        (("flows", "--data", "admit.kep"), "did you mean `admit.keep`?"),
        (("what-if",), "give at least one of"),
        (("what-if", "--add-country", "eux=CH"), "did you mean `eu`?"),
        (("what-if", "--add-country", "CH"), "write `--add-country eu=CH`"),
        (("what-if", "--add-country", "eu=XX"), "is not a known country"),
        (("what-if", "--add-regime", "eu=gdrp"), "did you mean `gdpr`?"),
        (("what-if", "--remove-mechanism", "eu:US:bcr"), "its transfers are `US:scc`"),
        (("what-if", "--remove-mechanism", "eu:US"), "write `--remove-mechanism eu:US:scc`"),
        (("what-if", "--as-of", "2031-13-01"), "is not a day"),
    ],
)  # fmt: skip
def test_a_name_that_does_not_exist_is_refused_with_a_way_out(
    argv: tuple[str, ...], said: str, spec: str, capsys: Out
) -> None:
    words = list(argv)
    words.insert(4 if words[0] == "why" else 1, spec)
    assert run(words) == 2
    shown = capsys.readouterr().err
    assert said in " ".join(shown.split())
    assert "Traceback" not in shown


def test_a_mechanism_that_falls_changes_findings(spec: str, capsys: Out) -> None:
    before = (Path(spec) / "hybridspec.yaml").read_bytes()
    found = answer(capsys, "what-if", spec, "--remove-mechanism", "eu:US:scc")
    assert found["changes"] == ["zone eu has no scc for US"]
    assert found["verdict"] == {"before": "valid", "after": "invalid"}
    assert "HS0311" in {finding["code"] for finding in found["findings"]["appear"]}
    assert found["placement"] == [
        {"what": "everything", "before": "placed", "after": "no placement"}
    ]
    assert (Path(spec) / "hybridspec.yaml").read_bytes() == before


def test_a_day_after_the_clauses_ran_out(spec: str, capsys: Out) -> None:
    found = answer(capsys, "what-if", spec, "--as-of", "2031-12-31")
    assert found["verdict"]["after"] == "invalid"
    assert "HS0312" in {finding["code"] for finding in found["findings"]["appear"]}
    shown = text(capsys, "what-if", spec, "--as-of", "2031-12-31")
    assert "What if it is 2031-12-31?" in shown
    assert "The spec was not touched." in shown


def test_a_country_less_moves_nothing_that_lies_elsewhere(spec: str, capsys: Out) -> None:
    found = answer(capsys, "what-if", spec, "--remove-country", "eu=FR")
    assert found["verdict"] == {"before": "valid", "after": "valid"}
    assert found["placement"] == []
    assert found["cost"]["before"] == found["cost"]["after"]


def test_a_country_more_lets_a_site_stand_there(spec: str, capsys: Out) -> None:
    closed = SPEC.replace("[DE, FR, US]", "[FR, US]")
    (Path(spec) / "hybridspec.yaml").write_text(closed, encoding="utf-8")
    found = answer(capsys, "what-if", spec, "--add-country", "eu=DE")
    assert found["verdict"] == {"before": "invalid", "after": "valid"}
    assert found["findings"]["vanish"]
    assert found["placement"] == [
        {"what": "everything", "before": "no placement", "after": "placed"}
    ]


def test_a_law_more_is_judged_with_what_it_asks(spec: str, capsys: Out) -> None:
    found = answer(capsys, "what-if", spec, "--add-regime", "eu=pipl")
    assert found["changes"] == ["zone eu is under pipl too"]
    assert found["findings"]["appear"] or found["claims"]
    assert run(["what-if", spec, "--add-regime", "eu=pipl"]) == 0
    assert "zone eu is under pipl too" in capsys.readouterr().out


def test_a_spec_that_cannot_be_read_is_refused(tmp_path: Path, capsys: Out) -> None:
    for argv in (["flows"], ["what-if", "--as-of", "2027-01-01"]):
        assert run([argv[0], str(tmp_path / "none.yaml"), *argv[1:]]) == 2
        assert "HS0101" in capsys.readouterr().err
    assert run(["why", "names", "in", "DE", str(tmp_path / "none.yaml")]) == 2


def test_what_a_user_types_cannot_steer_a_terminal(spec: str, capsys: Out) -> None:
    assert run(["flows", spec, "--data", "\x1b[2Jx"]) == 2
    assert "\x1b" not in capsys.readouterr().err


def test_who_answers_for_a_gap_is_named(spec: str, capsys: Out) -> None:
    lines = """waivers:
  - rule: "unknown:SA"
    at: data.names
    type: risk-accepted
    owner: privacy@example.org
    approver: dpo@example.org
    reason: counsel looks after it
    ticket: LAW-1
    expires: 2027-03-31
"""
    waived = SPEC.replace("subjects: [DE]", "subjects: [SA]") + lines
    (Path(spec) / "hybridspec.yaml").write_text(waived, encoding="utf-8")
    found = answer(capsys, "why", "names", "in", "DE", spec, "--facet", "store")
    reasons = [r for f in found["answers"][0]["facets"] for r in f["reasons"]]
    assert any(r["rule"] == "unknown:SA" for r in reasons)
    assert found["verdict"] in ("waived", "gap")
    assert (found["verdict"] == "waived") == any(r["waivedBy"] for r in reasons)


def test_claims_that_change_for_one_cause_are_counted_together(spec: str, capsys: Out) -> None:
    argv = ("what-if", spec, "--remove-country", "eu=DE")
    count = len(answer(capsys, *argv)["claims"])
    assert count > 3
    shown = text(capsys, *argv)
    assert f"Claims that change: {count} (" in shown
    assert "of zone eu: " in shown
    assert "process, logs of admit.show" in shown
    assert text(capsys, *argv, "--all").count("admit.show") > 1


def test_what_is_said_of_every_facet_is_said_once(capsys: Out) -> None:
    bedside = str(EXAMPLES / "bedside-monitor")
    shown = text(capsys, "why", "rhythm-us", "in", "DE", bedside)
    assert shown.count("[gdpr:art-35]") == 1
    assert shown.index("What is said of every facet") < shown.index("[gdpr:art-35]")
    assert "fact gdpr:art-35" not in shown
    assert "gdpr:art-35: " in shown[shown.index("Facts") :]


def test_facets_are_read_in_lines_where_a_table_has_no_room(
    capsys: Out, spec: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    narrow = Console(width=80, highlight=False)
    monkeypatch.setattr("hybridspec.report.terminal.console", lambda **_: narrow)
    with narrow.capture() as shown:
        assert run(["flows", spec, "--data", "admit.keep"]) == 0
    lines = shown.get().splitlines()
    assert max(map(len, lines)) <= 80
    assert not any("┃" in line for line in lines)
    assert any(line.startswith("  store, ") and ": " in line for line in lines)
