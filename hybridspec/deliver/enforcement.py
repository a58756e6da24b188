"""Proofs that the guards a target declares are in what was emitted, zone by zone."""

from __future__ import annotations

from collections.abc import Mapping

from hybridspec.deliver.evaluate import Evaluation
from hybridspec.target.api import Emission, Made, Target


def unproven(
    target: Target, evaluation: Evaluation, homes: Mapping[str, str]
) -> tuple[tuple[str, str, str], ...]:
    """(zone's label, guard, what lacks) for each declared guard that the program does not have.

    `homes` are the regions of the zones by label. A guard that cannot be judged is not there.
    """
    found = []
    for label in sorted(homes):
        part = emission(evaluation, label, homes)
        for guard in target.guards:
            try:
                lacks = guard.missing(part)
            except (AttributeError, KeyError, TypeError, ValueError) as fault:
                lacks = f"it cannot be judged ({type(fault).__name__})"
            if lacks:
                found.append((label, guard.id, lacks))
    return tuple(found)


def emission(evaluation: Evaluation, label: str, homes: Mapping[str, str]) -> Emission:
    """What a program would create for one zone."""
    made = [
        (r.owner, Made(type=r.type, name=r.name, region=r.provider, inputs=r.inputs,
                       outputs=r.outputs))
        for r in evaluation.resources if r.custom
    ]  # fmt: skip
    return Emission(
        name=label,
        region=homes[label],
        regions=tuple(sorted(set(homes.values()))),
        resources=tuple(one for owner, one in made if owner == label),
        program=tuple(one for _, one in made),
    )
