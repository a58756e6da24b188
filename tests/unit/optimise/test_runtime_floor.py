"""Runtimes cost something before they compute: least times, libraries, and what boards can run."""

from __future__ import annotations

from dataclasses import replace

import pytest
from property.graphs import board, facts

from hybridspec.ir.graph import Rates
from hybridspec.ir.offered import idle, offered
from hybridspec.ir.plan import Estimate
from hybridspec.ir.runtime import RUNTIMES
from hybridspec.ir.runtime_floor import FLOORS
from hybridspec.ir.site import Accelerator
from hybridspec.load.catalog import load_catalogs
from hybridspec.optimise.candidate import fast_enough
from hybridspec.optimise.estimate import estimate
from hybridspec.optimise.memory import memory
from hybridspec.optimise.runtime import flash, memory_basis, memory_with
from hybridspec.resolve.device import boards_by_name

TINY = facts(operators=6, gemm_macs=1_000, weights=4_000, peak_activations=4_096)
BOARDS = boards_by_name(load_catalogs(())[0])


def rates(runtime: str, **fields: object) -> Rates:
    """Constants of one large network, which say nothing of a small one."""
    plain = Rates(runtime=runtime, precision="fp32", threads=1, conv_ps=1, gemm_ps=1, byte_ps=0,
                  operator_us=0, spread=150, source="one large network")  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


def test_no_interval_ends_below_what_one_launch_takes() -> None:
    small = estimate(TINY, rates("tensorrt"))
    assert (small.low, small.mid) == (5, 30)
    assert small.high >= 8 * 30
    assert "launching a kernel" in small.basis
    assert estimate(TINY, rates("qnn")).low == 74
    for runtime in FLOORS:
        for operators in (0, 1, 300):
            found = estimate(replace(TINY, operators=operators), rates(runtime))
            least = FLOORS[runtime].request_us + FLOORS[runtime].operator_us
            assert least <= found.low <= found.mid <= found.high


def test_what_keeps_an_accelerator_busy_is_estimated_as_before() -> None:
    large = facts(operators=100, conv_macs=10**10, gemm_macs=0)
    found = estimate(large, rates("tensorrt"))
    assert found.mid == 10_001
    assert "launching" not in found.basis
    plain = estimate(TINY, rates("onnxruntime"))
    assert (plain.low, plain.mid) == (1, 1)


def test_rounding_to_whole_microseconds_makes_nothing_faster() -> None:
    tied = [Estimate(low=1, mid=mid, high=9, basis="estimated") for mid in (41, 40)]
    assert not fast_enough(*tied)
    assert fast_enough(*[replace(one, basis="measured here") for one in tied])
    assert fast_enough(replace(tied[0], mid=42), tied[1])
    alike = [estimate(TINY, rates("tensorrt", gemm_ps=ps)) for ps in (5, 1)]
    assert not fast_enough(*alike)


def test_memory_of_other_runtimes_counts_their_libraries_or_says_that_nobody_knows() -> None:
    plain = memory(TINY, "fp32")
    assert memory_with("onnxruntime", TINY, "fp32") == plain
    assert memory_with("tensorrt", TINY, "fp32") == plain + 800 * 2**20
    assert memory_with("tflm", TINY, "fp32") == 16 * 2**10 + 1024
    assert flash(TINY) == 1_000
    assert memory_basis("onnxruntime") == ""
    for runtime in set(RUNTIMES) - {"onnxruntime"}:
        said = memory_basis(runtime)
        assert ("nobody has published" in said) == (runtime in ("qnn", "coreml", "edgetpu"))


@pytest.mark.parametrize(
    ("name", "runtimes"),
    [
        ("raspberry-pi-5", ("onnxruntime", "openvino")),
        ("jetson-nano", ("onnxruntime", "openvino", "tensorrt")),
        ("snapdragon-8-gen-3", ("onnxruntime", "openvino", "qnn")),
        ("coral-dev-board", ("onnxruntime", "openvino", "edgetpu")),
        ("intel-core-ultra-7", ("onnxruntime", "openvino")),
        ("rockchip-rk3588", ("onnxruntime", "openvino")),
        ("stm32h7", ("tflm",)),
    ],
)
def test_boards_offer_what_their_accelerators_run(name: str, runtimes: tuple[str, ...]) -> None:
    assert offered(BOARDS[name]) == runtimes


def test_what_a_runtime_leaves_idle_is_told_with_the_way_to_use_it() -> None:
    assert idle(BOARDS["raspberry-pi-5"], "onnxruntime") == ()
    (gpu,) = idle(BOARDS["jetson-nano"], "onnxruntime")
    assert "`--runtime tensorrt` uses it" in gpu
    assert idle(BOARDS["jetson-nano"], "tensorrt") == ()
    (npu,) = idle(BOARDS["rockchip-rk3588"], "onnxruntime")
    assert "no runtime here uses it" in npu
    two = board(accelerators=(Accelerator(name="A", runtimes=("qnn", "tensorrt")),))
    assert idle(two, "qnn") == ()
