"""Linear and integer programs, solved by HiGHS in one thread and without a clock."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hybridspec.place.engine.block import Floats
from hybridspec.place.problem import Ints


@dataclass(frozen=True, slots=True, eq=False)
class Program:
    """Least `cost` with `low <= A x <= high` and `0 <= x <= most`; A is stored by columns."""

    cost: Floats
    most: Floats
    low: Floats
    high: Floats
    start: Ints
    row: Ints
    value: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """The best values, the rows' prices, and what HiGHS says of the least objective."""

    values: Floats
    prices: Floats
    objective: float
    bound: float


def solve_program(program: Program, *, whole: bool = False, gap: float = 0.0,
                  nodes: int | None = None) -> Outcome | None:  # fmt: skip
    """The best values (`whole` ones if asked), or None if there are none."""
    import highspy  # a problem without shared quotas must not pay for it

    # `Highs` prints a banner before anybody can tell it not to.
    solver = highspy._Highs()  # type: ignore[attr-defined]
    for name, value in (("output_flag", False), ("threads", 1), ("random_seed", 1)):
        solver.setOptionValue(name, value)
    if whole:
        solver.setOptionValue("mip_rel_gap", gap)
        solver.setOptionValue("mip_abs_gap", 1e-9)
        if nodes is not None:
            solver.setOptionValue("mip_max_nodes", nodes)
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = len(program.cost), len(program.low)
    model.col_cost_ = program.cost
    model.col_lower_ = np.zeros(len(program.cost))
    model.col_upper_ = program.most
    model.row_lower_, model.row_upper_ = program.low, program.high
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = program.start.astype(np.int32)
    model.a_matrix_.index_ = program.row.astype(np.int32)
    model.a_matrix_.value_ = program.value
    if whole:
        model.integrality_ = [highspy.HighsVarType.kInteger] * len(program.cost)
    solver.passModel(model)
    solver.run()
    info = solver.getInfo()
    feasible = info.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible
    if not feasible:
        return None
    solution = solver.getSolution()
    bound = info.mip_dual_bound if whole else info.objective_function_value
    return Outcome(np.array(solution.col_value), np.array(solution.row_dual),
                   info.objective_function_value, bound)  # fmt: skip
