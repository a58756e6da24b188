"""Faults in labels: what follows data, where a law begins to bind, and what a release takes off."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hybridspec.ir.graph import Graph
from hybridspec.ir.label import BOTTOM, IDENTIFIABILITY
from hybridspec.ir.law import Fact
from hybridspec.law import label, release, source, wiring
from hybridspec.law.label import Labels
from hybridspec.law.release import Effect
from hybridspec.law.source import Sources

Patch = pytest.MonkeyPatch
Mutant = Callable[[Patch], None]


def _wired(patch: Patch, change: Callable[[Graph], Graph]) -> None:
    """Labels are made of a graph that lacks something."""
    real = wiring.wire
    patch.setattr(label, "wire", lambda graph: real(change(graph)))


def _stages(graph: Graph, change: Callable[[Any], Any]) -> Graph:
    flows = tuple(replace(f, stages=tuple(map(change, f.stages))) for f in graph.flows)
    return replace(graph, flows=flows)


def dropped_join(patch: Patch) -> None:
    """Where two inputs meet, only the larger one is kept."""
    real = Labels._join
    patch.setattr(Labels, "_join", lambda self, one, other: one if one is not BOTTOM
                  else real(self, one, other))  # fmt: skip


def first_input_only(patch: Patch) -> None:
    """A stage is under what its first input is under."""
    _wired(patch, lambda g: _stages(g, lambda s: replace(s, inputs=s.inputs[:1])))


def feedback_dropped(patch: Patch) -> None:
    """Loops carry nothing."""
    _wired(patch, lambda g: _stages(g, lambda s: replace(s, feedback=())))


def embedding_clean(patch: Patch) -> None:
    """What a model puts out is no longer about anybody."""
    _wired(patch, lambda g: _stages(g, lambda s: replace(s, inputs=()) if s.model else s))


def weights_clean(patch: Patch) -> None:
    """A model holds nothing of what it learnt from."""
    patch.setattr(wiring._Wirer, "_training", lambda self, model: None)


def weights_stay_behind(patch: Patch) -> None:
    """A model's label does not reach the stages that run it."""
    real = wiring.wire

    def wire(graph: Graph) -> wiring.Wiring:
        made = real(graph)
        models = {made.number[n] for n in made.names if n.startswith("model ")}
        for feeds in made.feeds:
            for model in models & set(feeds):
                del feeds[model]
        return made

    patch.setattr(label, "wire", wire)


def federated_dropped(patch: Patch) -> None:
    """Sites that take part in rounds teach nothing."""
    _wired(patch, lambda g: replace(g, models=tuple(
        replace(m, training=replace(m.training, federated=None)) if m.training else m
        for m in g.models)))  # fmt: skip


def local_training_clean(patch: Patch) -> None:
    """What was learnt at a site teaches nobody."""
    patch.setattr(wiring._Wirer, "_learners", lambda self, data, zone: [])


def telemetry_clean(patch: Patch) -> None:
    """Logs and metrics say nothing."""
    _wired(patch, lambda g: replace(g, flows=(), models=()))


def telemetry_after_release(patch: Patch) -> None:
    """A log never holds what a stage read."""
    real = wiring._Wirer._telemetry

    def telemetry(self: wiring._Wirer) -> None:
        kept, self.wiring.feeds = self.wiring.feeds, [{} for _ in self.wiring.feeds]
        real(self)
        self.wiring.feeds = [*kept, *self.wiring.feeds[len(kept) :]]

    patch.setattr(wiring._Wirer, "_telemetry", telemetry)


def judged_after_release(patch: Patch) -> None:
    """What a stage works on is judged as if it were released already."""
    patch.setattr(Labels, "within", Labels.of)


def wall_not_carried(patch: Patch) -> None:
    """Data that crosses into another zone forgets where it may not go."""
    real = Labels.of

    def of(self: Labels, node: str) -> Any:
        found = real(self, node)
        _, _, home = node.partition("@")
        return replace(found, zones=found.zones & {home})

    patch.setattr(Labels, "of", of)


def _sources(patch: Patch, change: Callable[[Any], Any]) -> None:
    real = Sources.label
    patch.setattr(Sources, "label", lambda self, data, zone: change(real(self, data, zone)))


def claims_ignored(patch: Patch) -> None:
    """Only what the facts derive binds."""
    _wired(patch, lambda g: replace(g, zones=tuple(replace(z, regimes=()) for z in g.zones)))


def derivation_ignored(patch: Patch) -> None:
    """Only what a zone claims binds."""
    patch.setattr(Sources, "_derived", lambda self, *_: set())


def unknown_law_forgotten(patch: Patch) -> None:
    """People in a country without known law are under none."""
    _sources(patch, lambda found: replace(found, regimes=frozenset(
        bound for bound in found.regimes if not bound.regime.startswith("unknown:"))))  # fmt: skip


def controller_ignored(patch: Patch) -> None:
    """Only sites establish."""
    _wired(patch, lambda g: replace(g, controller=None))


def sites_establish_nothing(patch: Patch) -> None:
    """Only the people's country counts."""
    real = Sources._fires
    patch.setattr(Sources, "_fires", lambda self, trigger, data, subjects, established: real(
        self, trigger, data, subjects, set()))  # fmt: skip


def only_stated_subjects(patch: Patch) -> None:
    """People of whom nobody says where they live live nowhere."""
    real = Sources._fires
    patch.setattr(Sources, "_fires", lambda self, trigger, data, subjects, established: real(
        self, trigger, data, frozenset(data.subjects), established))  # fmt: skip


def a_law_counts_before_its_day(patch: Patch) -> None:
    """Every row of the facts is in force for ever."""
    patch.setattr(Fact, "holds", lambda self, on: True)


def category_without_children(patch: Patch) -> None:
    """A rule about a category is not about what lies below it."""
    patch.setattr(source, "under", lambda category, parent: category == parent)


def threshold_off_by_one(patch: Patch) -> None:
    """A law applies from one person more on."""
    real = Sources._total

    def total(self: Sources, category: str, subjects: frozenset[str]) -> int | None:
        found = real(self, category, subjects)
        return None if found is None else found - 1

    patch.setattr(Sources, "_total", total)


def unknown_volume_is_small(patch: Patch) -> None:
    """A number of people that nobody knows is below every threshold."""
    real = Sources._total
    patch.setattr(Sources, "_total", lambda self, *key: real(self, *key) or 0)


def threshold_of_each_asset(patch: Patch) -> None:
    """Assets are counted one by one."""

    def many(self: Sources, trigger: Any, data: Any) -> bool:
        return any(
            source.under(data.category, category)
            and (data.subject_count is None or data.subject_count >= people)
            for category, people in trigger.thresholds
        )

    patch.setattr(Sources, "_many", many)


def _faults(patch: Patch, ignored: str) -> None:
    real = release.faults
    patch.setattr(release, "faults", lambda one, regimes: tuple(
        fault for fault in real(one, regimes) if ignored not in fault))  # fmt: skip


def release_without_evidence(patch: Patch) -> None:
    """A document is not needed."""
    _faults(patch, "`evidence`")


def release_without_approver(patch: Patch) -> None:
    """Nobody has to answer for it."""
    _faults(patch, "`approver`")


def release_without_figures(patch: Patch) -> None:
    """The method is enough, whatever its k or epsilon."""
    real = release.faults
    patch.setattr(release, "faults", lambda one, regimes: real(replace(
        one, parameters=tuple((key, 1) for key in ("k", "epsilon", "delta", "minimum"))
    ), regimes))  # type: ignore[arg-type] # fmt: skip


def any_method_releases(patch: Patch) -> None:
    """What takes one law off takes every law off that has a release."""
    _faults(patch, "does not release")


def bulk_law_released(patch: Patch) -> None:
    """A law without releases is released as well."""
    _faults(patch, "nothing releases")


def release_drops_every_law(patch: Patch) -> None:
    """What is no longer under one law is under none."""
    real = release.effect

    def effect(stage: Any, zone: str, regimes: Any) -> Effect:
        found = real(stage, zone, regimes)
        return found._replace(regimes=frozenset(regimes)) if found.regimes else found

    patch.setattr(wiring, "effect", effect)


def aggregates_are_free(patch: Patch) -> None:
    """Whatever is summed up is released."""
    real = release.effect

    def effect(stage: Any, zone: str, regimes: Any) -> Effect:
        found = real(stage, zone, regimes)
        summed = stage.operation == "aggregate"
        return (
            Effect(frozenset(regimes), "", IDENTIFIABILITY.index("aggregated")) if summed else found
        )

    patch.setattr(wiring, "effect", effect)


def wall_lifted_alone(patch: Patch) -> None:
    """A wall falls although laws are left."""
    patch.setattr(release, "places", lambda bound, regimes: False)


def every_wall_lifted(patch: Patch) -> None:
    """A zone lifts the walls of others."""
    real = release.apply

    def apply(what: Effect, found: Any, regimes: Any) -> Any:
        out = real(what, found, regimes)
        return replace(out, zones=frozenset()) if out.zones != found.zones else out

    patch.setattr(label, "apply", apply)


LABEL_MUTANTS: tuple[Mutant, ...] = (
    dropped_join, first_input_only, feedback_dropped, embedding_clean, weights_clean,
    weights_stay_behind, federated_dropped, local_training_clean, telemetry_clean,
    telemetry_after_release, judged_after_release, wall_not_carried, claims_ignored,
    derivation_ignored, unknown_law_forgotten, controller_ignored, sites_establish_nothing,
    only_stated_subjects, a_law_counts_before_its_day, category_without_children,
    threshold_off_by_one, unknown_volume_is_small, threshold_of_each_asset,
    release_without_evidence, release_without_approver, release_without_figures,
    any_method_releases, bulk_law_released, release_drops_every_law, aggregates_are_free,
    wall_lifted_alone, every_wall_lifted,
)  # fmt: skip
"""Every fault in labels; each has to be noticed."""
