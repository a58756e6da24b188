"""An evaluation is kept while nothing changes that it depends on; what is spoilt is made again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from hybridspec.deliver import evaluation_cache
from hybridspec.deliver.evaluate import Evaluation, EvaluationFailed, Resource

MADE = Evaluation(
    resources=(
        Resource(
            urn="urn:pulumi:local::p::aws:kms/key:Key::k", type="aws:kms/key:Key", name="k",
            parent="", provider="eu-west-1", regions=("eu-west-1",),
            inputs={"days": 7, "share": 0.5, "tags": {"a": [1, None, "ü"]}},
            dependencies=("urn:b", "urn:a"), protect=True, custom=True, owner="home",
            outputs={"id": "k-id"},
        ),
    ),
    outputs={"arn": "arn:aws:kms"},
)  # fmt: skip
GIVEN = {"project": "p", "sdk": "pulumi-aws", "tool": "t"}


class Runs:
    """Stands in for `evaluate`, and counts."""

    def __init__(self) -> None:
        self.number = 0

    def __call__(self, folder: Path, *, project: str) -> Evaluation:
        self.number += 1
        if "raise" in (folder / "__main__.py").read_text():
            raise EvaluationFailed("it failed", help="!")
        return MADE


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Runs:
    counted = Runs()
    monkeypatch.setattr(evaluation_cache, "evaluate", counted)
    return counted


@pytest.fixture
def program(tmp_path: Path) -> Path:
    folder = tmp_path / "program"
    folder.mkdir()
    (folder / "__main__.py").write_text("pass\n")
    return folder


def once(program: Path, cache: Path, **changed: str) -> Evaluation:
    return evaluation_cache.evaluate_once(program, cache=cache, **{**GIVEN, **changed})


def entry(cache: Path) -> Path:
    (only,) = (cache / "evaluations").iterdir()
    return only


def test_the_same_program_runs_once_and_comes_back_as_it_was(
    runs: Runs, program: Path, tmp_path: Path
) -> None:
    assert [once(program, tmp_path / "c") for _ in range(3)] == [MADE] * 3
    assert runs.number == 1
    (program / "__pycache__").mkdir()
    (program / "__pycache__" / "x.pyc").write_bytes(b"x")
    once(program, tmp_path / "c")
    assert runs.number == 1


@pytest.mark.parametrize("name", GIVEN)
def test_another_project_sdk_or_tool_is_another_program(
    name: str, runs: Runs, program: Path, tmp_path: Path
) -> None:
    once(program, tmp_path / "c")
    once(program, tmp_path / "c", **{name: "other"})
    assert runs.number == 2


def test_a_change_in_any_file_is_another_program(runs: Runs, program: Path, tmp_path: Path) -> None:
    once(program, tmp_path / "c")
    (program / "data").mkdir()
    for number, change in enumerate(
        (
            lambda: (program / "__main__.py").write_text("pass  # more\n"),
            lambda: (program / "data" / "a.json").write_text("{}"),
            lambda: (program / "data" / "a.json").rename(program / "data" / "b.json"),
        ),
        start=2,
    ):
        change()
        once(program, tmp_path / "c")
        assert runs.number == number


def test_another_version_of_the_sdk_is_another_program(
    runs: Runs, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    once(program, tmp_path / "c")
    monkeypatch.setattr(evaluation_cache, "version", lambda name: f"{name}-2")
    once(program, tmp_path / "c")
    assert runs.number == 2


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", "{}", '{"resources": [{}], "outputs": {}}', '{"resources": 1}',
     '{"resources": [1], "outputs": {}}', '{"resources": [], "outputs": 3}'],
)  # fmt: skip
def test_an_entry_that_cannot_be_read_is_made_again(
    text: str, runs: Runs, program: Path, tmp_path: Path
) -> None:
    once(program, tmp_path / "c")
    entry(tmp_path / "c").write_text(text)
    assert once(program, tmp_path / "c") == MADE
    assert runs.number == 2
    assert once(program, tmp_path / "c") == MADE
    assert runs.number == 2


def test_an_entry_with_other_fields_is_made_again(
    runs: Runs, program: Path, tmp_path: Path
) -> None:
    once(program, tmp_path / "c")
    for change in ({"more": 1}, {"regions": None}):
        found = json.loads(entry(tmp_path / "c").read_text())
        found["resources"][0] |= change
        entry(tmp_path / "c").write_text(json.dumps(found))
        assert once(program, tmp_path / "c") == MADE
    assert runs.number == 3


def test_a_failure_is_not_kept(runs: Runs, program: Path, tmp_path: Path) -> None:
    (program / "__main__.py").write_text("raise SystemExit(1)\n")
    for number in (1, 2):
        with pytest.raises(EvaluationFailed):
            once(program, tmp_path / "c")
        assert runs.number == number
    assert not (tmp_path / "c").exists()


def test_a_cache_that_cannot_be_written_keeps_nothing(
    runs: Runs, program: Path, tmp_path: Path
) -> None:
    (tmp_path / "c").write_text("a file")
    assert [once(program, tmp_path / "c") for _ in range(2)] == [MADE] * 2
    assert runs.number == 2


def test_the_oldest_entries_go(
    runs: Runs, program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evaluation_cache, "_KEPT", 3)
    for number in range(5):
        once(program, tmp_path / "c", tool=str(number))
    assert len(list((tmp_path / "c" / "evaluations").iterdir())) == 3
    once(program, tmp_path / "c", tool="4")
    assert runs.number == 5
