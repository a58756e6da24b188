"""The Pulumi project at the top of the repository deploys the spec that its configuration names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from conftest import EXAMPLE, ROOT, copy_example

from hybridspec.deliver.evaluate import EvaluationFailed, evaluate

PROJECT = yaml.safe_load((ROOT / "Pulumi.yaml").read_text())


def test_the_project_file_points_at_what_exists() -> None:
    assert PROJECT["name"] == "hybridspec"
    assert (ROOT / PROJECT["main"] / "__main__.py").is_file()
    assert (ROOT / PROJECT["config"]["spec"]["default"]).resolve() == EXAMPLE
    assert PROJECT["runtime"] == {"name": "python", "options": {"virtualenv": ".venv"}}


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    """An example of its own, because the project writes its output beside it."""
    return copy_example(tmp_path)


def test_it_deploys_the_named_spec(spec: Path, built: Path) -> None:
    direct = evaluate(built / "stacks" / "aws", project="hybridspec")
    rooted = evaluate(
        ROOT / PROJECT["main"], project=PROJECT["name"],
        config={"hybridspec:spec": str(spec), "hybridspec:cloud": "aws"},
    )  # fmt: skip
    # The program lies elsewhere, so what its own files say of the spec's lines is not looked for.
    silent = tuple(replace(resource, origin="") for resource in direct.resources)
    assert rooted == replace(direct, resources=silent)
    made = spec / "build" / EXAMPLE.name
    assert (made / "plan.json").read_bytes() == (built / "plan.json").read_bytes()


def test_a_cloud_that_the_plan_does_not_use_is_refused(spec: Path) -> None:
    with pytest.raises(EvaluationFailed, match="the plan uses no cloud `azure`; it uses aws"):
        evaluate(
            ROOT / PROJECT["main"], project=PROJECT["name"],
            config={"hybridspec:spec": str(spec), "hybridspec:cloud": "azure"},
        )  # fmt: skip
