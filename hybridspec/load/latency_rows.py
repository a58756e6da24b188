"""Latency constants of a target's boards, from `latency.csv` beside its `catalog.yaml`.

The file is generated (benchmarks/estimator) and has a column for every key of a latency row.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from typing import Any

from pydantic import ValidationError

from hybridspec.spec.catalog import Catalog, LatencyRow

_TEXTS = ("runtime", "precision", "source")
_WHOLE = ("threads", "spread", "spread_down")


def with_latency(name: str, catalog: Catalog, text: str) -> Catalog:
    """The catalogue with these rows after its own.

    Raises:
        ValueError: the file names a board that there is not, or breaks the schema of a row.
    """
    boards = dict(catalog.boards)
    added: dict[str, list[LatencyRow]] = {}
    for number, (board, cells) in enumerate(written_latency(text), start=2):
        if board not in boards:
            raise ValueError(f"{name}/latency.csv, line {number}: there is no board `{board}`")
        try:
            added.setdefault(board, []).append(LatencyRow(**cells))
        except ValidationError as fault:
            raise ValueError(f"{name}/latency.csv, line {number}: {fault}") from fault
    for board, rows in added.items():
        old = boards[board]
        boards[board] = old.model_copy(update={"latency": [*old.latency, *rows]})
    return catalog.model_copy(update={"boards": boards})


def written_latency(text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each row's board, and its keys as the file says them."""
    for cells in csv.DictReader(io.StringIO(text)):
        board = cells.pop("board", "")
        yield board, {key: _value(key, cell) for key, cell in cells.items() if cell}


def _value(key: str, cell: str) -> Any:
    if key in _TEXTS:
        return cell
    number = float(cell)
    return int(number) if key in _WHOLE or number.is_integer() else number
