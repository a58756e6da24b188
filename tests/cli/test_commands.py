"""Every command: its exit code, what is on stdout, and what is on stderr."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLE, Cli, copy_example

from hybridspec import __version__

COMMANDS = ("init", "validate", "plan", "explain", "build", "report", "preview", "up", "status",
            "destroy", "doctor", "schema", "catalog", "agent")  # fmt: skip
Done = subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One example for all commands that change nothing but its build folder."""
    return copy_example(tmp_path_factory.mktemp("commands"))


def document(done: Done) -> dict[str, Any]:
    """The one JSON document on stdout."""
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    schema = found.get("schemaVersion") or found.get("schema")
    assert re.fullmatch(r"hybridspec\.dev/[a-z]+/v1", schema)
    assert done.stdout.endswith("}\n")
    return found


def assert_quiet(done: Done) -> None:
    """No traceback, no control sequence, no warning of a library."""
    for text in (done.stdout, done.stderr):
        assert "Traceback" not in text
        assert "\x1b" not in text
        assert "Warning" not in text
        assert "Exception ignored" not in text


def test_help_lists_every_command(cli: Cli) -> None:
    done = cli("--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert [c for c in COMMANDS if f"\n  {c} " not in done.stdout] == []


def test_no_arguments_show_the_help_and_fail(cli: Cli) -> None:
    done = cli()
    assert done.returncode == 2
    assert done.stderr.startswith("Usage: hybridspec")
    assert "validate" in done.stderr


def test_version(cli: Cli) -> None:
    done = cli("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"{__version__}\n", "")


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command: str, cli: Cli) -> None:
    done = cli(command, "--help")
    assert done.returncode == 0
    assert done.stdout.lower().startswith("usage: hybridspec")
    assert done.stderr == ""


MISUSE = {
    "an unknown command": ["bogus"],
    "an unknown flag": ["plan", "--bogus"],
    "a flag without its value": ["up", "--devices"],
    "no device": ["up", "--devices", "0"],
    "a word for a number": ["up", "--devices", "many"],
    "an unknown format": ["validate", "--format", "xml"],
    "a format of another command": ["plan", "--format", "github"],
    "too many arguments": ["validate", "a", "b"],
    "an unknown schema": ["schema", "nope"],
    "an unknown code": ["explain", "HS9999"],
    "a name nobody may have": ["init", "folder", "--name", "Not a name"],
}


@pytest.mark.parametrize("arguments", MISUSE.values(), ids=list(MISUSE))
def test_misuse_ends_with_2_and_says_the_way_out(
    arguments: list[str], cli: Cli, tmp_path: Path
) -> None:
    done = cli(*arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: ")
    assert "\n  help: " in done.stderr
    assert_quiet(done)
    assert list(tmp_path.iterdir()) == []


READING = {
    "validate": "findings", "plan": "plan", "explain": "explain", "build": "build",
    "report": "report", "preview": "preview",
}  # fmt: skip


@pytest.mark.parametrize("command", READING)
def test_a_document_on_stdout_and_progress_on_stderr(command: str, spec: Path, cli: Cli) -> None:
    done = cli(command, spec, "--format", "json")
    assert done.returncode == 0
    found = document(done)
    assert (
        found.get("schemaVersion") or found["schema"]
    ) == f"hybridspec.dev/{READING[command]}/v1"
    assert_quiet(done)
    human = cli(command, spec)
    assert human.returncode == 0
    assert_quiet(human)
    assert not human.stdout.startswith("{")
    assert "emitting" not in human.stdout
    if command == "build":  # for the second time
        assert human.stderr == "nothing changed: everything is there already\n"
    elif command not in ("validate", "explain"):
        assert "emitting stacks and bundles\n" in human.stderr
        assert "emitting stacks and bundles\n" in done.stderr


FAULTS: dict[str, tuple[Callable[[str], str], int, str]] = {
    "a misspelt key": (lambda text: text.replace("latency:", "latncy:"), 2, "HS0201"),
    "not YAML": (lambda text: text + "\n: [", 2, "HS0103"),
    "data leaves its zone": (lambda text: text.replace("country: DE", "country: US"), 5, "HS0301"),
    "too slow": (lambda text: text.replace("bound: 50ms", "bound: 1us"), 5, "HS0302"),
}


@pytest.mark.parametrize(("edit", "code", "finding"), FAULTS.values(), ids=list(FAULTS))
@pytest.mark.parametrize("command", ["validate", "up"])
def test_a_spec_that_is_wrong_ends_with_2_or_5(
    command: str, edit: Callable[[str], str], code: int, finding: str, example: Path, cli: Cli
) -> None:
    spec = example / "hybridspec.yaml"
    spec.write_text(edit(spec.read_text()))
    done = cli(command, spec, "--format", "json")
    assert done.returncode == code
    found = document(done)
    assert finding in {f["code"] for f in found["findings"]}
    human = cli(command, spec)
    assert human.returncode == code
    assert f"[{finding}]" in human.stderr
    assert human.stdout == ""
    assert_quiet(human)
    assert not (example / ".hybridspec" / "hybridspec" / "local").exists()


@pytest.mark.parametrize("command", ["validate", "plan", "build", "preview", "up"])
def test_a_spec_that_is_not_there(command: str, tmp_path: Path, cli: Cli) -> None:
    done = cli(command, tmp_path / "nowhere", "--format", "json")
    assert done.returncode == 2
    assert [f["code"] for f in document(done)["findings"]] == ["HS0101"]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["status", "destroy"])
def test_a_stack_that_is_not_there_ends_with_6(command: str, example: Path, cli: Cli) -> None:
    done = cli(command, example)
    assert (done.returncode, done.stdout) == (6, "")
    assert "is not deployed here" in done.stderr
    error = document(cli(command, example, "--format", "json"))
    assert error["exitCode"] == 6
    assert "is not deployed here" in error["message"]
    assert not (example / ".hybridspec").exists()


@pytest.mark.parametrize(
    ("command", "way_out"),
    [("preview", "choose from `local`, `prod`"), ("up", "choose from `local`, `prod`"),
     ("status", "not deployed from here"), ("destroy", "not deployed from here")],
)  # fmt: skip
def test_another_stack_ends_with_6_and_says_what_there_is(
    command: str, way_out: str, example: Path, cli: Cli
) -> None:
    done = cli(command, example, "--stack", "production")
    assert (done.returncode, done.stdout) == (6, "")
    assert way_out in done.stderr


def test_changes_that_nobody_expected_end_with_7(spec: Path, cli: Cli) -> None:
    done = cli("preview", spec, "--expect-no-changes", "--format", "json")
    assert done.returncode == 7
    changes = document(done)["changes"]
    assert {c["op"] for c in changes} == {"create"}
    assert "there are changes" in done.stderr


def test_an_error_is_a_document_too_when_one_was_asked_for(spec: Path, cli: Cli) -> None:
    done = cli("explain", spec, "--site", "nowhere", "--format=json")
    assert done.returncode == 2
    error = document(done)
    assert error["schemaVersion"] == "hybridspec.dev/error/v1"
    assert error["exitCode"] == 2
    assert "watch at lyon" in error["help"]
    assert "error: no decision has this site" in done.stderr


def test_a_spec_called_json_does_not_choose_the_format(tmp_path: Path, cli: Cli) -> None:
    done = cli("plan", "json", "--format", "human", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")


def test_explain_chooses_by_site_and_flow(spec: Path, cli: Cli) -> None:
    found = document(cli("explain", spec, "--site", "lyon", "--format", "json"))
    assert [d["site"] for d in found["decisions"]] == ["lyon"]
    human = cli("explain", spec, "--flow", "watch").stdout
    assert "watch at lyon (FR)" in human
    assert "rejected: " in human
    assert "would help: " in human


def test_explain_tells_what_a_code_means(cli: Cli) -> None:
    human = cli("explain", "HS0305")
    assert human.returncode == 0
    assert human.stdout.startswith("HS0305 retention-exceeded: ")
    assert "Fix: " in human.stdout
    found = document(cli("explain", "HS0305", "--format", "json"))
    assert found["code"] == "HS0305"
    assert "Fix: " in found["text"]


@pytest.mark.parametrize("name", ["hybridspec", "catalog", "release"])
def test_schema_prints_a_draft_7_schema(name: str, cli: Cli) -> None:
    found = json.loads(cli("schema", name).stdout)
    assert found["$schema"] == "http://json-schema.org/draft-07/schema#"


def test_doctor_names_what_there_is(cli: Cli) -> None:
    found = document(cli("doctor", "--format", "json"))
    assert {c["name"] for c in found["checks"]} >= {"python", "onnxruntime", "pulumi", "disk"}
    assert all(c["help"] for c in found["checks"] if not c["good"])
    human = cli("doctor")
    assert human.returncode == 0
    assert "python" in human.stdout


def test_out_names_the_output_folder(spec: Path, built: Path, tmp_path: Path, cli: Cli) -> None:
    done = cli("build", spec, "--out", tmp_path / "ä b" / "out", "--format", "json")
    found = document(done)
    assert found["folder"] == str(tmp_path / "ä b" / "out")
    assert "plan.json" in found["written"]
    assert (tmp_path / "ä b" / "out" / "plan.json").read_bytes() == (
        built / "plan.json"
    ).read_bytes()
    again = document(cli("build", spec, "--out", tmp_path / "ä b" / "out", "--format", "json"))
    assert (again["written"], again["removed"]) == ([], [])
    assert again["kept"] == len(found["written"])


def test_a_build_leaves_foreign_files_and_removes_its_own(example: Path, cli: Cli) -> None:
    out = example / "build" / EXAMPLE.name
    spec = example / "hybridspec.yaml"
    text = re.sub(
        r"\n  azure:(\n    .*)+", "", spec.read_text()
    )  # so that the store stays where it is
    spec.write_text(text)
    cli("build", example)
    (out / "notes.txt").write_text("mine")
    (out / "stacks" / "aws" / "Pulumi.prod.yaml").write_text("config: {}\n")
    spec.write_text(re.sub(r"\n    training:.*", "", text))
    found = document(cli("build", example, "--format", "json"))
    assert found["removed"] == ["stacks/aws/network.py", "stacks/aws/training.py"]
    assert (out / "notes.txt").read_text() == "mine"
    assert (out / "stacks" / "aws" / "Pulumi.prod.yaml").exists()


def test_a_path_with_spaces_and_letters_from_everywhere(tmp_path: Path, cli: Cli) -> None:
    example = copy_example(tmp_path / "ein Ördner 工場")
    spec = (example / "hybridspec.yaml").rename(example / "späc 1.yaml")
    done = cli("validate", spec.relative_to(tmp_path), cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "valid\n")
    done = cli("build", spec)
    assert done.returncode == 0
    assert (example / "build" / EXAMPLE.name / "plan.json").is_file()
    spec.write_text(spec.read_text().replace("countries: [EU]", "countries: [XX]"))
    done = cli("validate", spec)
    assert done.returncode == 2
    assert "späc 1.yaml:11:" in done.stderr
