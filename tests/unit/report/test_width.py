"""The width of text: COLUMNS before the terminal, never too narrow, none for programs."""

from __future__ import annotations

import pytest

from hybridspec.report.width import columns


@pytest.mark.parametrize(
    ("asked", "terminal", "width"),
    [(None, 0, 0), (None, 100, 100), (None, 9, 40), ("90", 100, 90), ("7", 0, 40), ("0", 0, 0),
     ("wide", 100, 100), ("999999", 0, 0), ("", 80, 80)],
)  # fmt: skip
def test_columns(asked: str | None, terminal: int, width: int) -> None:
    assert columns({} if asked is None else {"COLUMNS": asked}, terminal) == width
