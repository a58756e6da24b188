"""The emitted projects for the clouds that the main example does not use, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import check_golden
from emitted.slices import HOMES, job, moved, part, service, zone

from hybridspec.emit.stacks import emit_cloud
from hybridspec.target.registry import targets

GOLDEN = Path(__file__).parent / "other-clouds" / "stacks"
ASKED = replace(
    part(zone(stores=(("watch/history", 7),), device_classes=("gateway", "server"))),
    stack="prod", backend="file://~",
    config=(("budget-start", "2026-11"), ("environment", "production")),
)  # fmt: skip


RICH = {
    "azure": replace(
        ASKED,
        zones=(replace(ASKED.zones[0], services=(service(),), log_days=30,
                       offered=("containerapps", "logic"),
                       training=(replace(job("fault"), drift=True, spot=True),)),),
        contact="plant@example.org",
    ),
    "gcp": replace(
        ASKED,
        zones=(replace(ASKED.zones[0], services=(service(),), log_days=30,
                       training=(replace(job("fault"), drift=True, spot=True),)),),
        contact="plant@example.org",
    ),
}  # fmt: skip
"""The slice of a cloud that expresses more of a plan."""


@pytest.mark.parametrize("cloud", HOMES)
def test_a_project_is_what_was_reviewed(cloud: str, *, update: bool) -> None:
    tree, refused = emit_cloud(targets()[cloud], moved(RICH.get(cloud, ASKED), cloud))
    assert all(one.note for one in refused)
    check_golden(GOLDEN / cloud, tree.files, update=update)
