"""Faults to put into placement on purpose, each with what it gets wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from fractions import Fraction
from math import floor
from typing import Any

import pytest
from property import decide as deciding
from property.slow_mutants import (
    drop_the_service_time,
    forget_the_lan,
    forget_the_network,
    forget_the_window,
    ignore_the_ceiling,
    judge_by_the_middle,
    judge_each_leg_alone,
    nobody_comes,
    nobody_waits,
    round_sending_down,
    send_at_once,
    take_the_first_branch,
)

from hybridspec.ir.graph import SiteDevices, StageKind
from hybridspec.ir.plan import Second
from hybridspec.law.claim import Claims
from hybridspec.place import (
    bounds,
    candidates,
    configuration,
    cost,
    place,
    pose,
    residency,
    rows,
    shared,
)
from hybridspec.place.candidates import Candidates
from hybridspec.place.cost import term
from hybridspec.place.decide import Decided
from hybridspec.place.layout import Layout
from hybridspec.place.otherwise import Otherwise

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]


def ignore_residency(patch: Patch) -> None:
    """Every region of the spec may hold every zone's store."""
    patch.setattr(
        Candidates, "_candidates", lambda self, zone, models: [*self.graph.regions] or [None]
    )
    without(patch, bounds.residency)


def any_pin_for_all(patch: Patch) -> None:
    """A union where the pins of all training jobs have to hold: one that fits is enough."""
    real = candidates.trains_in
    patch.setattr(candidates, "trains_in", lambda region, job: real(region, job) or bool(job.cloud))


def ignore_training_pins(patch: Patch) -> None:
    """Training runs wherever the store is."""
    patch.setattr(candidates, "trains_in", lambda region, job: True)


def ignore_other_countries_bundles(patch: Patch) -> None:
    """Neither the rule nor the matrix looks at what bundles carry."""
    patch.setattr(deciding, "check", lambda graph, sink: None)
    patch.setattr(Claims, "carried", lambda self, zone: [])
    patch.setattr(residency._Matrix, "_bundles", lambda self: iter(()))


def trust_the_matrix(patch: Patch) -> None:
    """Every row is satisfied, and no rule ran before."""
    real = residency._row
    patch.setattr(deciding, "check", lambda graph, sink: None)
    patch.setattr(residency, "_row", lambda *a: real(*a)._replace(verdict="satisfied"))


def ignore_feedback_offline(patch: Patch) -> None:
    """What a loop brings is not needed without a network."""
    real = Layout.ancestors

    def ancestors(self: Layout, names: list[str]) -> set[str]:
        stages = tuple(replace(stage, feedback=()) for stage in self.flow.stages)
        return real(replace(self, flow=replace(self.flow, stages=stages)), names)

    patch.setattr(Layout, "ancestors", ancestors)


def cut_loops(patch: Patch) -> None:
    """A loop may run half at the site and half in the cloud."""
    real = configuration._forced

    def forced(flow: Any, name: str) -> frozenset[str]:
        stages = tuple(replace(stage, feedback=()) for stage in flow.stages)
        return real(replace(flow, stages=stages), name)

    patch.setattr(configuration, "_forced", forced)


def come_back_from_the_cloud(patch: Patch) -> None:
    """Stages after a cloud stage may run at the site again."""
    patch.setattr(configuration, "_forced", lambda flow, name: frozenset((name,)))


def without_load(patch: Patch, which: int) -> None:
    """One of the loads that flows share counts as nothing where they are put together."""
    real = shared.taken
    patch.setattr(shared, "taken", lambda option: tuple(
        0 if index == which else load for index, load in enumerate(real(option))))  # fmt: skip


def ignore_shared_memory(patch: Patch) -> None:
    """Each flow has the memory of the board for itself."""
    without_load(patch, 1)


def ignore_shared_time(patch: Patch) -> None:
    """Each flow has the devices for itself."""
    without_load(patch, 0)


def ignore_shared_disk(patch: Patch) -> None:
    """Each flow has the disk for itself."""
    without_load(patch, 3)


def fill_the_shared_line(patch: Patch) -> None:
    """No flow by itself is too much for the uplink of the site."""
    without(patch, bounds.line)


def nobody_fails(patch: Patch) -> None:
    """A flow alone has all devices that stand there."""
    patch.setattr(SiteDevices, "working", property(lambda self: self.upto))


def one_device_too_many(patch: Patch) -> None:
    """Off by one in the capacity of a class."""
    real = bounds.capacity
    changed = tuple(
        (lambda layout: real(replace(layout, count=layout.count + 1))) if bound is real else bound
        for bound in bounds.BOUNDS
    )
    patch.setattr(bounds, "BOUNDS", changed)


def fill_the_uplink(patch: Patch) -> None:
    """An uplink may be filled to the brim."""
    patch.setattr(bounds, "MAX_UPLINK", Fraction(1))
    patch.setattr(shared, "MAX_UPLINK", Fraction(1))


def ignore_reserved_memory(patch: Patch) -> None:
    """The operating system needs no memory."""
    real = bounds.memory

    def memory(layout: Layout) -> Iterator[Any]:
        board = replace(layout.device.board, reserved_memory=0)
        return real(replace(layout, device=replace(layout.device, board=board)))

    changed = tuple(memory if bound is real else bound for bound in bounds.BOUNDS)
    patch.setattr(bounds, "BOUNDS", changed)


def without(patch: Patch, bound: object) -> None:
    """All bounds but one."""
    patch.setattr(bounds, "BOUNDS", tuple(b for b in bounds.BOUNDS if b is not bound))


def ignore_missing_figures(patch: Patch) -> None:
    """What nobody has measured takes no time."""
    without(patch, bounds.figures)


def ignore_long_absence(patch: Patch) -> None:
    """Only the flow's own time offline fills the disk, not that of the device."""
    patch.setattr(Layout, "waiting", property(
        lambda self: self.uplink * Fraction(self.flow.offline, 1_000_000)))  # fmt: skip


def forget_raw_uploads(patch: Patch) -> None:
    """Raw events reach the cloud for nothing."""
    real = Layout.uplink.func

    def uplink(self: Layout) -> Fraction:
        quiet = replace(self.flow.data, rate=Fraction(0))
        found: Fraction = real(replace(self, flow=replace(self.flow, data=quiet)))
        return found

    patch.setattr(Layout, "uplink", property(uplink))


def cheapest_region_ignoring_terms(patch: Patch) -> None:
    """The region is chosen by its flows; keys, registry and training come on top."""
    real = pose._Poser._store_choice

    def free(self: Any, *rest: Any) -> Any:
        choice = real(self, *rest)
        return replace(choice, cost=choice.cost * 0)

    patch.setattr(pose._Poser, "_store_choice", free)


def no_store_terms(patch: Patch) -> None:
    """A store costs nothing by itself."""
    patch.setattr(Candidates, "terms", lambda *_: ())


def free(patch: Patch, name: str) -> None:
    """One kind of cost is always zero."""
    real = getattr(cost, name)
    patch.setattr(cost, name, lambda *a: replace(real(*a), amount=0))


def free_egress(patch: Patch) -> None:
    """What comes back from the cloud costs nothing."""
    free(patch, "returned")


def free_energy(patch: Patch) -> None:
    """Work at the site costs nothing."""
    free(patch, "energy")


def round_down(patch: Patch) -> None:
    """Fractions of a micro-unit are cut off."""
    patch.setattr(term, "round", floor, raising=False)


def keep_for_ever(patch: Patch) -> None:
    """Retention does not bound what a store holds."""
    real = cost.storage
    patch.setattr(cost, "storage", lambda graph, region, stage, _: real(graph, region, stage, None))


def energy_at_the_upper_end(patch: Patch) -> None:
    """Costs are worked out from the pessimistic estimate."""
    real = Layout.busy
    patch.setattr(Layout, "busy", lambda self, stage, micros: real(
        self, stage, self.estimate(stage).high))  # type: ignore[union-attr] # fmt: skip


def sites_are_all_alike(patch: Patch) -> None:
    """A site with other prices gets the plan of the first."""
    real = candidates.site_class
    patch.setattr(candidates, "site_class", lambda site, kinds, apart: real(
        replace(site, energy_price=0, lan_rtt=0), kinds, apart))  # fmt: skip


def disagree(patch: Patch) -> None:
    """Sites of one class keep the variants that are cheapest for each."""
    patch.setattr(pose._Poser, "_bundled", lambda self, groups, first: ())


def forget_the_region(patch: Patch) -> None:
    """A stage in the cloud runs in any region, wherever the store is."""
    real = rows.Rows._needs

    def needs(self: Any, store: int | None, template: Any) -> Any:
        return real(self, None, template)

    patch.setattr(rows.Rows, "_needs", needs)


def take_what_is_left_for_free(patch: Patch) -> None:
    """Nothing at a site is scarce."""
    patch.setattr(rows, "_scarce", lambda *_: False)


def runner_up_is_the_winner(patch: Patch) -> None:
    """The runner-up may run the flow in the same way."""
    patch.setattr(
        Otherwise,
        "second",
        lambda self, group, plan, pair: Second(
            self.decided.planned[self.decided.posed.groups[group].sites[0].name].chosen[pair], 0
        ),
    )


def runner_up_moves_the_bundle(patch: Patch) -> None:
    """The runner-up may run another variant than the other sites of its class."""
    patch.setattr(Decided, "pins", lambda self, group, plan: {})


def claim_a_better_bound(patch: Patch) -> None:
    """The proven bound is not the cost."""
    real = place.Plan
    patch.setattr(place, "Plan", lambda **fields: real(
        **{**fields, "bound": fields["cost"] - 1}))  # fmt: skip


def hide_a_cost(patch: Patch) -> None:
    """The total leaves the devices out."""
    real = cost.fleet_terms
    patch.setattr(cost, "fleet_terms", lambda *of: tuple(
        replace(t, amount=0) for t in real(*of)))  # fmt: skip


def infer_for_free(patch: Patch) -> None:
    """Only models are billed in the cloud, transforms are not."""
    real = cost.inference

    def billed(*of: Any) -> Any:
        return () if of[2].kind is StageKind.TRANSFORM else real(*of)

    patch.setattr(cost, "inference", billed)


def without_facets(graph: Any) -> Any:
    """The graph whose zones allow every facet wherever they allow anything."""
    return replace(graph, zones=tuple(replace(zone, facets=()) for zone in graph.zones))


def _in_zones(patch: Patch, change: Callable[[Any, Any], tuple[Any, Any]]) -> None:
    """Regions for stores are chosen by what `change` makes of the graph and the zone."""
    real = candidates.holds
    patch.setattr(
        candidates, "holds", lambda graph, zone, region: real(*change(graph, zone), region)
    )


def ignore_facets_of_stores(patch: Patch) -> None:
    """A store may lie in every country of its zone."""
    _in_zones(patch, lambda graph, zone: (without_facets(graph), zone))


def ignore_policies_of_stores(patch: Patch) -> None:
    """A store may lie where a policy forbids it."""
    _in_zones(patch, lambda graph, zone: (replace(graph, policies=()), zone))


def ignore_facets_of_stages(patch: Patch) -> None:
    """A stage may run in every country of its zone."""
    real = bounds.residency

    def residency_of(layout: Layout) -> Iterator[Any]:
        return real(replace(layout, graph=without_facets(layout.graph)))

    changed = tuple(residency_of if bound is real else bound for bound in bounds.BOUNDS)
    patch.setattr(bounds, "BOUNDS", changed)


def ignore_policies(patch: Patch) -> None:
    """Policies bind stores alone."""
    without(patch, bounds.policies)


def ignore_the_budget(patch: Patch) -> None:
    """A flow may fill the uplink."""
    without(patch, bounds.budget)


ENGINE: tuple[Mutant, ...] = (
    ignore_facets_of_stores, ignore_policies_of_stores, ignore_facets_of_stages,
    ignore_policies, ignore_the_budget, send_at_once,
    ignore_residency, any_pin_for_all, ignore_training_pins, ignore_other_countries_bundles,
    trust_the_matrix, drop_the_service_time, judge_by_the_middle, judge_each_leg_alone,
    nobody_waits, nobody_comes, ignore_the_ceiling,
    forget_the_window, forget_the_network, forget_the_lan, take_the_first_branch,
    round_sending_down,
    cut_loops, come_back_from_the_cloud, ignore_shared_memory,
    ignore_shared_time, ignore_shared_disk, fill_the_shared_line,
    nobody_fails,
    one_device_too_many, fill_the_uplink,
    ignore_reserved_memory, ignore_missing_figures, ignore_long_absence, forget_raw_uploads,
    cheapest_region_ignoring_terms, no_store_terms, free_egress, free_energy, round_down,
    keep_for_ever, energy_at_the_upper_end, sites_are_all_alike, disagree,
    forget_the_region, take_what_is_left_for_free, runner_up_is_the_winner,
    runner_up_moves_the_bundle, claim_a_better_bound, hide_a_cost, infer_for_free,
)  # fmt: skip
