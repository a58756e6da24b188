"""Facets and policies over the region of a store, seen in whole placements."""

from __future__ import annotations

from dataclasses import replace

import pytest
from property.graphs import (
    at,
    data,
    device,
    flow,
    graph,
    infer,
    model,
    region,
    site,
    store,
    table,
    training,
    zone,
)

from hybridspec.base.diagnostic import Sink
from hybridspec.ir.governance import Policy
from hybridspec.ir.graph import Sync
from hybridspec.place.place import place
from hybridspec.place.verify import verify

GATEWAY = device("gateway")
REGIONS = (region("de", "DE"), region("fr", "FR", storage_price=99_000))
NET = model(training=training())


def chosen(*facets: tuple[str, tuple[str, ...]], trains: bool = False, **fields: object) -> str:
    """The region of the store, or the codes of the findings."""
    of = zone("eu", "DE", "FR", facets=facets)
    lab = site("lab", of, (GATEWAY, 1), country="FR")
    net = NET if trains else replace(NET, training=None)
    watch = flow("watch", data(), (lab,), infer("see", net, "frames"), store("keep", "see"))
    made = graph(watch, regions=REGIONS, **fields)
    sink = Sink()
    plan = place(made, table(made), sink)
    if plan is None:
        return " ".join(finding.code for finding in sink.findings)
    assert not verify(made, table(made), plan)
    (held,) = plan.stores
    return held.region.name


@pytest.mark.parametrize("facet", ["store", "keys", "backup", "transit"])
def test_a_narrower_facet_moves_the_store(facet: str) -> None:
    assert chosen() == "de"
    assert chosen((facet, ("FR",))) == "fr"


def test_only_training_has_to_be_where_work_may_be_done() -> None:
    assert chosen(("process", ("FR",))) == "de"
    assert chosen(("process", ("FR",)), trains=True) == "fr"


def test_facets_that_leave_nothing_in_common_leave_no_region() -> None:
    assert chosen(("store", ("FR",)), ("keys", ("DE",))) == "HS0310"


def policy(**fields: object) -> Policy:
    """A policy that binds everything and forbids nothing."""
    plain = Policy(name="p", zones=(), categories=(), countries=(), regions=(), boards=(),
                   reason="test", origin=at(90))  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"countries": ("DE",)}, "fr"),
        ({"regions": ("aws/de",)}, "fr"),
        ({"regions": ("aws/de",), "zones": ("us",)}, "de"),
        ({"regions": ("aws/de",), "categories": ("system",)}, "fr"),
        ({"regions": ("aws/de",), "categories": ("sys", "user")}, "de"),
        ({"regions": ("aws/de", "aws/fr")}, "HS0310"),
        ({"boards": ("pi",)}, "HS0315"),
    ],
)
def test_a_policy_forbids_what_it_binds(fields: dict[str, object], found: str) -> None:
    assert chosen(policies=(policy(**fields),)) == found


def test_a_batch_waits_and_a_budget_holds() -> None:
    lab = site("lab", zone("eu", "DE"), (GATEWAY, 1))
    kept = flow("watch", data(), (lab,), store("keep", "frames"))
    for change, code in (
        ({"bandwidth": 80_000}, ""),
        ({"bandwidth": 79_999}, "HS0317"),
        ({"sync": Sync(every=10**15, largest=None)}, "HS0304"),
    ):
        made = graph(replace(kept, **change), regions=REGIONS)  # type: ignore[arg-type]
        sink = Sink()
        plan = place(made, table(made), sink)
        assert " ".join(finding.code for finding in sink.findings) == code
        assert (plan is not None) == (code == "")
