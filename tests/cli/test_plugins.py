"""Plugins: off unless asked for, told apart by hash, read-only, and never a way to pass."""

from __future__ import annotations

import json
import signal
import sys
from importlib import import_module, invalidate_caches
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from diagnostics.expectations import FOLDER

from hybridspec.base.diagnostic import Sink, SpecInvalid
from hybridspec.cli.app import run
from hybridspec.compiler import Options, validate_file
from hybridspec.ir.governance import PluginUse
from hybridspec.load.plugin import available, load_plugins
from hybridspec.schemas import schema

RULE = """
RAN = []

def judge(placement):
    RAN.append(placement)
    print("plugins have no say on stdout")
    yield {"message": "site is alone", "path": "sites.plant", "rule": "alone", "help": "add one"}
    yield {"message": "only one class", "severity": "warning"}
"""
Out = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _signals(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command line runs in this process, whose signals are pytest's."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)


class Package:
    """An installed package with one plugin, in a folder on the path."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch, module: str) -> None:
        self.folder, self.module = folder, module
        self.info = folder / f"{module}-1.0.dist-info"
        self.info.mkdir()
        (self.info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {module}\nVersion: 1.0\n"
        )
        points = f"[hybridspec.rules]\nacme = {module}:judge\n"
        (self.info / "entry_points.txt").write_text(points)
        files = [f"{module}.py", f"{self.info.name}/METADATA", f"{self.info.name}/RECORD"]
        (self.info / "RECORD").write_text("".join(f"{name},,\n" for name in files))
        self.write(RULE)
        patch.syspath_prepend(str(folder))
        invalidate_caches()

    def write(self, text: str) -> None:
        """Its code."""
        (self.folder / f"{self.module}.py").write_text(text)

    @property
    def sha256(self) -> str:
        """Its hash, as `hybridspec rules` prints it."""
        return next(digest for name, _, digest in available() if name == "acme")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: Any) -> Package:
    """A fresh package; its module has a name of its own, since imports are kept."""
    name = "acme_" + "".join(c if c.isalnum() else "_" for c in request.node.name.lower())
    return Package(tmp_path, monkeypatch, name)


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """A small spec."""
    text = (FOLDER / "waiver_invalid.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "system"
    folder.mkdir()
    (folder / "hybridspec.yaml").write_text(
        text[: text.index("waivers:")].split("  spare:")[0]
        + text[text.index("sites:") : text.index("waivers:")]
    )
    return folder / "hybridspec.yaml"


def found(spec: Path, cache: Path, *plugins: str) -> list[tuple[str, str]]:
    """Codes with severity."""
    try:
        findings = validate_file(spec, Options(cache=cache, plugins=plugins)).findings
    except SpecInvalid as invalid:
        findings = invalid.findings
    return [(f.code, str(f.severity)) for f in findings]


def uses(spec: Path, sha256: str) -> None:
    """The spec itself asks for the plugin."""
    with spec.open("a", encoding="utf-8") as file:
        file.write(f"plugins: [{{name: acme, sha256: {sha256}}}]\n")


def test_nothing_runs_unless_it_is_asked_for(package: Package, spec: Path, cache: Path) -> None:
    assert found(spec, cache) == []
    assert run(["rules"]) == 0
    assert package.module not in sys.modules


def test_a_plugin_adds_findings_at_the_users_line(
    package: Package, spec: Path, cache: Path, capsys: Out
) -> None:
    assert found(spec, cache, "acme") == [("HS0354", "warning"), ("HS0353", "error")]
    uses(spec, package.sha256)
    assert run(["validate", str(spec), "--format", "json"]) == 5
    findings = json.loads(capsys.readouterr().out)["findings"]
    assert [f["rule"] for f in findings if f["code"] == "HS0353"] == ["plugin:acme.alone"]
    assert findings[-1]["location"]["line"] > 1
    placement = import_module(package.module).RAN[0]
    with pytest.raises(TypeError):
        placement["claims"] = ()
    with pytest.raises(TypeError):
        placement["zones"][0]["countries"] += ("US",)


def test_a_package_that_was_not_reviewed_is_not_imported(
    package: Package, spec: Path, cache: Path
) -> None:
    uses(spec, package.sha256)
    package.write("raise SystemExit(0)")
    assert found(spec, cache) == [("HS0352", "error")]


@pytest.mark.parametrize(
    "text",
    ["def judge(p): raise ValueError('x')", "def judge(p): raise SystemExit(0)",
     "def judge(p): return [{'message': 1}]", "def judge(p): return [{'path': 'zones'}]",
     "def judge(p): return ['allowed']", "def judge(p): return None",
     "def judge(p): return [{'message': 'x', 'severity': 'note'}]",
     "def judge(p): return [{'message': 'x', 'verdict': 'satisfied'}]",
     "def judge(p): p['claims'][0]['verdict'] = 'satisfied'; return []",
     "def judge(p):\n while True: yield {'message': 'again'}", "judge = 3", "import nothing_here",
     "raise SystemExit(0)"],
    ids=range(13),
)  # fmt: skip
def test_a_plugin_that_fails_is_no_pass(
    text: str, package: Package, spec: Path, cache: Path
) -> None:
    package.write(text)
    codes = found(spec, cache, "acme")
    assert ("HS0352", "error") in codes or codes == [("HS0353", "error")]


def test_a_plugin_that_cannot_be_told_apart_is_refused(
    package: Package, spec: Path, cache: Path, capsys: Out
) -> None:
    assert found(spec, cache, "acmee") == [("HS0352", "error")]
    (package.info / "RECORD").write_text(f"{package.info.name}/METADATA,,\n")
    assert found(spec, cache, "acme") == [("HS0352", "error")]
    assert run(["rules", str(spec)]) == 0
    assert "plugin:acme  not used" in capsys.readouterr().out


def test_the_report_and_the_list_of_rules_name_it_with_its_hash(
    package: Package, spec: Path, capsys: Out
) -> None:
    package.write("def judge(p): return []")
    with spec.open("a", encoding="utf-8") as file:
        file.write("policies: {no-us: {title: Off, forbid: {countries: [US]}, reason: r}}\n")
    uses(spec, package.sha256)
    assert run(["rules", str(spec), "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [p["id"] for p in listed["policies"]] == ["policy:no-us"]
    (plugin,) = listed["plugins"]
    assert (plugin["sha256"], plugin["used"]) == (package.sha256, True)
    out = spec.parent / "out"
    assert run(["report", str(spec), "--out", str(out)]) == 0
    report = json.loads((out / "report" / "report.json").read_text())
    assert report["plugins"] == [
        {"name": "acme", "package": f"{package.module} 1.0", "sha256": package.sha256}
    ]
    for name in ("report.md", "index.html"):
        text = (out / "report" / name).read_text()
        assert package.sha256 in text
        assert "policy:no-us" in text
    placement = json.loads((out / "placement.json").read_text())
    jsonschema.validate(placement, schema("placement"))
    assert placement["claims"]


def test_two_packages_with_one_name_are_refused(
    package: Package, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "second").mkdir()
    Package(tmp_path / "second", monkeypatch, f"{package.module}_too")
    sink = Sink()
    assert load_plugins([PluginUse(name="acme", sha256=package.sha256)], (), sink) == ()
    assert "is offered by 2 packages" in sink.findings[0].message
