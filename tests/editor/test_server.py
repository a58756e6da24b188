"""The real server over its pipes: findings, completion, hover, definition, symbols, quick fixes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from editor.client import Editor


def test_it_says_what_it_can(editor: Editor) -> None:
    able = editor.capabilities
    assert able["textDocumentSync"]["change"] == 2
    for provider in ("completion", "hover", "definition", "documentSymbol", "codeAction"):
        assert able[f"{provider}Provider"], provider
    assert able["positionEncoding"] == "utf-16"


def test_findings_are_the_compilers_and_follow_the_typing(editor: Editor, spec: Path) -> None:
    assert editor.findings(spec) == []
    at = editor.texts[spec].index("country: DE") + len("country: ")
    editor.replace(spec, at, at + 2, "NO")
    (found,) = editor.findings(spec)
    assert (found["code"], found["source"], found["severity"]) == ("HS0301", "hybridspec", 1)
    assert editor.covered(spec, found["range"]) == "NO"
    assert "help: add `NO` to the countries of `eu-plants`" in found["message"]
    (note,) = found["relatedInformation"]
    assert note["location"]["uri"] == spec.as_uri()
    assert editor.covered(spec, note["location"]["range"]).startswith("[")
    editor.replace(spec, at, at + 2, "FR")
    assert editor.findings(spec) == []


def test_columns_are_utf_16(editor: Editor, spec: Path) -> None:
    text = editor.texts[spec]
    editor.write(spec, text.replace("{bandwidth: 20Mbit/s, rtt: 35ms}",
                                    '{rtt: "🏭ü", bandwidth: "20 Mühe"}'))  # fmt: skip
    found = [f for f in editor.findings(spec) if f["code"] == "HS0204"]
    assert [editor.covered(spec, f["range"]) for f in found] == ['"🏭ü"', '"20 Mühe"']
    column = len('    uplink: {rtt: "') + 4 + len(", bandwidth: ")
    assert found[1]["range"]["start"]["character"] == column
    editor.write(spec, text.replace("devices: {gateway: 3}", 'devices: {"🏭ü": 1, gat: 1}'))
    at = editor.texts[spec].index("gat: 1") + 3
    assert "gateway" in editor.labels(spec, at)
    editor.accept(spec, at, "gateway")
    assert 'devices: {"🏭ü": 1, gateway: 1}' in editor.texts[spec]


def test_hover_explains_keys_and_knows_facts(editor: Editor, spec: Path) -> None:
    text = editor.texts[spec]

    def said(mark: str, inside: int) -> str:
        return str(editor.at("hover", spec, text.index(mark) + inside)["contents"]["value"])

    assert "Written as a duration" in said("retention: P30D", 2)
    assert "Raspberry Pi 5" in said("raspberry-pi-5", 3)
    assert "95.00 USD" in said("raspberry-pi-5", 3)
    assert "Frankfurt, DE" in said("eu-central-1", 3)
    assert "27 countries, AT, BE" in said("[EU]", 2)
    assert "**Germany** (`DE`), in EEA, EU" in said("country: DE", 10)
    assert "board `raspberry-pi-5`" in said("{gateway: 3}", 3)
    assert "runs model `bearing-fault`, fed by `normalise`" in said("[diagnose]", 3)
    assert "Zone `eu-plants`: countries [EU]" in said("zone: eu-plants", 8)
    assert editor.at("hover", spec, 0) is None


def test_definitions_lead_to_names_and_files(editor: Editor, spec: Path) -> None:
    text = editor.texts[spec]
    for use, defined in (
        ("zone: eu-plants", "\n  eu-plants:"), ("{gateway", "\n  gateway:"),
        ("model: bearing-fault", "\n  bearing-fault:"), ("inputs: [diagnose", "\n      diagnose:"),
        ("data: vibration", "\n  vibration:"), ("to: alert", "\n      alert:"),
    ):  # fmt: skip
        (found,) = editor.at("definition", spec, text.index(use) + len(use) - 1)
        assert found["uri"] == spec.as_uri()
        assert editor.covered(spec, found["range"]) == defined.strip().removesuffix(":")
        assert found["range"]["start"] == editor.place(spec, text.index(defined) + len(
            defined) - len(defined.strip()))  # fmt: skip
    (found,) = editor.at("definition", spec, text.index("bearing_fault.onnx"))
    assert found["uri"] == (spec.parent / "model" / "bearing_fault.onnx").as_uri()
    assert editor.at("definition", spec, text.index("apiVersion")) == []


def test_symbols_are_the_keys(editor: Editor, spec: Path) -> None:
    found = editor.ask("textDocument/documentSymbol", {"textDocument": {"uri": spec.as_uri()}})
    assert [symbol["name"] for symbol in found][:4] == ["apiVersion", "metadata", "zones",
                                                        "devices"]  # fmt: skip
    devices = found[3]
    assert [inner["name"] for inner in devices["children"]] == ["gateway", "line-server"]
    assert editor.covered(spec, devices["range"]).startswith("devices:\n  gateway:")
    cohorts = next(s for s in found if s["name"] == "rollout")["children"][0]
    assert [inner["name"] for inner in cohorts["children"]] == ["canary", "fleet"]


def test_a_quick_fix_repairs_the_spec(editor: Editor, spec: Path) -> None:
    editor.write(spec, editor.texts[spec].replace("zones:", "zonse:", 1))
    found = next(f for f in editor.findings(spec) if f["code"] == "HS0201")
    actions = editor.ask("textDocument/codeAction", {
        "textDocument": {"uri": spec.as_uri()}, "range": found["range"],
        "context": {"diagnostics": [found]},
    })  # fmt: skip
    (action,) = actions
    assert action["kind"] == "quickfix"
    (edit,) = action["edit"]["changes"][spec.as_uri()]
    at = editor.texts[spec].index("zonse")
    assert edit["newText"] == "zones"
    assert editor.covered(spec, edit["range"]) == "zonse"
    editor.replace(spec, at, at + len("zonse"), edit["newText"])
    assert editor.findings(spec) == []


def test_closing_takes_the_findings_back(editor: Editor, folder: Path) -> None:
    path = folder / "other" / "hybridspec.yaml"
    editor.open(path, "apiVersion: nonsense\n")
    assert editor.findings(path)
    editor.shut(path)
    assert editor.wait_for(path, None) == []


def test_a_client_that_counts_bytes_is_understood(folder: Path, cache: Path) -> None:
    client = Editor(cache, folder, ["utf-8", "utf-16"])
    path = folder / "hybridspec.yaml"
    client.open(path, 'metadata: {owner: "🏭ü", nmae: x}\n')
    found = next(f for f in client.findings(path) if f["code"] == "HS0201")
    assert client.capabilities["positionEncoding"] == "utf-8"
    assert found["range"]["start"]["character"] == len('metadata: {owner: "🏭ü", '.encode())
    assert client.close() == 0


def test_without_its_package_it_says_how_to_get_it(tmp_path: Path) -> None:
    hide = [
        "import importlib.util as util, sys",
        "find = util.find_spec",
        "util.find_spec = lambda name, *rest: None if name == 'pygls' else find(name, *rest)",
        "from hybridspec.cli.app import run",
        "sys.exit(run(['lsp']))",
    ]
    done = subprocess.run([sys.executable, "-c", "; ".join(hide)], capture_output=True, text=True,
                          check=False, cwd=tmp_path)  # fmt: skip
    assert done.returncode == 1
    assert "pip install 'hybridspec[lsp]'" in done.stderr
