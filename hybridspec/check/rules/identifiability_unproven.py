"""HS0347: what the spec says of the people in data does not go with its category.

What it flags: data of a category below `user` that is stated to be `anonymous`, or data of another
category with `subjects`, a `subject_count`, or stated to be `pseudonymous`.
The second is an error, since such data would be under no law about people.
Why: data about people stays personal until nobody can be told, which somebody has to show for each
case (Regulation (EU) 2016/679, recital 26); pseudonymous data is about people by definition
(art. 4(5)), and laws about people are derived for categories below `user` alone.
Example: `data.badges: {category: user.unique_id, identifiability: anonymous, ...}`.
Fix: give data without people a category outside `user`, data with people one below it, and prove
what a stage makes anonymous by a `release` with evidence.
"""

from __future__ import annotations

from collections.abc import Iterator

from hybridspec.base.diagnostic import Diagnostic, Severity
from hybridspec.ir.graph import Graph


def identifiability_unproven(graph: Graph) -> Iterator[Diagnostic]:
    """Yield one finding per asset."""
    for data in graph.data:
        if data.personal and data.identifiability == "anonymous":
            yield Diagnostic(
                code="HS0347",
                severity=Severity.WARNING,
                message=f"data `{data.name}` is about people (`{data.category}`), and nothing "
                "proves that it is anonymous; it is taken as `raw`",
                span=data.origin,
                help="remove `identifiability`; where a stage makes people unrecognisable, state "
                "a `release` with evidence there",
            )
        elif not data.personal and (
            data.identifiability == "pseudonymous" or data.subjects or data.subject_count
        ):
            yield Diagnostic(
                code="HS0347",
                message=f"data `{data.name}` is said to be about people, but its category "
                f"`{data.category}` puts it under no law about them",
                span=data.origin,
                help="choose a category below `user`, or remove `subjects`, `subject_count` and "
                "`pseudonymous`",
            )
