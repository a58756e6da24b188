"""Sessions take as much memory as is estimated, within the bar of the benchmark."""

from __future__ import annotations

from pathlib import Path

import pytest
from memory.__main__ import BAR, measured
from memory.models import write

from hybridspec.load.model import facts_at
from hybridspec.optimise.memory import session


@pytest.mark.parametrize("name", ["mobilenet", "gru"])
def test_what_a_session_takes_is_what_was_estimated(name: str, tmp_path: Path) -> None:
    path = write(name, tmp_path)
    facts = facts_at(path, tmp_path)
    assert not isinstance(facts, str)
    peak = measured(path, steady=True)[2]
    assert abs(session(facts, "fp32") / peak - 1) < BAR / 100
