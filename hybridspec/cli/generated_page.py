"""A committed page that is made from the code: written, or checked to be fresh."""

from __future__ import annotations

import sys
from pathlib import Path


def write_or_check(path: Path, fresh: str) -> None:
    """Write `fresh` to `path` if it differs; with `--check` on the command line, refuse instead.

    Raises:
        SystemExit: the page is stale.
    """
    if path.exists() and path.read_text(encoding="utf-8") == fresh:
        return
    if "--check" in sys.argv[2:]:
        raise SystemExit(f"{path} is stale; run `make docs`")
    path.write_text(fresh, encoding="utf-8")
