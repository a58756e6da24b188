"""Facets and policies over the region of a store, seen in whole placements."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from property.decide import decide
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
from hybridspec.ir.governance import Policy, Waiver
from hybridspec.ir.graph import Sync
from hybridspec.ir.law import Implicit
from hybridspec.place.place import place
from hybridspec.place.verify import verify

GATEWAY = device("gateway")
REGIONS = (region("de", "DE"), region("fr", "FR", storage_price=99_000))
NET = model(training=training())


def chosen(*facets: tuple[str, tuple[str, ...]], trains: bool = False, **fields: object) -> str:
    """The region of the store, or the codes of the findings of placing alone."""
    of = zone("eu", "DE", "FR", facets=facets)
    lab = site("lab", of, (GATEWAY, 1), country="FR")
    net = NET if trains else replace(NET, training=None)
    watch = flow("watch", data(), (lab,), infer("see", net, "frames"), store("keep", "see"))
    made = graph(watch, **{"regions": REGIONS, **fields})  # type: ignore[arg-type]
    sink = Sink()
    plan = place(made, table(made), sink)
    if plan is None:
        return " ".join(finding.code for finding in sink.findings)
    assert not verify(made, table(made), plan)
    (held,) = plan.stores
    return held.region.name


@pytest.mark.parametrize("facet", ["store", "keys", "backup", "ciphertext", "model"])
def test_a_narrower_facet_moves_the_store(facet: str) -> None:
    assert chosen() == "de"
    assert chosen((facet, ("FR",))) == "fr"


WHO: dict[str, Callable[[tuple[str, ...]], dict[str, object]]] = {
    "key_admin": lambda there: {"administered_from": there},
    "operator": lambda there: {"operator_country": there[0] if there else None},
    "support": lambda there: {"implicit": (implicit("support", there),)},
    "control_plane": lambda there: {"implicit": (implicit("control_plane", there),)},
    "logs": lambda there: {"implicit": (implicit("logs", there),)},
    "backup": lambda there: {"implicit": (implicit("backup", there),)},
}


def implicit(facet: str, countries: tuple[str, ...], **fields: object) -> Implicit:
    """A flow that a cloud adds by itself."""
    plain = Implicit(id=f"aws:{facet}", service="*", facet=facet, carries="content",
                     countries=countries, avoided_by="", text="added", source="made up",
                     checked_on=None)  # fmt: skip
    return replace(plain, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("facet", WHO)
def test_who_is_behind_a_region_counts_where_the_spec_says_who_may_be(facet: str) -> None:
    """The cheaper region is refused for what comes with it, known or unknown."""
    for there in (("US",), ()):
        regions = (replace(REGIONS[0], **WHO[facet](there)),
                   replace(REGIONS[1], **WHO[facet](("FR",))))  # fmt: skip
        assert chosen((facet, ("DE", "FR")), regions=regions) == "fr", there


@pytest.mark.parametrize("facet", sorted(WHO.keys() - {"backup"}))
def test_who_is_behind_a_region_is_a_gap_where_nobody_asks(facet: str) -> None:
    regions = (replace(REGIONS[0], **WHO[facet](())), REGIONS[1])
    assert chosen(regions=regions) == "de"


def test_what_is_kept_from_happening_refuses_nothing() -> None:
    row = implicit("backup", ("US",), avoided_by="locally redundant storage")
    assert chosen(regions=(replace(REGIONS[0], implicit=(row,)), REGIONS[1])) == "de"
    other = replace(row, avoided_by="", service="queues")
    assert chosen(regions=(replace(REGIONS[0], implicit=(other,)), REGIONS[1])) == "de"
    wide = replace(row, avoided_by="")
    assert chosen(regions=(replace(REGIONS[0], implicit=(wide,)), REGIONS[1])) == "fr"


def test_a_stated_route_is_unknown_until_somebody_answers_for_it() -> None:
    of = zone("eu", "DE", "FR", facets=(("transit", ("DE", "FR")),))
    lab = site("lab", of, (GATEWAY, 1), country="FR")
    made = graph(flow("watch", data(), (lab,), store("keep", "frames")), regions=REGIONS)
    plan, findings = decide(made, table(made))
    assert plan is None
    assert {f.code for f in findings} == {"HS0321"}
    answer = Waiver(rule="HS0321", path="zones.eu", facet="transit", reason="a private line",
                    owner="a", approver="b", ticket="T-1", expires="2027-01-01", at=at(10),
                    origin=at(95))  # fmt: skip
    made = replace(made, waivers=(answer,))
    plan, findings = decide(made, table(made))
    assert plan is not None, findings
    assert not verify(made, table(made), plan)
    waived = {row.asset for row in plan.residency if row.verdict == "waived"}
    assert waived == {"watch.keep", "update channel"}
    assert {r.facet for r in plan.residency if r.verdict == "waived"} == {"transit"}


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
