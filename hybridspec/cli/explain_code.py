"""What a finding's code means: its title, and its page, which the rule or the list of pages has."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module, resources
from typing import Any

from hybridspec.base.closest import closest
from hybridspec.base.codes import CODES
from hybridspec.base.errors import UsageError


def explain_code(text: str) -> str | None:
    """The page of a code, or None if `text` does not look like one."""
    if not re.fullmatch(r"HS\d{4}", text):
        return None
    code = CODES.get(text)
    if code is None:
        near = closest(text, CODES)
        raise UsageError(f"there is no code {text}", help="`hybridspec rules` lists them all"
                         + (f"; did you mean {near}?" if near else ""))  # fmt: skip
    page = code_page(text)
    return f"{text} {code.offence}: {code.title}." + (f"\n\n{page}" if page else "")


def code_page(number: str) -> str:
    """What a code flags, why, an example and the way out; empty where nobody has written it."""
    name = CODES[number].offence.replace("-", "_")
    try:
        module = import_module(f"hybridspec.check.rules.{name}")
    except ModuleNotFoundError:
        return _pages().get(number, "")
    return "\n".join((module.__doc__ or "").strip().splitlines()[2:])


@cache
def _pages() -> dict[str, str]:
    text = (resources.files("hybridspec.cli") / "code_pages.md").read_text(encoding="utf-8")
    found = re.findall(r"(?ms)^## (HS\d{4})\n\n(.*?)(?=\n## |\Z)", text)
    return {number: page.strip() for number, page in found}


def rules_document() -> dict[str, Any]:
    """Every code with what ends a run, as `hybridspec rules --format json` prints it."""
    return {
        "schemaVersion": "hybridspec.dev/rules/v1",
        "rules": [
            {"code": number, "offence": code.offence, "title": code.title,
             "severity": code.severity, "policy": code.policy, "exitCode": 5 if code.policy else 2}
            for number, code in CODES.items()
        ],
    }  # fmt: skip
