"""One measurement in a process of its own: `python -m placement.measure WHAT INSTANCE [SECONDS]`.

Times are CPU seconds of this process and its children, so that a busy machine changes little.
"""

from __future__ import annotations

import hashlib
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, TypeVar

import numpy as np
from placement.checker import check
from placement.document import loaded, written
from placement.instances import PAIR, Instance
from placement.monoliths import cp_sat, highs
from placement.series import named
from placement.ways import problem

from hybridspec.place.engine.solve import Solved, runner_up, solve
from hybridspec.place.problem import Impossible, Problem

Made = TypeVar("Made")
DECISIONS = 2_000
"""About so many runner-ups are asked for; where there are more, the time is scaled up."""


def used() -> float:
    """CPU seconds so far."""
    return sum(
        usage.ru_utime + usage.ru_stime
        for usage in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def timed(work: Callable[[], Made]) -> tuple[float, Made]:
    """How long something takes, and what it gives."""
    start = used()
    made = work()
    return used() - start, made


def peak() -> int:
    """The most memory that this process ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def yaml(instance: Instance) -> float:
    """Seconds that reading the same instance with the C loader takes."""
    text = written(instance)
    return statistics.median(timed(lambda: loaded(text))[0] for _ in range(5))


def engine(name: str) -> dict[str, Any]:
    """The engine on an instance."""
    import highspy  # noqa: F401 (what importing takes is no part of solving)

    instance = named(name)
    before = peak()
    start = time.perf_counter()
    enumerating, posed = timed(lambda: problem(instance))
    solving, solved = timed(lambda: solve(posed))
    wall, memory = time.perf_counter() - start, peak() - before
    if isinstance(solved, Impossible):
        raise SystemExit(f"{name}: no plan is found")
    answer, pairs = solved.answer, instance.pairs.shape[0] * instance.pairs.shape[1]
    edit = statistics.median(edited(instance, posed, solved) for _ in range(5))
    asked = decisions(solved)
    return {
        "yaml": yaml(instance),
        "enumerating": enumerating,
        "solving": solving,
        "wall": wall,
        "memory": memory / pairs,
        "pairs": pairs,
        "classes": len(posed.classes),
        "ways": sum(len(p.options) for c in posed.classes for p in c.pairs),
        "cost": answer.cost,
        "bound": answer.bound,
        "gap": (answer.cost - answer.bound) / answer.cost,
        "plans": sum(map(len, answer.plans)),
        "faults": check(posed, answer),
        "edit": edit,
        "runner-ups": asked,
        "digest": hashlib.sha256(repr(answer).encode()).hexdigest(),
    }


def edited(instance: Instance, posed: Problem, solved: Solved) -> float:
    """Seconds until there is an answer after one site got busier: its ways, and the answer."""
    start = used()
    pairs = instance.pairs[:1].copy()
    pairs[:, :, PAIR.index("rate")] += 1 + pairs[:, :, PAIR.index("rate")] // 10
    alone = problem(replace(instance, sites=instance.sites[:1], pairs=pairs)).classes[0]
    first, *others = posed.classes
    kept = () if first.sites == 1 else (replace(first, sites=first.sites - 1),)
    after = replace(posed, classes=(alone, *kept, *others))
    again = solve(after, before=solved)
    spent = used() - start
    faults = [] if isinstance(again, Impossible) else check(after, again.answer)
    if faults:
        raise SystemExit(f"the edited instance: {faults[:3]}")
    return spent


def decisions(solved: Solved) -> float:
    """Seconds for the runner-up of every decision."""
    classes = solved.problem.classes
    step = max(1, sum(len(what.pairs) for what in classes) // DECISIONS)
    start = used()
    for number in range(0, len(classes), step):
        for pair, row in enumerate(solved.answer.plans[number][0].rows):
            differing = np.ones(len(classes[number].pairs[pair].options), dtype=bool)
            differing[row] = False
            runner_up(solved, number, pair, differing)
    return (used() - start) * len(classes) / len(range(0, len(classes), step))


def monolith(what: str, name: str, seconds: float) -> dict[str, Any]:
    """CP-SAT or HiGHS on an instance; where sites are alike, with one plan for all of a class."""
    posed = problem(named(name))
    run = {"cp-sat": cp_sat, "highs": highs}[what]
    one_plan = len(posed.classes) < sum(of.sites for of in posed.classes)
    cpu, said = timed(lambda: run(posed, seconds=seconds, one_plan=one_plan))
    return {**asdict(said), "gap": said.gap, "cpu": cpu, "memory": peak()}


if __name__ == "__main__":
    what, name, *rest = sys.argv[1:]
    found = engine(name) if what == "engine" else monolith(what, name, float(rest[0]))
    print(json.dumps(found, default=str))
