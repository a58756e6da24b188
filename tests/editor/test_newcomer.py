"""Somebody who has read nothing writes a new industry's spec by completion alone."""

from __future__ import annotations

from pathlib import Path

from editor.client import Editor

from hybridspec.cli.starter_model import STARTERS, train


def _choose_all(editor: Editor, path: Path, label: str) -> None:
    """Accept what is offered under a name at the end of the file, then fill every tab stop."""
    for stop in editor.accept(path, len(editor.texts[path]), label):
        editor.choose(path, stop)
    editor.replace(path, len(editor.texts[path]), len(editor.texts[path]), "\n")


def _inside(editor: Editor, path: Path, behind: str, column: int) -> int:
    """A new line behind a text, indented; returns where the cursor then stands."""
    end = editor.texts[path].index("\n", editor.texts[path].index(behind))
    editor.replace(path, end, end, "\n" + " " * column)
    return end + 1 + column


def test_from_an_empty_file_to_a_valid_spec(tmp_path: Path, cache: Path) -> None:
    folder = tmp_path.resolve()
    train(folder / "model", STARTERS["minimal"])
    editor, path = Editor(cache, folder), folder / "hybridspec.yaml"
    editor.open(path, "")
    offered = editor.labels(path, 0)
    required = offered[:8]
    assert required[:2] == ["apiVersion", "metadata"]

    for label in ("apiVersion", "metadata", "zones", "devices", "sites", "clouds", "data",
                  "models", "flows", "rollout"):  # fmt: skip
        _choose_all(editor, path, label)
    text = editor.texts[path]
    assert "source: model/anomaly.onnx" in text
    assert "evaluation: model/evaluation.npz" in text
    assert "judge: {model: my-model, inputs: [readings]" in text
    assert "alert: {sink: alert, inputs: [judge]}" in text
    assert [f for f in editor.findings(path) if f["severity"] == 1] == []

    # What only the user can know is added the same way: a bound, a zone's law, a store.
    for behind, column, label in (
        ("  watch:", 4, "latency"), ("  home:", 4, "regimes"), ("  home:", 4, "retention"),
        ("      judge:", 6, "summary"), ("      summary:", 6, "history"),
    ):  # fmt: skip
        for stop in editor.accept(path, _inside(editor, path, behind, column), label):
            editor.choose(path, stop)
    text = editor.texts[path]
    assert "latency: {bound: 50ms, to: alert}" in text
    assert "summary: {transform: aggregate, inputs: [judge]" in text
    assert "history: {sink: store, inputs: [summary]}" in text
    assert editor.findings(path) == [], text
    assert editor.close() == 0
