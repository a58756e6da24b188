"""`up --plan`: a digest or the file that was reviewed; what is neither, or was changed, is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from conftest import ROOT, Cli

from hybridspec.base.errors import UsageError
from hybridspec.cli.reviewed_plan import reviewed_digest

PLAN = ROOT / "tests" / "golden" / "vibration-watch" / "plan.json"


def test_a_digest_or_the_start_of_one_is_taken_as_it_is() -> None:
    for digits in (12, 64):
        assert reviewed_digest("ab" * (digits // 2)) == "ab" * (digits // 2)


def test_a_plan_is_known_by_what_is_in_it(tmp_path: Path) -> None:
    document = json.loads(PLAN.read_bytes())
    assert reviewed_digest(str(PLAN)) == document["digest"]
    document["stores"][0]["region"] = "aws/us-east-1"
    changed = tmp_path / "plan.json"
    changed.write_text(json.dumps(document))
    with pytest.raises(UsageError, match="changed after it was made"):
        reviewed_digest(str(changed))


@pytest.mark.parametrize(("word", "sentence"), [
    ("abc", "is no digest"), ("AB" * 32, "is no digest"), ("nowhere/plan.json", "cannot be read"),
    ("[]", "is no plan"), ("{", "is no plan"), ("{}", "is no plan"),
])  # fmt: skip
def test_what_is_no_plan_is_told(word: str, sentence: str, tmp_path: Path) -> None:
    if word[0] in "[{":
        (tmp_path / "plan.json").write_text(word)
        word = str(tmp_path / "plan.json")
    with pytest.raises(UsageError, match=sentence) as refused:
        reviewed_digest(word)
    assert refused.value.help


@pytest.mark.parametrize("command", [("refresh",), ("destroy", "--yes")])
def test_a_stack_that_never_was_leaves_nothing_behind(
    command: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    spec = tmp_path / "hybridspec.yaml"
    spec.write_text("apiVersion: hybridspec.dev/v1\n")
    done = cli(command[0], spec, "--stack", "prod", *command[1:])
    assert done.returncode == 6, done.stderr
    assert list(tmp_path.iterdir()) == [spec]


@pytest.mark.parametrize("flag", [("--plan", "ab" * 32), ("--repair",), ("--no-publish",)])
def test_flags_of_clouds_are_not_passed_over_where_there_are_none(
    flag: tuple[str, ...], cli: Cli, tmp_path: Path
) -> None:
    spec = tmp_path / "hybridspec.yaml"
    spec.write_text("apiVersion: hybridspec.dev/v1\n")
    done = cli("up", spec, *flag)
    assert done.returncode == 2
    assert f"`{flag[0]}` is for stacks with clouds" in done.stderr
    assert list(tmp_path.iterdir()) == [spec]
