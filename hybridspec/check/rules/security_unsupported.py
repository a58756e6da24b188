"""HS0338: a device class claims a security function that its board cannot do.

What it flags: an entry of `security` that the catalogue's board does not list among its
capabilities; `attestation` needs a TPM.
Why: a report that counts a function which the hardware does not have would prove what is false.
Example: `security: [tpm]` on a board without one.
Fix: remove the entry, use a board that has it, or describe the device by its own figures under
`hardware` if another chip is fitted.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.ir.graph import Graph
from hybridspec.law.duty import able


def security_unsupported(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per device class and function."""
    for device in graph.device_classes:
        for function in device.security:
            if not able(device, function):
                can = ", ".join(f"`{name}`" for name in sorted(device.board.capabilities))
                yield Diagnostic(
                    code="HS0338",
                    message=f"device class `{device.name}` claims `{function}`, which its board "
                    f"`{device.board.name}` cannot do",
                    span=device.security_origin or device.origin,
                    help=f"remove `{function}`; the catalogue knows of {can or 'none'} on this "
                    "board, and a chip that was added needs the device's own `hardware`",
                )
