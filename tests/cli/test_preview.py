"""`preview` as a job of CI runs it: against a commit, a folder, a record, and what was applied."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from conftest import Cli, copy_example

SPEC = "vibration-watch/hybridspec.yaml"


def git(folder: Path, *arguments: str) -> None:
    """Run git with an author of its own."""
    who = ["-c", "user.email=ci@example.org", "-c", "user.name=ci", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", "-C", str(folder), *who, *arguments], check=True, capture_output=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A repository with one example, committed once."""
    copy_example(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-q", "-m", "one")
    return tmp_path


def edit(folder: Path, old: str, new: str) -> None:
    """Change the spec."""
    path = folder / SPEC
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def document(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """What was printed, as JSON."""
    return dict(json.loads(done.stdout))


def test_an_edit_is_shown_against_its_commit(repository: Path, cli: Cli) -> None:
    asked = ("preview", repository / SPEC, "--against", "main", "--expect-no-changes")
    same = cli(*asked)
    assert same.returncode == 0, same.stderr
    assert "against commit " in same.stdout
    assert "no cloud was asked" in same.stdout
    edit(repository, "retention: P30D}", "retention: P20D}")
    done = cli(*asked, "--format", "json")
    assert done.returncode == 7
    found = document(done)
    assert found["summary"]["update"] == 1
    assert "`main`" in found["against"]
    (rule,) = (c for c in found["changes"] if c["op"] != "same" and "Lifecycle" in c["type"])
    assert rule["origin"] == "hybridspec.yaml:77"
    (only,) = rule["properties"]
    assert (only["path"], only["before"]) == ("rules[data/watch/history/]", None)
    assert only["after"]["expiration"] == {"days": 17}
    assert not [c for c in found["changes"] if c["stake"]]


def test_a_named_stack_is_compiled_once_for_both_layers(tmp_path: Path, cli: Cli) -> None:
    folder = copy_example(tmp_path)
    (folder / "hybridspec.prod.yaml").write_text("stacks: {prod: {}}\n")
    done = cli("preview", folder, "--stack", "prod", env={"PATH": "/usr/bin:/bin"})
    assert done.returncode == 0, done.stderr
    assert "asking the engine" in done.stderr
    assert done.stderr.count("emitting stacks and bundles") == 1


def test_a_zone_that_moves_puts_its_store_and_key_at_stake(repository: Path, cli: Cli) -> None:
    edit(repository, "regions: [eu-central-1, eu-west-1, eu-west-3]", "regions: [eu-central-1]")
    done = cli("preview", repository / SPEC, "--against", "HEAD")
    assert done.returncode == 0, done.stderr
    head = done.stdout.partition("\naws\n")[0]
    assert "aws:s3/bucket:Bucket `eu-plants-store` of aws is replaced" in head
    assert "aws:kms/key:Key `eu-plants-key` of aws is replaced" in head
    assert 'region of the provider: "eu-west-1" -> "eu-central-1"' in done.stdout
    comment = cli("preview", repository / SPEC, "--against", "HEAD", "--format", "markdown").stdout
    assert comment.startswith("<!-- hybridspec preview vibration-watch local -->\n")
    assert "**Data or keys are at stake:**" in comment.partition("<details>")[0]


def test_a_folder_and_a_record_can_be_compared_with(repository: Path, cli: Cli) -> None:
    record = repository / "resources.json"
    done = cli("preview", repository / SPEC, "--record", record)
    assert done.returncode == 0, done.stderr
    assert cli("build", repository / SPEC).returncode == 0
    edit(repository, "retention: P30D}", "retention: P20D}")
    made = repository / "vibration-watch" / "build" / "vibration-watch"
    for against in (record, made, made / "stacks", made / "stacks" / "aws"):
        found = document(cli("preview", repository / SPEC, "--against", against,
                             "--format", "json"))  # fmt: skip
        assert found["summary"] | {"same": 0} == {"create": 0, "update": 1, "replace": 0,
                                                  "delete": 0, "same": 0}  # fmt: skip


def test_the_emitted_folder_of_a_commit_is_what_counts_where_it_has_one(
    repository: Path, cli: Cli
) -> None:
    assert cli("build", repository / SPEC).returncode == 0
    rules = repository / "vibration-watch/build/vibration-watch/stacks/aws/keys.py"
    rules.write_text(rules.read_text().replace("deletion_window_in_days=30",
                                               "deletion_window_in_days=7"))  # fmt: skip
    git(repository, "add", "-A", "-f")
    git(repository, "commit", "-q", "-m", "deployed by hand")
    found = document(cli("preview", repository / SPEC, "--against", "HEAD", "--format", "json"))
    (key,) = (c for c in found["changes"] if c["op"] == "update")
    assert key["properties"] == [{"path": "deletionWindowInDays", "before": 7, "after": 30,
                                  "replaces": False}]  # fmt: skip


@pytest.mark.parametrize(
    ("against", "why"),
    [
        ("nowhere", "is no file, no folder, and no commit"),
        ("--output=x", "is no file, no folder, and no commit"),
        ("notes.json", "holds no resources that `preview --record` wrote"),
        ("broken.yaml", "cannot be compared with, because it is refused: HS"),
    ],
)
def test_what_cannot_be_compared_with_ends_with_2(
    against: str, why: str, repository: Path, cli: Cli
) -> None:
    (repository / "notes.json").write_text("{}")
    (repository / "broken.yaml").write_text("apiVersion: hybridspec.dev/v1\n")
    done = cli("preview", SPEC, f"--against={against}", cwd=repository)
    assert done.returncode == 2, done.stderr
    assert why in done.stderr
    assert not (repository / "x").exists()


def test_a_spec_outside_of_any_repository_has_no_commits(tmp_path: Path, cli: Cli) -> None:
    done = cli("preview", copy_example(tmp_path), "--against", "main",
               env={"GIT_CEILING_DIRECTORIES": str(tmp_path)})  # fmt: skip
    assert done.returncode == 2
    assert "no commit of the spec's repository" in done.stderr
