"""Markdown as the tests read it: fences, console commands with their output, links, headings."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ANYTHING = "…"


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block: its language, its content, and the line it starts at."""

    language: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class Command:
    """A command of a console fence, the lines that have to appear, and its own line."""

    text: str
    expected: tuple[str, ...]
    line: int


def fences(markdown: str) -> list[Fence]:
    """Every fenced block, in order; an indented one loses its indent.

    >>> fences("text\\n```yaml\\na: 1\\n```\\n")
    [Fence(language='yaml', text='a: 1\\n', line=2)]
    """
    found, lines = [], iter(enumerate(markdown.splitlines(), 1))
    for number, line in lines:
        start = re.fullmatch(r"( *)```(\S*)", line)
        if start is None:
            continue
        body = []
        for _, inner in lines:
            if inner.strip() == "```":
                break
            body.append(inner.removeprefix(start[1]) + "\n")
        found.append(Fence(start[2], "".join(body), number))
    return found


def commands(fence: Fence) -> list[Command]:
    """The commands of a console fence; a backslash at the end continues one.

    >>> commands(Fence("console", "$ ls\\na\\n…\\n$ pwd\\n", 7))
    [Command(text='ls', expected=('a', '…'), line=8), Command(text='pwd', expected=(), line=11)]
    """
    found: list[Command] = []
    for number, line in enumerate(fence.text.splitlines(), fence.line + 1):
        if found and found[-1].text.endswith("\\"):
            last = found[-1]
            found[-1] = Command(last.text[:-1] + line, last.expected, last.line)
        elif line.startswith("$ "):
            found.append(Command(line[2:].strip(), (), number))
        elif found:
            last = found[-1]
            found[-1] = Command(last.text, (*last.expected, line), last.line)
        else:
            raise AssertionError(f"line {number}: output without a command before it")
    return found


def missing(expected: tuple[str, ...], output: str) -> str | None:
    """The first expected line that does not follow where it should; None if all do.

    A line `…` stands for any lines, also none; `…` inside a line for any text.

    >>> missing(("a", "…", "c…e"), "a\\nb\\ncde\\n") is None
    True
    >>> missing(("a", "c"), "a\\nb\\nc\\n")
    'c'
    """
    lines = [line.rstrip() for line in output.splitlines()]
    wanted = [_pattern(line) for line in expected]
    starts = range(len(lines) + 1)
    deepest, first = -1, expected[0] if expected else ""
    for start in starts:
        reached = _follow(wanted, lines, start)
        if reached == len(wanted):
            return None
        if reached > deepest:
            deepest, first = reached, expected[reached]
    return first


def _pattern(line: str) -> re.Pattern[str] | None:
    if line.strip() == ANYTHING:
        return None
    return re.compile(".*".join(re.escape(part) for part in line.rstrip().split(ANYTHING)))


def _follow(wanted: list[re.Pattern[str] | None], lines: list[str], at: int) -> int:
    """How many of `wanted` match from line `at` on, each gap closed as early as it can be."""
    gap = False
    for index, pattern in enumerate(wanted):
        if pattern is None:
            gap = True
            continue
        while gap and at < len(lines) and not pattern.fullmatch(lines[at]):
            at += 1
        if at >= len(lines) or not pattern.fullmatch(lines[at]):
            return index
        at, gap = at + 1, False
    return len(wanted)


def prose(markdown: str) -> str:
    """The text outside of fences, line for line."""
    inside, kept = False, []
    for line in markdown.splitlines():
        fence = line.strip().startswith("```")
        kept.append("" if inside or fence else line)
        inside = inside != fence
    return "\n".join(kept)


def links(markdown: str) -> Iterator[tuple[int, str]]:
    """Line and target of every link outside of code."""
    for number, line in enumerate(prose(markdown).splitlines(), 1):
        plain = re.sub(r"`[^`]*`", "code", line)
        for target in re.findall(r"\]\(([^)\s]+)\)", plain):
            yield number, target


def code_spans(markdown: str) -> Iterator[tuple[int, str]]:
    """Line and text of every code span."""
    for number, line in enumerate(prose(markdown).splitlines(), 1):
        for text in re.findall(r"`([^`]+)`", line):
            yield number, text


def anchors(markdown: str) -> set[str]:
    """The anchors that a forge gives the headings.

    >>> sorted(anchors("# A b\\n## `x` & y, z\\n# A b\\n"))
    ['a-b', 'a-b-1', 'x--y-z']
    """
    found: set[str] = set()
    for heading in re.findall(r"(?m)^#{1,6} +(.+?)\s*$", prose(markdown)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        slug = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
        count = sum(1 for known in found if re.fullmatch(re.escape(slug) + r"(-\d+)?", known))
        found.add(f"{slug}-{count}" if count else slug)
    return found


def relative(path: Path, root: Path) -> str:
    """A path for a test's name."""
    return path.relative_to(root).as_posix()
