"""The plot of candidates: well-formed, alike each time, readable without seeing it, no overlaps."""

from __future__ import annotations

import math
from typing import Any
from xml.etree import ElementTree

import pytest

from hybridspec.report.plot import plot

SVG = "{http://www.w3.org/2000/svg}"


def candidate(number: int, mid: int, value: float, **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "variant": "int8", "recipe": f"int8-recipe-{number}", "why": "", "state": "passed",
        "chosen": False, "front": False, "reasons": [], "memory": 1, "size": 1, "sha256": "",
        "latency": {"low": mid // 2, "mid": mid, "high": mid * 2, "basis": "t"},
        "quality": {"metric": "accuracy", "value": value, "interval": 0.01, "agreement": 1.0,
                    "cosine": 1.0, "sqnrDb": 30.0, "maxError": 0.1, "samples": 9},
    }  # fmt: skip
    return {**made, **fields}


def search(*candidates: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return {"model": "net", "device": "pi", "cut": "", "labelled": True,
            "candidates": list(candidates), **fields}  # fmt: skip


def circles(text: str) -> list[tuple[float, float]]:
    root = ElementTree.fromstring(text)
    return [(float(c.attrib["cx"]), float(c.attrib["cy"]))
            for c in root.iter(f"{SVG}circle") if c.attrib["r"] == "10"]  # fmt: skip


@pytest.mark.parametrize("count", range(1, 13))
def test_no_mark_covers_another_one(count: int) -> None:
    alike = search(*(candidate(n, 200, 0.9) for n in range(count)))
    marks = circles(plot(alike))
    assert len(marks) == 2 * count  # in the chart and in the list
    for index, one in enumerate(marks):
        assert all(math.dist(one, other) >= 20 for other in marks[index + 1 :])
        assert 0 < one[0] < 860


def test_everything_stands_in_words() -> None:
    text = plot(search(
        candidate(1, 300, 0.9), candidate(2, 100, 0.89, chosen=True),
        candidate(3, 90, 0.2, state="rejected"),
        candidate(4, 1, 0.9, state="untried", quality=None),
        candidate(5, 1, 0.9, latency=None),
    ))  # fmt: skip
    root = ElementTree.fromstring(text)
    said = root.find(f"{SVG}desc")
    assert said is not None
    assert said.text is not None
    for part in ("2: int8-recipe-2, 0.1 ms (0.05-0.2), accuracy 0.8900 +-0.0100, chosen",
                 "int8-recipe-3", "rejected", "untried", "nobody has figures"):  # fmt: skip
        assert part in said.text
    assert root.attrib["role"] == "img"


def test_it_is_the_same_each_time_and_safe() -> None:
    one = search(candidate(1, 10, 0.5), model='<script>"&', device="\u202eevil")
    assert plot(one) == plot(one)
    text = plot(one)
    assert "<script" not in text
    assert "\u202e" not in text
    ElementTree.fromstring(text)


@pytest.mark.parametrize("value", [0.0, 1.0, -3.5, 1e-9])
@pytest.mark.parametrize("mid", [0, 1, 10**9])
def test_no_figure_is_too_odd(value: float, mid: int) -> None:
    ElementTree.fromstring(plot(search(candidate(1, mid, value))))
    ElementTree.fromstring(plot(search(labelled=False)))
    ElementTree.fromstring(plot(search(candidate(1, mid, value), labelled=False)))
