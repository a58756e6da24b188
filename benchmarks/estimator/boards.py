"""Which published device stands for which board, and how onnxruntime compares there with ncnn."""

from __future__ import annotations

from typing import NamedTuple


class Stand(NamedTuple):
    """A published device in place of a board: constants are `times` its own.

    `spread` is the interval of onnxruntime's rows, percent; `note` says why where the device is
    another one.
    """

    device: str
    processor: str = ""
    times: float = 1.0
    spread: int = 80
    note: str = ""


_X86 = "stand-in: AMD Ryzen 5700G, a slower core"
BOARDS = {
    "raspberry-pi-5": Stand("Raspberry Pi 5"),
    "raspberry-pi-4": Stand("Raspberry Pi 4B"),
    "raspberry-pi-3b-plus": Stand("Raspberry Pi 3B+"),
    "raspberry-pi-zero-2w": Stand("Raspberry Pi Zero 2W"),
    "jetson-nano": Stand("Jetson Nano"),
    "jetson-xavier-nx": Stand(
        "Jetson Nano", "CPU", 0.75, 120, "stand-in: an older core, by the clock (1.43, 1.9 GHz)"
    ),
    "jetson-orin-nano": Stand("Jetson Orin Nano"),
    "jetson-orin-nx": Stand(
        "Jetson AGX Orin", "CPU", 1.1, 100, "stand-in: the same core, by the clock (2.2, 2.0 GHz)"
    ),
    "jetson-agx-orin": Stand("Jetson AGX Orin"),
    "qualcomm-qcs6490": Stand(
        "Jetson Orin Nano", "CPU", 0.56, 100, "stand-in: the same core, by the clock (1.5, 2.7 GHz)"
    ),
    "qualcomm-qcs8550": Stand(
        "Snapdragon 8 Gen 2", "class ps2", 1, 100, "stand-in: the same cores"
    ),
    "snapdragon-8-gen-2": Stand("Snapdragon 8 Gen 2", "class ps2"),
    "snapdragon-8-gen-3": Stand(
        "MediaTek Dimensity 9300", "ps2", 1, 100, "stand-in: the same largest core"
    ),
    "snapdragon-x-elite": Stand(
        "MediaTek Dimensity 9300", "ps2", 1, 120, "stand-in: a core that is no faster"
    ),
    "coral-dev-board": Stand(
        "Raspberry Pi 3B+", "CPU", 0.93, 100, "stand-in: the same core, by the clock (1.4, 1.5 GHz)"
    ),
    "rockchip-rk3588": Stand("Rockchip RK3588", "ps2"),
    "rockchip-rk3399": Stand("Rockchip RK3399", "ps2"),
    "intel-n5105": Stand(
        "Intel Atom x5-Z8350", "CPU", 0.66, 200,
        "stand-in: an older core of the line, by the clock (1.92, 2.9 GHz)",
    ),
    "intel-core-i7-1360p": Stand("AMD Ryzen 5700G", "CPU", 1, 120, _X86),
    "intel-core-ultra-7": Stand("AMD Ryzen 5700G", "CPU", 1, 120, _X86),
    "nxp-imx8m-plus": Stand(
        "Raspberry Pi 3B+", "CPU", 0.78, 100, "stand-in: the same core, by the clock (1.4, 1.8 GHz)"
    ),
}  # fmt: skip
GPUS = {
    "raspberry-pi-5": "Raspberry Pi 5", "jetson-nano": "Jetson Nano",
    "jetson-orin-nano": "Jetson Orin Nano", "jetson-agx-orin": "Jetson AGX Orin",
    "snapdragon-8-gen-2": "Snapdragon 8 Gen 2", "snapdragon-x-elite": "Snapdragon X Elite",
    "rockchip-rk3588": "Rockchip RK3588", "rockchip-rk3399": "Rockchip RK3399",
}  # fmt: skip
"""Boards whose GPU ran ncnn with Vulkan."""
NPUS = {
    "qualcomm-qcs6490": "QCS6490", "snapdragon-8-gen-3": "Snapdragon 8 Gen 3",
    "snapdragon-x-elite": "Snapdragon X Elite",
}  # fmt: skip
"""Boards whose NPU is among those that Qualcomm AI Hub Models publishes."""
RATIO = {"fp16": 1.8, "fp32": 1.7, "int8": 1.0}
"""onnxruntime's time over ncnn's, by what ncnn ran in.

Published for YOLO11s on a Raspberry Pi 5 (1.7; 1.9 with other exports); in 8 bit a stand-in, since
nobody publishes a pair.
"""


class Whole(NamedTuple):
    """One published latency of one network on a board: a single constant, and a wide interval."""

    board: str
    runtime: str
    precision: str
    network: str
    mmacs: int
    ms: float
    source: str


_JETSON = "ultralytics docs, NVIDIA Jetson guide"
_OPENVINO = "OpenVINO 2024.1 benchmark data, all threads of the CPU"
WHOLES = (
    Whole("jetson-orin-nano", "tensorrt", "fp32", "YOLO11s", 10_750, 13.29, _JETSON),
    Whole("jetson-orin-nano", "tensorrt", "fp16", "YOLO11s", 10_750, 7.3, _JETSON),
    Whole("jetson-orin-nano", "tensorrt", "int8", "YOLO11s", 10_750, 5.25, _JETSON),
    Whole("jetson-orin-nx", "tensorrt", "fp32", "YOLO11s", 10_750, 14.13, _JETSON),
    Whole("jetson-orin-nx", "tensorrt", "fp16", "YOLO11s", 10_750, 7.55, _JETSON),
    Whole("jetson-orin-nx", "tensorrt", "int8", "YOLO11s", 10_750, 5.63, _JETSON),
    Whole("jetson-orin-nano", "onnxruntime-cuda", "fp32", "YOLO11s", 10_750, 13.91, _JETSON),
    Whole("jetson-orin-nx", "onnxruntime-cuda", "fp32", "YOLO11s", 10_750, 14.44, _JETSON),
    Whole("jetson-nano", "tensorrt", "fp32", "ResNet-18 256", 2_369, 26, "kentaroy47 tables"),
    Whole("jetson-nano", "tensorrt", "fp16", "ResNet-18 256", 2_369, 18, "kentaroy47 tables"),
    Whole("intel-core-i7-1360p", "openvino", "int8", "YOLOv8n", 4_350, 9.38, _OPENVINO),
    Whole("intel-core-ultra-7", "openvino", "int8", "YOLOv8n", 4_350, 15.57, _OPENVINO),
    Whole("raspberry-pi-5", "openvino", "fp32", "YOLO11s", 10_750, 179.3,
          "ultralytics docs, Raspberry Pi guide"),
)  # fmt: skip
