"""`init` starts something that validates, plans, builds and is refused where something lies."""

from __future__ import annotations

import json
from pathlib import Path

from conftest import Cli

WRITTEN = ["hybridspec.yaml", "hybridspec.schema.json", ".gitignore", "model/anomaly.onnx",
           "model/evaluation.npz"]  # fmt: skip


def test_a_new_folder_holds_a_spec_that_works(tmp_path: Path, cli: Cli) -> None:
    done = cli("init", "new place", "--name", "pump-watch", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"new place/{name}" for name in WRITTEN]
    folder = tmp_path / "new place"
    validated = cli("validate", folder)
    assert (validated.returncode, validated.stderr) == (0, "valid\n")
    planned = json.loads(cli("plan", folder, "--format", "json").stdout)
    assert planned["name"] == "pump-watch"
    assert {d["chosen"]["device"] for d in planned["decisions"]} == {"gateway"}
    built = cli("build", folder)
    assert built.returncode == 0
    assert (folder / "build" / "pump-watch" / "bundles" / "gateway" / "bundle.tar.zst").exists()
    ignored = (folder / ".gitignore").read_text().split()
    assert ignored == [".hybridspec/", "build/"]


def test_the_current_folder_is_the_default(tmp_path: Path, cli: Cli) -> None:
    done = cli("init", "--format", "json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert document == {"schemaVersion": "hybridspec.dev/init/v1", "written": WRITTEN}
    assert cli("validate", cwd=tmp_path).returncode == 0


def test_nothing_is_overwritten(tmp_path: Path, cli: Cli) -> None:
    for name in WRITTEN:
        folder = tmp_path / name.replace("/", "-")
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("mine")
        done = cli("init", folder)
        assert done.returncode == 2
        assert f"{folder / name} exists already" in done.stderr
        assert [p for p in folder.rglob("*") if p.is_file()] == [folder / name]
        assert (folder / name).read_text() == "mine"


def test_a_place_that_is_a_file_is_refused(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "file").write_text("mine")
    done = cli("init", tmp_path / "file")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (tmp_path / "file").read_text() == "mine"
