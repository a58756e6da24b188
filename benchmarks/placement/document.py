"""An instance as the YAML that somebody would write by hand, and back: the yardstick of speed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import yaml
from placement.instances import PAIR, SITE, Instance

RESIDENCY = ("free", "jurisdiction", "site")
CURVES = ("compute", "storage", "fixed", "quotas")
SHAPES = ("work", "payload", "memory")


def written(instance: Instance) -> str:
    """The whole instance; a site says everything of its models, whether others say the same."""
    return "\n".join(_lines(instance)) + "\n"


def _lines(instance: Instance) -> Iterator[str]:
    yield f"name: {instance.name}"
    yield f"egress: {{within: {instance.within}, abroad: {instance.abroad}}}"
    yield "regions:"
    for number in range(len(instance.compute)):
        row = ", ".join(f"{name}: {getattr(instance, name)[number]}" for name in CURVES)
        yield f"  region-{number}: {{{row}}}"
    yield "models:"
    for number, depth in enumerate(instance.depth):
        row = ", ".join(f"{name}: {getattr(instance, name)[number].tolist()}" for name in SHAPES)
        yield (
            f"  model-{number}: {{depth: {depth}, accuracy: {instance.accuracy[number]}, {row}}}"
        )  # fmt: skip
    yield "sites:"
    for number, site in enumerate(instance.sites.tolist()):
        yield f"  site-{number:04}:"
        yield f"    place: {{{', '.join(map('{}: {}'.format, SITE, site))}}}"
        yield "    models:"
        for model, (rate, residency, loss, bound) in enumerate(instance.pairs[number].tolist()):
            floor = instance.accuracy[model] - loss
            yield (
                f"      model-{model}: {{rate: {rate}, residency: {RESIDENCY[residency]}, "
                f"accuracy: {floor}, bound: {bound}}}"
            )


def loaded(text: str) -> Any:
    """The document with the C loader: what the engine's time is compared with."""
    return yaml.load(text, Loader=yaml.CSafeLoader)


def understood(document: Any) -> Instance:
    """The instance that the document says."""
    models, regions = document["models"].values(), document["regions"].values()
    accuracy = [model["accuracy"] for model in models]
    sites = [[site["place"][name] for name in SITE] for site in document["sites"].values()]
    pairs = [
        [
            (asked["rate"], RESIDENCY.index(asked["residency"]), most - asked["accuracy"],
             asked["bound"])
            for most, asked in zip(accuracy, site["models"].values(), strict=True)
        ]
        for site in document["sites"].values()
    ]  # fmt: skip
    assert PAIR == ("rate", "residency", "loss", "bound")
    return Instance(
        name=str(document["name"]),
        **document["egress"],
        **{name: np.array([region[name] for region in regions]) for name in CURVES},
        **{name: np.array([model[name] for model in models]) for name in SHAPES},
        depth=np.array([model["depth"] for model in models]),
        accuracy=np.array(accuracy),
        sites=np.array(sites),
        pairs=np.array(pairs),
    )
