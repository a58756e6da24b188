"""How releases reach the fleet and what the placement minimises."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.quantity import Duration, Name, Section, Share


class Cohort(Section):
    """A part of the fleet that gets a release before the rest."""

    name: Annotated[Name, Field(description="Name of the cohort.")]
    percent: Annotated[
        Annotated[int, Field(ge=1, le=100)],
        Field(description="Share of the fleet reached so far, cumulative."),
    ]
    soak: Annotated[
        Duration, Field(description="Time the cohort is watched.", examples=["PT6H"])
    ] = 0
    max_failures: Annotated[
        Share, Field(description="Share of failed devices that stops the rollout.")
    ]


class Rollout(Section):
    """Cohorts in order, and how long update metadata stays valid."""

    cohorts: Annotated[
        list[Cohort], Field(min_length=1, max_length=32, description="Cohorts in order.")
    ]
    validity: Annotated[
        Duration | None,
        Field(
            description="Validity of online update metadata; default: the longest `max_offline` "
            "and courier delay plus seven days."
        ),
    ] = None


class Objective(Section):
    """What the placement minimises."""

    minimise: Annotated[
        Literal["tco"], Field(description="Total cost of ownership over the horizon.")
    ] = "tco"
    horizon: Annotated[
        Duration | None, Field(gt=0, description="Time that costs are added up over.")
    ] = None
