"""Proofs that the guards a target declares are in what was emitted, zone by zone."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hybridspec.deliver.evaluate import Evaluation
from hybridspec.target.api import Emission, Made, Target
from hybridspec.target.enforce import lacking


def unproven(
    target: Target, evaluation: Evaluation, homes: Mapping[str, str],
    adopted: Mapping[str, Collection[str]] | None = None, told: Collection[str] = (),
    registries: Mapping[str, str] | None = None,
) -> tuple[tuple[str, str, str], ...]:  # fmt: skip
    """(zone's label, guard, what lacks) for each declared guard that the program does not have.

    `homes` are the regions of the zones by label, `adopted` what they have there already, `told`
    the addresses that may hear of alarms, `registries` what of `adopted` keeps images.
    """
    return tuple(
        (label, guard, why)
        for label in sorted(homes)
        for guard, why in lacking(
            target,
            emission(
                evaluation,
                label,
                homes,
                (adopted or {}).get(label, ()),
                told,
                (registries or {}).get(label, ""),
            ),
        )
    )


def emission(
    evaluation: Evaluation, label: str, homes: Mapping[str, str], adopted: Collection[str] = (),
    told: Collection[str] = (), registry: str = "",
) -> Emission:  # fmt: skip
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
        adopted=frozenset(adopted),
        told=frozenset(told) - {""},
        registry=registry,
    )
