"""The page of all diagnostic codes, made from the table and the rules' own docstrings.

Run `python -m hybridspec.cli.codes_page FILE` to write it, with `--check` to compare only.
"""

from __future__ import annotations

import sys
from pathlib import Path

from hybridspec.base.codes import CODES
from hybridspec.cli.explain_code import explain_code
from hybridspec.cli.generated_page import write_or_check

_HEAD = """\
# Diagnostic codes

Generated from the table of codes; `hybridspec explain HS0301` prints one entry.
Findings of policy (sovereignty, latency, capacity) end a run with exit code 5, others with 2.
"""


def page() -> str:
    """The whole page as Markdown."""
    entries = []
    for number, code in CODES.items():
        kind = f"{code.severity}, {'policy' if code.policy else 'spec'}"
        body = (explain_code(number) or "").partition("\n\n")[2]
        lines = [f"## {number} {code.offence}", "", f"{code.title} ({kind})"]
        entries.append("\n".join([*lines, *(["", body] if body else [])]))
    return _HEAD + "\n" + "\n\n".join(entries) + "\n"


def main() -> None:
    """Write the page, or check that it is fresh."""
    write_or_check(Path(sys.argv[1]), page())


if __name__ == "__main__":
    main()
