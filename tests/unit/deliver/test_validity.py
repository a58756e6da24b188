"""How long a channel's metadata stays valid follows from how long devices are out of reach."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from conformance.channels import CAMERA, Publisher, content, digests

from hybridspec.bundle.keys import class_role
from hybridspec.cli.channel import publish_channel
from hybridspec.cli.output_tree import Output
from hybridspec.deliver.stack import Stack
from hybridspec.deliver.write import pack
from hybridspec.ir.tier import Tier

DAY = timedelta(days=1)


def output(folder: Path, online: timedelta) -> Output:
    """A build of one camera release whose spec asks for an online time."""
    made = content(1.0)
    base = folder / "bundles" / CAMERA
    digest = pack(made.tree, base / "bundle.tar.zst")
    (base / "manifest.json").write_bytes(cast("bytes", made.tree.files["release.json"]))
    window = online // timedelta(microseconds=1)
    tier = Tier(name="online", device_classes=(CAMERA,), window=window)
    graph = SimpleNamespace(tiers=(tier,))
    made_of: Any = SimpleNamespace(graph=graph)
    return Output(build=made_of, folder=folder, changes=cast("Any", None), report={},
                  archives=((CAMERA, digest),))  # fmt: skip


@pytest.mark.parametrize(("online", "class_days", "targets_days", "root_days"), [
    (8, 90, 180, 365), (120, 120, 180, 365), (400, 400, 400, 800),
])  # fmt: skip
def test_no_role_expires_before_a_device_can_be_back(
    tmp_path: Path, online: int, class_days: int, targets_days: int, root_days: int
) -> None:
    stack = Stack(spec=tmp_path / "hybridspec.yaml")
    made = output(tmp_path / "build", online * DAY)
    before = datetime.now(UTC).replace(microsecond=0)
    refresh = publish_channel(stack, made, lambda _: None).refresh_after
    publisher = Publisher(tmp_path / "build")
    spans = {
        "root": root_days, "targets": targets_days, class_role(CAMERA): class_days,
        "snapshot": online, "timestamp": online,
    }  # fmt: skip
    for role, days in spans.items():
        left = publisher.metadata(role).signed.expires - before
        assert timedelta(0) <= left - days * DAY < timedelta(minutes=5), role
    assert refresh - before < online * DAY / 3  # the next `up` comes before anything is old
    first = digests(publisher.channel)
    publish_channel(stack, made, lambda _: None)
    assert digests(publisher.channel) == first
