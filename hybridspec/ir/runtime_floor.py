"""What a runtime takes whatever the model is: least time of an inference, memory of its libraries.

Figures of boards are fitted to networks that keep an accelerator busy; of small ones they know
nothing, and would promise a microsecond where starting a single kernel takes longer.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """At least `request_us` for an inference and `operator_us` for each operator.

    Both were seen on a fast processor; up to `slower` times as long is usual on the slowest boards
    that have the runtime, as onnxruntime's operators in the catalogue take longer on them.
    `resident` is what its libraries take beyond those of onnxruntime, in bytes. The sources say
    where both were read; no source means that nobody has published it.
    """

    request_us: int = 0
    operator_us: Fraction = Fraction(0)
    slower: int = 1
    latency_source: str = ""
    resident: int = 0
    memory_source: str = ""


FLOORS = {
    "tensorrt": Floor(
        operator_us=Fraction(49, 10), slower=8,
        latency_source="launching a kernel from C takes 4.9 us on a PC, JuliaGPU/CUDAdrv.jl#15",
        resident=800 * 2**20,
        memory_source="TensorRT, cuDNN and cuBLAS, said NVIDIA at "
        "forums.developer.nvidia.com/t/79158",
    ),
    "openvino": Floor(
        request_us=12, operator_us=Fraction(12, 10), slower=15,
        latency_source="OpenVINO 2026.4 on one x86 core, chains of 8 and 64 tiny convolutions",
        resident=32 * 2**20,
        memory_source="OpenVINO 2026.4 with its CPU plugin, on x86; GPUs and NPUs take more",
    ),
    "qnn": Floor(
        request_us=74, slower=2,
        latency_source="an autoencoder of 0.26 M MACs on a Snapdragon 8 Gen 3, MLPerf Tiny 1.2",
    ),
}  # fmt: skip
NOTHING = Floor()


def floor(runtime: str) -> Floor:
    """That of a runtime; nothing where nobody has published any."""
    return FLOORS.get(runtime, NOTHING)
