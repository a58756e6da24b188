"""What `validate` does: findings in the wanted format, and repairs where they are asked for."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic
from hybridspec.cli import output


class Mending(StrEnum):
    """What is done about faults whose repair is known."""

    NOTHING = "nothing"
    SHOWN = "shown"
    CERTAIN = "certain"
    ALL = "all"


def mending(*, fix: bool, fix_all: bool, diff: bool) -> tuple[Mending, bool]:
    """What the flags ask for, and whether guesses belong to it."""
    if diff:
        return Mending.SHOWN, fix_all
    return (Mending.ALL if fix_all else Mending.CERTAIN if fix else Mending.NOTHING), fix_all


def validate(
    spec: Path, check: Callable[[], tuple[Diagnostic, ...]], format: str, how: Mending,
    *, guesses: bool,
) -> int:  # fmt: skip
    """Say what is wrong, after repairing what was asked for; returns the exit code."""
    fixed = 0
    if how is Mending.NOTHING:
        found = check()
    else:
        found, fixed = _repaired(spec, check, format, how, guesses=guesses)
    output.findings(found, format)
    code = output.exit_code(found)
    if format == "human":
        counted = output.summary(found)
        word = "invalid" if code else "valid"
        repairs = f" ({fixed} repaired)" if fixed else ""
        if how is Mending.NOTHING:
            repairs = _repairable(found)
        output.say(f"{word}{f': {counted}' if counted else ''}{repairs}")
    return code


def _repairable(found: tuple[Diagnostic, ...]) -> str:
    """How many findings the flags would repair."""
    certain = sum(bool(f.fixes) and f.certain for f in found)
    guessed = sum(bool(f.fixes) and not f.certain for f in found)
    parts = [f"`--fix` repairs {certain}"] if certain else []
    verb = "" if certain else "repairs "
    parts += [f"`--fix-all` {verb}{certain + guessed}"] if guessed else []
    return f"; {', '.join(parts)}" if parts else ""


def _repaired(
    spec: Path, check: Callable[[], tuple[Diagnostic, ...]], format: str, how: Mending,
    *, guesses: bool,
) -> tuple[tuple[Diagnostic, ...], int]:  # fmt: skip
    from hybridspec.cli.repair import repair, save

    folder = (spec if spec.is_dir() else spec.parent).resolve()
    done = repair(folder, check, everything=guesses)
    diff = done.diff(folder)
    if format in ("human", "concise"):
        print(diff, end="", flush=True)
    else:
        output.note(diff)
    if how is Mending.SHOWN:
        return check(), 0
    save(done)
    return done.findings, done.made
