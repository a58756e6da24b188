"""Meters the findings: spoils every example in one place at a time, and judges what is said then.

Prints (a) the share of faults that end in a finding on the right line, and (b) the share whose
edits make the spec valid again. A change that leaves a valid spec is no fault and drawn again.

    python benchmarks/findings.py [--faults 300] [--seed 1] [--example NAME] [--show]
"""

from __future__ import annotations

import argparse
import random
import re
import string
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hybridspec.base.diagnostic import Diagnostic, Edit, Severity, Sink, SpecInvalid
from hybridspec.base.edit import Edits, apply, plain, rename, without, written
from hybridspec.base.source import SourceFile, offset, position
from hybridspec.cli.repair import repair
from hybridspec.compiler import Options, validate_file
from hybridspec.load.file import unsaved
from hybridspec.load.yaml import Document, parse

EXAMPLES = Path(__file__).parents[1] / "examples"
BARS = (1.0, 0.9)
Way = tuple[Any, ...]
Mutator = Callable[["Spec", Way, random.Random], Edits]


@dataclass(frozen=True, slots=True)
class Spec:
    """An example as text and as a document."""

    path: Path
    document: Document
    text: str
    ways: tuple[Way, ...]

    def at(self, way: Way) -> Any:
        """The value at a path."""
        value: Any = self.document.value
        for part in way:
            value = value[part]
        return value


@dataclass(frozen=True, slots=True)
class Fault:
    """One spoilt text: what was done, and the lines on which a finding is right."""

    spec: Spec
    kind: str
    way: Way
    text: str
    lines: frozenset[int]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the compiler said to a fault."""

    fault: Fault
    found: tuple[Diagnostic, ...]
    placed: bool
    repaired: bool
    seconds: float
    left: tuple[Diagnostic, ...] = ()


def read(path: Path) -> Spec:
    """An example, with the way to each of its values."""
    text = path.read_text(encoding="utf-8")
    document = parse(SourceFile(shown=path.name, name=path.name, text=text), Sink())
    if document is None:
        raise ValueError(f"{path} holds no spec")
    ways = tuple(way for way in document.origins.values if way and way[0] != "$schema")
    return Spec(path, document, text, ways)


def drop(spec: Spec, way: Way, _: random.Random) -> Edits:
    """Leave out a key or an item."""
    origins = spec.document.origins
    if isinstance(way[-1], int):
        return without(origins.value(*way), origins.whole(*way), origins.value(*way[:-1]))
    return without(origins.key(*way), origins.whole(*way), origins.value(*way[:-1]))


def renamed(spec: Spec, way: Way, dice: random.Random) -> Edits:
    """Write another key of the language, or another name."""
    if isinstance(way[-1], int):
        return ()
    names = sorted({part for other in spec.ways for part in other if isinstance(part, str)})
    return rename(spec.document.origins.key(*way), dice.choice([n for n in names if n != way[-1]]))


def retype(spec: Spec, way: Way, dice: random.Random) -> Edits:
    """Write a value of another type."""
    value = spec.at(way)
    others: list[Any] = [["x"], {"a": "b"}, True, 7, "some text", None]
    if not isinstance(value, (dict, list)):
        others += [[value], str(value) if isinstance(value, (int, float)) else 3.5]
    return _write(spec, way, dice.choice([o for o in others if type(o) is not type(value)]))


def misspell(spec: Spec, way: Way, dice: random.Random) -> Edits:
    """One slip of the finger in a key or in a text."""
    value = spec.at(way)
    on_key = isinstance(way[-1], str) and (not isinstance(value, str) or dice.random() < 0.5)
    word = str(way[-1]) if on_key else value
    if not isinstance(word, str) or len(word) < 2:
        return ()
    place = dice.randrange(len(word) - 1)
    slips = [
        word[:place] + word[place + 1 :],
        word[:place] + word[place] + word[place:],
        word[:place] + word[place + 1] + word[place] + word[place + 2 :],
        word[:place] + dice.choice(string.ascii_lowercase) + word[place + 1 :],
    ]
    slip = dice.choice(slips)
    if slip == word:
        return ()
    return rename(spec.document.origins.key(*way), slip) if on_key else _write(spec, way, slip)


def out_of_range(spec: Spec, way: Way, dice: random.Random) -> Edits:
    """A number or a quantity far from what makes sense."""
    value = spec.at(way)
    if isinstance(value, bool):
        return ()
    if isinstance(value, (int, float)):
        return _write(spec, way, dice.choice([-1, 0, value * 1000, -value, 10**12]))
    match = re.fullmatch(r"([0-9.]+)(.*)", value) if isinstance(value, str) else None
    if match is None or re.fullmatch(r"[0-9]{4}-.*", value):
        period = re.fullmatch(r"P([0-9]+)([YD])", value) if isinstance(value, str) else None
        return _write(spec, way, f"P{dice.choice([0, 999_999])}{period[2]}") if period else ()
    return _write(spec, way, f"{dice.choice(['0', '-' + match[1], match[1] + '000000'])}{match[2]}")


def swap(spec: Spec, way: Way, dice: random.Random) -> Edits:
    """Two values of one mapping in each other's place."""
    siblings = [o for o in spec.ways
                if o != way and o[:-1] == way[:-1] and spec.at(o) != spec.at(way)]  # fmt: skip
    siblings = [o for o in siblings if _inline(spec, o)]
    if not siblings or not _inline(spec, way):
        return ()
    other, origins = dice.choice(siblings), spec.document.origins
    here, there = origins.whole(*way), origins.whole(*other)
    return (Edit(span=here, text=written(there)), Edit(span=there, text=written(here)))


def duplicate(spec: Spec, way: Way, dice: random.Random) -> Edits:
    """A key that is written twice, with the same value or another one."""
    if isinstance(way[-1], int) or not _inline(spec, way):
        return ()
    origins = spec.document.origins
    key, value = origins.key(*way), origins.whole(*way)
    text = written(value) if dice.random() < 0.5 else "other"
    flow = spec.text[_start(origins.value(*way[:-1]))] == "{"
    join = ", " if flow else "\n" + " " * (key.column - 1)
    end = (value.end_line, value.end_column)
    line = value.file.line(value.end_line)
    if not flow and line[value.end_column - 1 :].strip():
        return ()
    span = type(value)(file=value.file, line=end[0], column=end[1], end_line=end[0],
                       end_column=end[1])  # fmt: skip
    return (Edit(span=span, text=f"{join}{plain(way[-1])}: {text}"),)


MUTATORS: dict[str, Mutator] = {
    "drop": drop, "rename": renamed, "retype": retype, "misspell": misspell,
    "out-of-range": out_of_range, "swap": swap, "duplicate": duplicate,
}  # fmt: skip


def _start(span: Any) -> int:
    return offset(span.file.text, span.line, span.column)


def _inline(spec: Spec, way: Way) -> bool:
    """Whether a value stands on one line, so that it can be moved."""
    span = spec.document.origins.whole(*way)
    text = written(span).strip()
    return span.line == span.end_line and bool(text) and not text.startswith("- ")


def _write(spec: Spec, way: Way, value: Any) -> Edits:
    text = plain(value)
    span = spec.document.origins.whole(*way)
    return (Edit(span=span, text=text),) if written(span).strip() else ()


def faults(specs: Sequence[Spec], seed: int) -> Iterator[Fault]:
    """Spoilt texts without end: kinds and examples take turns, places are drawn."""
    dice = random.Random(seed)
    while True:
        for kind, mutate in MUTATORS.items():
            spec = dice.choice(specs)
            way = dice.choice(spec.ways)
            edits = mutate(spec, way, dice)
            if edits:
                text, _ = apply(spec.text, [edits])
                if text != spec.text:
                    yield Fault(spec, kind, way, text, _right(spec, way, edits, text))


def _right(spec: Spec, way: Way, edits: Edits, text: str) -> frozenset[int]:
    """Lines of the change, of the sections around it, and of whatever names the same thing.

    What is left out of a list counts by all that it names, and what is left out of the whole spec
    is told where the spec begins.
    """
    origins = spec.document.origins
    lines: set[int] = set()
    shift = 0
    for edit in sorted(edits, key=lambda e: (e.span.line, e.span.column)):
        start = _start(edit.span)
        end = offset(spec.text, edit.span.end_line, edit.span.end_column)
        first = position(text, start + shift)[0]
        lines |= set(range(first, position(text, start + shift + len(edit.text))[0] + 1))
        shift += len(edit.text) - (end - start)
    moved = text.count("\n") - spec.text.count("\n")
    if len(way) == 1:
        lines |= {origins.key().line, _begins(text)}
    for depth in range(1, len(way)):
        line = origins.key(*way[:depth]).line
        lines.add(line if line <= min(e.span.line for e in edits) else line + moved)
    names = {str(part) for part in way if isinstance(part, str)}
    value = spec.at(way)
    names |= {str(value)} if not isinstance(value, (dict, list)) else _named(value)
    names |= {e.text for e in edits}
    words = [re.escape(n) for n in names if re.fullmatch(r"[\w@./-]{2,60}", n)]
    if words:
        pattern = re.compile(rf"(?<![\w-])({'|'.join(words)})(?![\w-])")
        lines |= {n for n, line in enumerate(text.split("\n"), 1) if pattern.search(line)}
    return frozenset(lines)


def _begins(text: str) -> int:
    """The line on which a spoilt spec begins, below what is said to editors."""
    lines = enumerate(text.split("\n"), 1)
    return next((n for n, line in lines if line.strip() and not line.startswith("#")), 1)


def _named(value: Any) -> set[str]:
    """The texts in a list, or in the mappings that it lists."""
    found: set[str] = set()
    for item in value if isinstance(value, list) else ():
        found |= {str(part) for part in (item.values() if isinstance(item, dict) else (item,))
                  if isinstance(part, str)}  # fmt: skip
    return found


def judge(fault: Fault, cache: Path) -> Verdict | None:
    """What is said to a fault, and whether the edits repair it; None if it is a valid spec."""
    start = time.perf_counter()
    path = fault.spec.path.resolve()
    held = {path: fault.text.encode()}

    def check() -> tuple[Diagnostic, ...]:
        try:
            return validate_file(path, Options(cache=cache)).findings
        except SpecInvalid as invalid:
            return invalid.findings

    with unsaved(held):
        found = tuple(f for f in check() if f.severity is Severity.ERROR)
    if not found:
        return None
    spans = [span for f in found for span in (f.span, *(note.span for note in f.notes))]
    placed = any(span is not None and span.line in fault.lines for span in spans)
    done = repair(path.parent, check, everything=True, held=held)
    left = tuple(f for f in done.findings if f.severity is Severity.ERROR)
    return Verdict(fault, found, placed, not left, time.perf_counter() - start, left)


def measure(specs: Sequence[Spec], count: int, seed: int, cache: Path) -> list[Verdict]:
    """Verdicts on `count` faults."""
    verdicts: list[Verdict] = []
    for fault in faults(specs, seed):
        if len(verdicts) == count:
            break
        verdict = judge(fault, cache)
        if verdict is not None:
            verdicts.append(verdict)
    return verdicts


def report(verdicts: Sequence[Verdict], *, show: bool) -> bool:
    """Print both figures, and with `show` every fault that misses one; whether both bars hold."""
    total = len(verdicts)
    figures = (sum(v.placed for v in verdicts) / total, sum(v.repaired for v in verdicts) / total)
    kinds = Counter(v.fault.kind for v in verdicts)
    for kind, number in sorted(kinds.items()):
        mine = [v for v in verdicts if v.fault.kind == kind]
        print(f"{kind:13}{number:4} faults, {sum(v.placed for v in mine):4} on the right line, "
              f"{sum(v.repaired for v in mine):4} repaired")  # fmt: skip
    for verdict in verdicts if show else ():
        if not (verdict.placed and verdict.repaired):
            _show(verdict)
    names = ("faults with a finding on the right line", "faults that the edits repair")
    for name, figure, bar in zip(names, figures, BARS, strict=True):
        print(f"{name}: {figure:.1%}, bar {bar:.0%}: {'met' if figure >= bar else 'MISSED'}")
    slowest = max(verdicts, key=lambda v: v.seconds)
    print(f"slowest fault with its repair: {slowest.seconds:.1f} s")
    return all(figure >= bar for figure, bar in zip(figures, BARS, strict=True))


def _show(verdict: Verdict) -> None:
    fault = verdict.fault
    marks = ("" if verdict.placed else " LINE") + ("" if verdict.repaired else " REPAIR")
    print(f"\n{marks.strip()}: {fault.spec.path.parent.name}: {fault.kind} "
          f"{'.'.join(map(str, fault.way))}")  # fmt: skip
    old, new = fault.spec.text.split("\n"), fault.text.split("\n")
    changed = [line for line in new if line not in old] or [f"- {x}" for x in old if x not in new]
    for line in changed[:4]:
        print(f"    {line.strip()[:150]}")
    for name, found in (("said", verdict.found), ("left", verdict.left)):
        for finding in found[:3]:
            where = finding.span.line if finding.span else "-"
            print(f"  {name} {where}: {finding.code} {finding.message[:150]}")
            print(
                f"       help: {finding.help[:150]} [{' | '.join(e.text for e in finding.fixes)}]"
            )


def main() -> None:
    """Measure, print, and fail if a bar is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--faults", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--example", default="*")
    parser.add_argument("--show", action="store_true")
    flags = parser.parse_args()
    specs = [read(path) for path in sorted(EXAMPLES.glob(f"{flags.example}/hybridspec.yaml"))]
    with tempfile.TemporaryDirectory() as cache:
        verdicts = measure(specs, flags.faults, flags.seed, Path(cache))
    print(f"{len(verdicts)} faults in {len(specs)} examples, seed {flags.seed}")
    sys.exit(not report(verdicts, show=flags.show))


if __name__ == "__main__":
    main()
