"""The arena is followed as the runtime fills it, and hostile graphs cost no time."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from unit.load.test_work import facts, node, zeros

MIB = 2**20


def test_weights_of_convolutions_are_told_from_others(tmp_path: Path) -> None:
    nodes = [node("Conv", "x", "w", out="a"), node("Conv", "a", "v", out="b"),
             node("Flatten", "b", out="c"), node("MatMul", "c", "m")]  # fmt: skip
    weights = {"w": zeros(4, 3, 3, 3), "v": zeros(2, 4, 1, 1), "m": zeros(72, 5)}
    found = facts(tmp_path, nodes, ["N", 3, 8, 8], weights)["footprint"]
    assert found["blocked"] == 4 * (4 * 27 + 8)
    assert (found["widest"], found["largest"]) == (4 * 4 * 27, 4 * 72 * 5)


def test_tensors_lie_in_the_arena_one_by_one_and_then_in_one_block(tmp_path: Path) -> None:
    nodes = [node("MatMul", "x", "w", out="a"), node("MatMul", "a", "w", out="b"),
             node("MatMul", "b", "w", out="y")]  # fmt: skip
    wide = 3 * MIB // 4
    found = facts(tmp_path, nodes, ["N", wide // 256, 256], {"w": zeros(256, 256)})["footprint"]
    # Regions of 4, 8 and 16 MiB hold `a`, `b` and `y`; the block of two then fits the third.
    assert found["arena"] == 3 * MIB + 3 * MIB + 6 * MIB


def test_an_operator_writes_over_what_nobody_else_reads(tmp_path: Path) -> None:
    alone = [node("MatMul", "x", "w", out="a"), node("Relu", "a", out="b"),
             node("ReduceMax", "b", keepdims=1)]  # fmt: skip
    shared = [*alone[:2], node("Add", "a", "b", out="c"), node("ReduceMax", "c", keepdims=1)]
    weights = {"w": np.zeros((64, 64), np.float32)}
    first = facts(tmp_path, alone, ["N", 2048, 64], weights)["footprint"]["arena"]
    second = facts(tmp_path, shared, ["N", 2048, 64], weights)["footprint"]["arena"]
    assert first < second


def test_a_graph_of_many_live_tensors_is_followed_in_time(tmp_path: Path) -> None:
    count = 3_900
    nodes = [node("Tile", "x", f"k{n % 7}", out=f"t{n}") for n in range(count)]
    nodes += [node("Sum", *[f"t{n}" for n in range(0, count, 7)])]
    weights = {f"k{n}": np.array([1, n + 1], np.int64) for n in range(7)}
    start = time.process_time()
    assert facts(tmp_path, nodes, ["N", 64], weights)["footprint"]["arena"] > 0
    assert time.process_time() - start < 10
