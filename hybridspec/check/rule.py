"""The list of rules and the one way to run them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeAlias

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.check.rules.board_figures_missing import board_figures_missing
from hybridspec.check.rules.board_unsupported import board_unsupported
from hybridspec.check.rules.catalog_stale import catalog_stale
from hybridspec.check.rules.control_unexpressed import control_unexpressed
from hybridspec.check.rules.device_untrusted import device_untrusted
from hybridspec.check.rules.duty_open import duty_open
from hybridspec.check.rules.duty_unmet import duty_unmet
from hybridspec.check.rules.facet_unknown import facet_unknown
from hybridspec.check.rules.facts_stale import facts_stale
from hybridspec.check.rules.freeze_window_too_short import freeze_window_too_short
from hybridspec.check.rules.ground_contested import ground_contested
from hybridspec.check.rules.ground_ends import ground_ends
from hybridspec.check.rules.identifiability_unproven import identifiability_unproven
from hybridspec.check.rules.key_unprotected import key_unprotected
from hybridspec.check.rules.law_unknown import law_unknown
from hybridspec.check.rules.network_exceeded import network_exceeded
from hybridspec.check.rules.no_region import no_region
from hybridspec.check.rules.policy_violated import policy_violated
from hybridspec.check.rules.release_invalid import release_invalid
from hybridspec.check.rules.release_useless import release_useless
from hybridspec.check.rules.residency_violated import residency_violated
from hybridspec.check.rules.retention_conflict import retention_conflict
from hybridspec.check.rules.retention_exceeded import retention_exceeded
from hybridspec.check.rules.retention_too_short import retention_too_short
from hybridspec.check.rules.rollout_incomplete import rollout_incomplete
from hybridspec.check.rules.security_unsupported import security_unsupported
from hybridspec.check.rules.telemetry_outside import telemetry_outside
from hybridspec.check.rules.transfer_invalid import transfer_invalid
from hybridspec.check.rules.transfer_unproven import transfer_unproven
from hybridspec.check.rules.unused_declaration import unused_declaration
from hybridspec.check.waiver import Matched, waived
from hybridspec.ir.graph import Graph

Rule: TypeAlias = Callable[[Graph], Iterator[Diagnostic]]

RULES: tuple[Rule, ...] = (
    board_figures_missing,
    board_unsupported,
    catalog_stale,
    control_unexpressed,
    device_untrusted,
    duty_open,
    duty_unmet,
    facet_unknown,
    facts_stale,
    freeze_window_too_short,
    ground_contested,
    ground_ends,
    identifiability_unproven,
    key_unprotected,
    law_unknown,
    network_exceeded,
    no_region,
    policy_violated,
    release_invalid,
    release_useless,
    residency_violated,
    retention_conflict,
    retention_exceeded,
    retention_too_short,
    rollout_incomplete,
    security_unsupported,
    telemetry_outside,
    transfer_invalid,
    transfer_unproven,
    unused_declaration,
)


def check(graph: Graph, sink: Sink) -> Matched:
    """Run every rule over the graph; findings go to `sink`. Returns what waivers answer for."""
    found = [finding for rule in RULES for finding in rule(graph)]
    return waived(graph, found, sink)
