"""Who can write to a channel's folder and holds no key: nothing of theirs is ever signed."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from typing import Any

import pytest
from conformance.channels import CAMERA, Publisher, content
from tuf.api.metadata import Metadata

from hybridspec.base.errors import UsageError
from hybridspec.bundle.keys import class_role, complete
from hybridspec.bundle.offers import ClassRelease
from hybridspec.cli.channel import published, standing
from hybridspec.deliver.publish import read_metadata

ROLE = class_role(CAMERA)


def written(publisher: Publisher, role: str, change: Callable[[Any], None]) -> None:
    """Change the newest metadata of a role in place, without any key."""
    version = json.loads(read_metadata(publisher.channel)[role])["signed"]["version"]
    path = publisher.channel / "metadata" / f"{version}.{role}.json"
    value = json.loads(path.read_bytes())
    change(value["signed"])
    path.write_text(json.dumps(value))


def planted(publisher: Publisher) -> ClassRelease:
    """Another release in the place of the one that is offered, its files there."""
    evil = publisher.release(content(66.0))
    thief = Publisher(publisher.folder / "thief")
    shutil.copytree(publisher.channel, thief.channel)
    thief.publish(evil)
    shutil.copytree(thief.channel / "targets", publisher.channel / "targets", dirs_exist_ok=True)
    said = thief.metadata(ROLE).signed.to_dict()

    def change(signed: Any) -> None:
        signed.update({k: v for k, v in said.items() if k not in ("version", "expires")})

    written(publisher, ROLE, change)
    return evil


def delegated(publisher: Publisher) -> None:
    """A delegation of their own, for every path."""
    stranger = complete({}, []).signer("targets").public_key

    def change(signed: Any) -> None:
        signed["delegations"]["keys"]["00" * 32] = stranger.to_dict()
        signed["delegations"]["roles"].append({
            "name": "class-evil", "keyids": ["00" * 32], "threshold": 1, "terminating": True,
            "paths": ["*/*/*"]})  # fmt: skip

    written(publisher, "targets", change)


def rolled_back(publisher: Publisher) -> None:
    """A former state of the class, which was signed, under the name of the newest."""
    publisher.offer(2.0)
    folder = publisher.channel / "metadata"
    shutil.copy(folder / f"1.{ROLE}.json", folder / f"2.{ROLE}.json")


def rooted(publisher: Publisher) -> None:
    """A whole repository under a root that names the publisher's keys beside the thief's own."""
    planted(publisher)
    others = complete({}, [])
    root = publisher.metadata("root")
    signers = [others.signer(name) for name in ("root-1", "root-2")]
    for signer in signers:
        for role in ("root", "targets", "snapshot", "timestamp"):
            root.signed.add_key(signer.public_key, role)
    root.signatures.clear()
    for signer in signers:
        root.sign(signer, append=True)
    (publisher.channel / "metadata" / "1.root.json").write_bytes(root.to_bytes())


@pytest.mark.parametrize("attack", [planted, delegated, rolled_back, rooted])
def test_what_was_written_into_a_channel_without_a_key_is_not_signed(
    publisher: Publisher, attack: Callable[[Publisher], object]
) -> None:
    attack(publisher)
    there, places = standing(publisher.channel)
    before = {p: p.read_bytes() for p in publisher.channel.rglob("*") if p.is_file()}
    with pytest.raises(UsageError, match="is not as it was signed"):
        published(publisher.channel, there, places, publisher.keys)
    assert {p: p.read_bytes() for p in publisher.channel.rglob("*") if p.is_file()} == before


def test_a_channel_as_it_was_signed_goes_on(publisher: Publisher) -> None:
    there, places = standing(publisher.channel)
    assert published(publisher.channel, there, places, publisher.keys).written == ()
    assert Metadata.from_bytes(there[""]["root"]).signed.version == 1
