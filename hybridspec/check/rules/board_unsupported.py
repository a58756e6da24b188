"""HS0235: a device class is made of a board that its platform's agent cannot run on.

What it flags: a board whose architecture the platform has no agent for, such as a microcontroller.
Why: an update could never be installed there, and no model would ever run.
Example: `devices.gateway.board: stm32h7` with platform `agent`, which needs Linux.
Fix: take a board with a Linux processor; keep the microcontroller as the sensor in front of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph

_WITHOUT_LINUX = frozenset({"armv7m"})


def board_unsupported(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per device class."""
    for device in graph.device_classes:
        if device.board.architecture in _WITHOUT_LINUX:
            yield Diagnostic(
                code="HS0235",
                message=f"platform `{device.platform}` does not run on `{device.board.name}`: "
                f"architecture {device.board.architecture} has no Linux",
                span=device.board_origin,
                help="choose a board with a Linux processor, such as `board: raspberry-pi-zero-2w`",
            )
