"""What a stack remembers of its clouds; a damaged record is never taken for none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hybridspec.base.errors import HybridspecError
from hybridspec.deliver.engine import deployment
from hybridspec.deliver.engine.deployment import Applied, Deployment
from hybridspec.deliver.stack import Stack

SPOILT = ["{", "[]", "null", '{"schema": "another"}', '{"schema": "hybridspec.dev/deployment/v1"}',
          '{"schema": "hybridspec.dev/deployment/v1", "clouds": {"aws": {"plan": 1}}}']  # fmt: skip


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    made = Stack(spec=tmp_path / "hybridspec.yaml", name="prod")
    made.folder.mkdir(parents=True)
    return made


def test_what_is_written_down_is_read_back(stack: Stack) -> None:
    assert deployment.load(stack) == Deployment()
    kept = Deployment(backend="file://x").having("aws", Applied(plan="1", tree="2", complete=True))
    deployment.save(stack, kept)
    assert deployment.load(stack) == kept
    assert deployment.load(stack).without("aws").clouds == {}


@pytest.mark.parametrize("text", SPOILT)
def test_a_damaged_record_is_not_one_of_nothing(stack: Stack, text: str) -> None:
    (stack.folder / "deployment.json").write_text(text)
    with pytest.raises(HybridspecError, match="cannot be read") as refused:
        deployment.load(stack)
    assert ".hybridspec/hybridspec/prod/deployment.json" in (refused.value.help or "")
