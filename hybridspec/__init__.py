"""HybridSpec: one spec in; placement, Pulumi stacks, signed edge bundles and reports out.

Public names are resolved on first use, so that importing a part never imports the whole.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"

_PUBLIC = {
    "Build": "hybridspec.compiler",
    "Diagnostic": "hybridspec.base.diagnostic",
    "Options": "hybridspec.compiler",
    "Plan": "hybridspec.ir.plan",
    "SpecInvalid": "hybridspec.base.diagnostic",
    "Target": "hybridspec.target.api",
    "compile_file": "hybridspec.compiler",
    "validate_file": "hybridspec.compiler",
}

__all__ = [
    "Build",
    "Diagnostic",
    "Options",
    "Plan",
    "SpecInvalid",
    "Target",
    "__version__",
    "compile_file",
    "validate_file",
]


def __getattr__(name: str) -> Any:
    if name not in _PUBLIC:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_PUBLIC[name]), name)
