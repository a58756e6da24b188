"""HybridSpec's own agent on Linux boards: their facts, and the runtime half of a bundle."""

from hybridspec.target.api import Target

from .emit import emit
from .guards import GUARDS, UNGUARDED

TARGET = Target(
    name="agent",
    package="hybridspec_targets.agent",
    summary="HybridSpec agent on Linux boards (systemd)",
    emit_edge=emit,
    guards=GUARDS,
    unguarded=UNGUARDED,
    controls=(
        ("encryption-in-transit", "the stores and brokers that devices send to take TLS alone"),
    ),
)
