"""Stacks: deployments of a spec, and where the engine keeps their state."""

from typing import Annotated

from hybridspec.spec.quantity import OPEN_SETTINGS, Address, Name, Section, key
from hybridspec.spec.signing import StackKeys


class Stack(Section):
    """One deployment of the spec; `local` is built in and needs none."""

    clouds: Annotated[
        list[Name] | None,
        key("Clouds that the stack deploys to.", example=["aws"], min_length=1, max_length=20,
            absent="all clouds that the plan uses"),
    ] = None  # fmt: skip
    backend: Annotated[
        Address | None,
        key("Where the engine keeps the state of the stack.", example="s3://state-bucket",
            min_length=1, max_length=400,
            absent="the environment's `PULUMI_BACKEND_URL`, else a folder beside the spec"),
    ] = None  # fmt: skip
    config: Annotated[
        dict[str, str],
        key("Settings of the engine for this stack, as text.", example={"aws:profile": "plants"},
            max_length=200, absent="none"),
        OPEN_SETTINGS,
    ] = {}  # fmt: skip
    keys: Annotated[
        StackKeys | None,
        key("Who signs the stack's update channel, with which keys.",
            example={
                "keys": {name: {"uri": f"file:../keys/{name}.key", "public": f"keys/{name}.pem"}
                         for name in ("anna", "ben", "carol", "dora", "release", "snapshot",
                                      "timestamp", "model", "attest")},
                "root": {"keys": ["anna", "ben", "carol"], "threshold": 2},
                "targets": {"keys": ["dora"]}, "classes": {"keys": ["release"]},
                "snapshot": {"keys": ["snapshot"]}, "timestamp": {"keys": ["timestamp"]},
                "model": {"keys": ["model"]}, "attestation": {"keys": ["attest"]},
            },
            absent="development keys, made here, which production devices refuse"),
    ] = None  # fmt: skip
