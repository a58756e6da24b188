"""How many columns text for people has."""

from __future__ import annotations

import re
from collections.abc import Mapping

_LEAST = 40
"""Columns below which nothing can be read any more."""


def columns(environment: Mapping[str, str], terminal: int = 0) -> int:
    """The width that COLUMNS asks for, if it is one; else that of the terminal; 0 without one."""
    asked = environment.get("COLUMNS", "")
    found = int(asked) if re.fullmatch("[1-9][0-9]{0,4}", asked) else terminal
    return max(_LEAST, found) if found else 0
