"""A whole `Problem` as one integer program, and CP-SAT and HiGHS on it: what peers would do.

The rows are the strong ones: at most one way a pair takes part in each, what a way needs is bounded
by what is bought, and a choice's alternative bounds everybody who needs it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import inf
from typing import Any

import numpy as np

from hybridspec.place.problem import ANY, WHOLE, Options, Problem, SiteClass


@dataclass(slots=True)
class Row:
    """`sum of factor * column <= most`, where all columns of `when` are 1."""

    columns: list[int]
    factors: list[int]
    most: int
    when: tuple[int, ...] = ()
    exactly: bool = False


@dataclass(slots=True)
class Program:
    """Integer columns with their bounds and costs, and rows."""

    least: list[int] = field(default_factory=list)
    most: list[int] = field(default_factory=list)
    cost: list[int] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)

    def column(self, cost: int, least: int = 0, most: int = 1) -> int:
        """A new column's number."""
        self.least.append(least)
        self.most.append(most)
        self.cost.append(cost)
        return len(self.cost) - 1

    def one_of(self, columns: list[int]) -> None:
        """Exactly one of them is 1."""
        self.rows.append(Row(columns, [1] * len(columns), 1, exactly=True))


WIDE = 0.2
"""A gap, as a share of the cost, with which nobody is helped."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a solver says: a cost if it has a plan, a bound, and whether there is none at all.

    `wide` are the seconds until its gap was below `WIDE`.
    """

    cost: int | None
    bound: float
    impossible: bool
    seconds: float
    built: float
    wide: float

    @property
    def gap(self) -> float:
        """How far the bound is below the cost, as a share of the cost."""
        return 1.0 if self.cost is None else (self.cost - self.bound) / max(1, self.cost)


def program(problem: Problem, *, one_plan: bool = False) -> Program:
    """The problem with every site on its own, or with one plan for all sites of a class."""
    made = Program()
    quotas = [Row([], [], int(most)) for most in problem.quotas]
    chosen = []
    for choice in problem.choices:
        columns = [made.column(int(cost)) for cost in choice.cost]
        made.one_of(columns)
        chosen.append(columns)
        for column, use in zip(columns, choice.use.tolist(), strict=True):
            _take(quotas, range(len(quotas)), use, column, 1)
    for what in problem.classes:
        weight = what.sites if one_plan else 1
        for _ in range(what.sites // weight):
            _site(made, what, weight, chosen, quotas)
    made.rows += quotas
    return made


def _take(quotas: list[Row], which: Any, use: list[int], column: int, weight: int) -> None:
    for quota, amount in zip(which, use, strict=True):
        if amount:
            quotas[quota].columns.append(column)
            quotas[quota].factors.append(amount * weight)


def _site(
    made: Program, what: SiteClass, weight: int, chosen: list[list[int]], quotas: list[Row]
) -> None:  # fmt: skip
    bought = [made.column(item.cost * weight, item.least, item.most) for item in what.purchases]
    ways = []
    for pair in what.pairs:
        columns = [made.column(int(cost) * weight) for cost in pair.options.cost]
        made.one_of(columns)
        ways.append((pair.options, columns))
        for column, use in zip(columns, pair.options.use.tolist(), strict=True):
            _take(quotas, pair.quotas, use, column, weight)
        for place, choice in enumerate(pair.choices):
            needs = pair.options.needs[:, place]
            for alternative in np.unique(needs[needs != ANY]):
                _below(made, [columns[row] for row in np.flatnonzero(needs == alternative)],
                       chosen[choice][alternative])  # fmt: skip
        for item, column in enumerate(bought):
            units = pair.options.units[:, item]
            some = np.flatnonzero(units)
            made.rows.append(Row([*(columns[row] for row in some), column],
                                 [*units[some].tolist(), -1], 0))  # fmt: skip
    for number in range(len(what.resources)):
        _resource(made, what, number, ways, bought)


def _below(made: Program, columns: list[int], above: int) -> None:
    made.rows.append(Row([*columns, above], [*[1] * len(columns), -1], 0))


def _resource(
    made: Program, what: SiteClass, number: int, ways: list[tuple[Options, list[int]]],
    bought: list[int],
) -> None:  # fmt: skip
    resource = what.resources[number]
    loads, factors, loaders = [], [], []
    for options, columns in ways:
        load = options.load[:, number]
        loads += [columns[row] for row in np.flatnonzero(load)]
        factors += load[load != 0].tolist()
        loaders.append([columns[row] for row in np.flatnonzero(load)])
    if not loads:
        return
    there = resource.base
    if resource.purchase is not None:
        there += resource.unit * what.purchases[resource.purchase].least
    somebody: tuple[int, ...] = ()
    if there < 0:  # short even of nothing, but only if somebody loads it
        somebody = (made.column(0),)
        for columns in loaders:
            _below(made, columns, somebody[0])
    levels = {WHOLE} | {int(c) for options, _ in ways for c in options.ceiling[:, number]}
    for ceiling in sorted(levels):
        when = somebody
        if ceiling != WHOLE:
            when = (*somebody, made.column(0))
            for options, columns in ways:
                held = np.flatnonzero(options.ceiling[:, number] == ceiling)
                _below(made, [columns[row] for row in held], when[-1])
        row = Row(list(loads), [1000 * f for f in factors], ceiling * resource.base, when)
        if resource.purchase is not None and resource.unit:
            row.columns.append(bought[resource.purchase])
            row.factors.append(-ceiling * resource.unit)
        made.rows.append(row)


class Clock:
    """CPU seconds since it was made, and when the gap was no longer `WIDE`."""

    def __init__(self) -> None:
        self.start, self.cost, self.bound = time.process_time(), inf, -inf
        self.narrow: float | None = None

    def now(self) -> float:
        return time.process_time() - self.start

    def heard(self, *, cost: float = inf, bound: float = -inf) -> None:
        """A better cost or bound."""
        self.cost, self.bound = min(self.cost, cost), max(self.bound, bound)
        if self.narrow is None and self.cost - self.bound < WIDE * self.cost < inf:
            self.narrow = self.now()


@contextmanager
def limited(seconds: float, stop: Callable[[], object]) -> Iterator[None]:
    """Stop when the process has had so many CPU seconds more, however busy the machine is."""
    done = threading.Event()
    end = time.process_time() + seconds

    def watch() -> None:
        while not done.wait(0.05):
            if time.process_time() > end:
                stop()

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        done.set()
        watcher.join()


def cp_sat(
    problem: Problem, *, seconds: float, one_plan: bool = False, careful: bool = False
) -> Outcome:
    """CP-SAT's answer, with one worker.

    A step of the presolve of 9.15 loses cheap plans now and then; `careful` does without it.
    """
    from ortools.sat.python import cp_model

    clock = Clock()
    made = program(problem, one_plan=one_plan)
    model = cp_model.CpModel()
    columns = [
        model.new_bool_var("") if (least, most) == (0, 1) else model.new_int_var(least, most, "")
        for least, most in zip(made.least, made.most, strict=True)
    ]
    for row in made.rows:
        total = cp_model.LinearExpr.weighted_sum([columns[c] for c in row.columns], row.factors)
        if row.exactly:
            model.add_exactly_one([columns[c] for c in row.columns])
        else:
            added = model.add(total <= row.most)
            if row.when:
                added.only_enforce_if([columns[c] for c in row.when])
    model.minimize(cp_model.LinearExpr.weighted_sum(columns, made.cost))
    solver = cp_model.CpSolver()
    solver.parameters.num_workers = 1
    solver.parameters.random_seed = 1
    if careful:
        solver.parameters.presolve_inclusion_work_limit = 0
    built = clock.now()

    class Heard(cp_model.CpSolverSolutionCallback):
        def on_solution_callback(self) -> None:
            clock.heard(cost=self.objective_value, bound=self.best_objective_bound)

    solver.best_bound_callback = lambda bound: clock.heard(bound=bound)
    with limited(seconds, solver.stop_search):
        status = solver.solve(model, Heard())
    found = status in (cp_model.OPTIMAL, cp_model.FEASIBLE)
    return Outcome(
        cost=round(solver.objective_value) if found else None,
        bound=solver.best_objective_bound,
        impossible=status == cp_model.INFEASIBLE,
        seconds=clock.now(),
        built=built,
        wide=clock.now() if clock.narrow is None else clock.narrow,
    )


MONEY = 1_000_000
"""HiGHS counts large amounts in millions: its tolerances are absolute."""
DIGITS = 1_000
"""The largest amount stays at least this, for what is cheaper by a tolerance is not looked for."""


def highs(problem: Problem, *, seconds: float, one_plan: bool = False) -> Outcome:
    """HiGHS's answer, with one thread."""
    import highspy

    clock = Clock()
    made = program(problem, one_plan=one_plan)
    count = len(made.cost)
    if not count:  # to HiGHS, an empty model is neither solved nor impossible
        fits = all(row.most >= 0 and not row.exactly for row in made.rows)
        return Outcome(0 if fits else None, 0.0, not fits, clock.now(), clock.now(), clock.now())
    money = max(1, min(MONEY, max(map(abs, made.cost), default=0) // DIGITS))
    model = highspy.Highs()
    model.HandleUserInterrupt = True
    for option, value in (
        ("output_flag", False), ("threads", 1), ("random_seed", 1),
        ("mip_rel_gap", 0.0), ("mip_abs_gap", 0.4 / money),
    ):  # fmt: skip
        model.setOptionValue(option, value)
    empty = np.array([], dtype=np.int32)
    model.addCols(
        count, np.array(made.cost) / money, np.array(made.least, float), np.array(made.most, float),
        0, empty, empty, np.array([], dtype=float),
    )  # fmt: skip
    model.changeColsIntegrality(
        count, np.arange(count, dtype=np.int32),
        np.full(count, int(highspy.HighsVarType.kInteger), dtype=np.uint8),
    )  # fmt: skip
    _add_rows(model, made)
    built = clock.now()
    model.cbMipInterrupt.subscribe(
        lambda event: clock.heard(
            cost=event.data_out.mip_primal_bound, bound=event.data_out.mip_dual_bound
        )
    )
    with limited(seconds, model.cancelSolve):
        model.joinSolve(model.startSolve(), 0)
    info, status = model.getInfo(), model.getModelStatus()
    found = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    return Outcome(
        cost=round(info.objective_function_value * money) if found else None,
        bound=info.mip_dual_bound * money,
        impossible=status == highspy.HighsModelStatus.kInfeasible,
        seconds=clock.now(),
        built=built,
        wide=clock.now() if clock.narrow is None else clock.narrow,
    )


def _add_rows(model: Any, made: Program) -> None:
    """Give the rows of a program to HiGHS."""
    starts, index, value, low, high = [], [], [], [], []
    for row in made.rows:
        starts.append(len(index))
        columns, factors, most = _relaxed(made, row)
        index += columns
        value += factors
        low.append(most if row.exactly else -np.inf)
        high.append(most)
    model.addRows(
        len(starts), np.array(low, float), np.array(high, float), len(index),
        np.array(starts, np.int32), np.array(index, np.int32), np.array(value, float),
    )  # fmt: skip


def _relaxed(made: Program, row: Row) -> tuple[list[int], list[int], int]:
    """The row with as much slack as it can need where a column of `when` is 0."""
    if not row.when:
        return row.columns, row.factors, row.most
    worst = sum(
        factor * (made.most[column] if factor > 0 else made.least[column])
        for column, factor in zip(row.columns, row.factors, strict=True)
    )
    slack = max(0, worst - row.most)
    return (
        [*row.columns, *row.when],
        [*row.factors, *[slack] * len(row.when)],
        row.most + slack * len(row.when),
    )
