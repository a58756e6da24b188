"""The entry of the pre-commit hook: changed files to specs, each validated once."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

from hybridspec.cli.app import run
from hybridspec.load.file import SPEC_NAME

_HEAD, _, _TAIL = SPEC_NAME.rpartition(".")


def jobs(changed: Iterable[Path]) -> list[list[str]]:
    """The arguments of `validate` for each spec that a changed file belongs to, in order."""
    found = []
    for path in changed:
        spec = path.with_name(SPEC_NAME)
        overlay = path.name.removeprefix(f"{_HEAD}.").removesuffix(f".{_TAIL}")
        whole = path.name == SPEC_NAME or not path.name.startswith(f"{_HEAD}.") or not spec.exists()
        job = [str(path)] if whole else [str(spec), "--stack", overlay]
        if job not in found:
            found.append(job)
    return found


def main() -> None:
    """Validate everything and end with the worst exit code."""
    worst = 0
    for job in jobs(map(Path, sys.argv[1:])):
        worst = max(worst, run(["validate", *job, "--format", "concise"]))
    raise SystemExit(worst)


if __name__ == "__main__":
    main()
