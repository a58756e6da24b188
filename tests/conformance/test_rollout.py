"""Rollouts and tiers on devices: who is invited knows it alone, no tier poses as another."""

from __future__ import annotations

from pathlib import Path

import pytest
from conformance.channels import CAMERA, Publisher, content, device, look, report

from hybridspec.agent.update import Device
from hybridspec.bundle.manifest import in_rollout
from hybridspec.bundle.repository import ClassRelease

pytestmark = pytest.mark.usefixtures("healthy")


def fleet(publisher: Publisher, folder: Path, count: int) -> list[Path]:
    """Devices that were set up and have looked once."""
    homes = [device(folder / str(n), publisher.channel, publisher.root, name=f"d{n}").home
             for n in range(count)]  # fmt: skip
    for home in homes:
        look(home)
    return homes


def running(homes: list[Path]) -> list[str]:
    return [str(report(home)["release"]) for home in homes]


def share(publisher: Publisher, release: ClassRelease, percent: int, count: int) -> list[bool]:
    block = publisher.metadata(f"class-{CAMERA}").signed.targets[f"{CAMERA}/current/manifest.json"]
    rollout = block.custom["hybridspec"]["rollout"]
    assert rollout["percent"] == percent
    return [in_rollout(f"d{n}", rollout["id"], percent) for n in range(count)]


def test_a_rollout_comes_to_its_share_and_then_to_all(tmp_path: Path, publisher: Publisher) -> None:
    homes = fleet(publisher, tmp_path / "fleet", 12)
    first = publisher.release(content(1.0)).release
    second = publisher.release(content(2.0), percent=40)
    publisher.publish(second)
    invited = share(publisher, second, 40, 12)
    assert 0 < sum(invited) < 12
    assert [look(home) for home in homes] == [""] * 12
    assert running(homes) == [second.release if one else first for one in invited]
    late = device(tmp_path / "late", publisher.channel, publisher.root,
                  name=f"d{invited.index(False)}").home  # fmt: skip
    assert (look(late), running([late])) == ("", [first])
    publisher.publish(publisher.release(content(2.0)))
    assert [look(home) for home in homes] == [""] * 12
    assert set(running(homes)) == {second.release}


def test_the_first_release_of_all_waits_for_its_share(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    release = publisher.release(content(1.0), percent=50)
    publisher.publish(release)
    invited = share(publisher, release, 50, 6)
    reasons = [look(home) for home in fleet(publisher, tmp_path / "fleet", 6)]
    assert reasons == ["" if one else "not-in-rollout" for one in invited]


def test_a_share_is_drawn_anew_for_each_release_and_grows_only() -> None:
    names = [f"device-{n}" for n in range(2000)]
    small = {n for n in names if in_rollout(n, "a/1", 10)}
    large = {n for n in names if in_rollout(n, "a/1", 30)}
    assert small < large
    assert 120 < len(small) < 280
    assert small != {n for n in names if in_rollout(n, "a/2", 10)}


def test_the_root_of_another_tier_is_refused_and_forgotten(
    tmp_path: Path, publisher: Publisher
) -> None:
    """All tiers have the same root keys, so only its mark says that a root is another tier's."""
    home = device(tmp_path / "home", publisher.channel, publisher.root).home
    assert look(home) == ""
    honest = {p: p.read_bytes() for p in publisher.channel.rglob("*.json")}
    publisher.forge("root", lambda root: root.unrecognized_fields.update(
        {"x-hybridspec-tier": "remote"}))  # fmt: skip
    assert look(home) == "tier-changed"
    for path in publisher.channel.rglob("*.json"):
        if path not in honest:
            path.unlink()
    later = publisher.offer(2.0)
    assert (look(home), report(home)["release"]) == ("", later.release)


def test_a_malformed_rollout_is_refused(tmp_path: Path, publisher: Publisher) -> None:
    def change(signed: object) -> None:
        for target in signed.targets.values():  # type: ignore[attr-defined]
            target.custom["hybridspec"]["rollout"] = {"percent": "all"}

    publisher.forge(f"class-{CAMERA}", change)
    home = device(tmp_path / "home", publisher.channel, publisher.root).home
    assert Device.open(home).cycle() == "custom-unreadable"
