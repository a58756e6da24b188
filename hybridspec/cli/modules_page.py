"""The table of modules in ARCHITECTURE.md, made from the first line of each module's docstring.

Run `python -m hybridspec.cli.modules_page FILE` to write it between the two markers of FILE, whose
folder holds the packages, with `--check` to compare only.
"""

from __future__ import annotations

import ast
import sys
from pathlib import Path

from hybridspec.cli.generated_page import write_or_check

START, END = "<!-- modules: start -->", "<!-- modules: end -->"
_TREES = ("hybridspec", "targets")


def table(root: Path) -> str:
    """One Markdown table: packages in bold, each followed by its modules."""
    rows = ["| module | owns |", "| --- | --- |"]
    for tree in _TREES:
        for package in sorted(path.parent for path in (root / tree).rglob("__init__.py")):
            name = package.relative_to(root)
            rows.append(f"| **`{name}/`** | {_owns(package / '__init__.py')} |")
            rows += [
                f"| `{path.name}` | {_owns(path)} |"
                for path in sorted(package.glob("*.py"))
                if path.name != "__init__.py"
            ]
    return "\n".join(rows)


def page(text: str, root: Path) -> str:
    """`text` with what stands between the markers made anew.

    Raises:
        ValueError: a marker is missing.
    """
    head, start, rest = text.partition(START)
    _, end, tail = rest.partition(END)
    if not (start and end):
        raise ValueError(f"the page needs the lines `{START}` and `{END}`")
    return f"{head}{START}\n{table(root)}\n{END}{tail}"


def _owns(path: Path) -> str:
    """The first line of a module's docstring, as one table cell."""
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].replace("|", "\\|")


def main() -> None:
    """Write the table, or check that it is fresh."""
    path = Path(sys.argv[1])
    write_or_check(path, page(path.read_text(encoding="utf-8"), path.resolve().parent))


if __name__ == "__main__":
    main()
