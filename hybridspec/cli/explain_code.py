"""What a finding's code means: its title, and its rule's own page where it has one."""

from __future__ import annotations

import re
from importlib import import_module

from hybridspec.base.codes import CODES
from hybridspec.base.errors import UsageError


def explain_code(text: str) -> str | None:
    """The page of a code, or None if `text` does not look like one."""
    if not re.fullmatch(r"HS\d{4}", text):
        return None
    code = CODES.get(text)
    if code is None:
        raise UsageError(f"there is no code {text}", help="`docs/codes.md` lists them all")
    return f"{text} {code.offence}: {code.title}.{_page(code.offence)}"


def _page(offence: str) -> str:
    name = offence.replace("-", "_")
    try:
        module = import_module(f"hybridspec.check.rules.{name}")
    except ModuleNotFoundError:
        return ""
    return "\n\n" + "\n".join((module.__doc__ or "").strip().splitlines()[2:])
