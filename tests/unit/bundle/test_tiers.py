"""One repository per tier: who is away for long lengthens nobody else's freeze window."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from conformance.channels import CAMERA, HUB, Publisher, content

from hybridspec.bundle.keys import complete
from hybridspec.bundle.repository import Repository, Validity, publish, sound
from hybridspec.bundle.tiers import key_names, known, remembered, served
from hybridspec.deliver.publish import repositories, write_publication
from hybridspec.ir.tier import Tier

DAY = timedelta(days=1)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def tier(name: str, days: int, *classes: str) -> Tier:
    return Tier(name=name, device_classes=classes, window=days * 86_400_000_000)


TIERS = (tier("online", 8, CAMERA), tier("remote", 100, HUB))


def test_each_tier_has_a_repository_and_online_keys_of_its_own(tmp_path: Path) -> None:
    places = served(TIERS, (CAMERA, HUB), ())
    assert [(one.repository.folder, one.device_classes, one.window) for one in places] == [
        ("", (CAMERA,), 8 * DAY), ("remote/", (HUB,), 100 * DAY),
    ]  # fmt: skip
    publisher = Publisher(tmp_path)
    keys = complete({}, (CAMERA, HUB), key_names(places))
    for one in places:
        releases = [publisher.release(content(1.0, name)) for name in one.device_classes]
        made = publish({}, releases, keys, NOW, Validity.over(one.window),
                       repository=one.repository)  # fmt: skip
        write_publication(publisher.channel / one.repository.folder, made)
    there = repositories(publisher.channel)
    assert set(there) == {"", "remote/"}
    assert all(sound(there[one.repository.folder], keys, one.repository) for one in places)
    assert not sound(there[""], complete({}, (CAMERA, HUB), key_names(places)))
    online = Publisher(tmp_path)
    roots = [publisher.metadata("root").signed]
    online.channel.rename(tmp_path / "all")
    (tmp_path / "all" / "remote").rename(tmp_path / "channel")
    roots.append(online.metadata("root").signed)
    assert online.metadata("timestamp").signed.expires - NOW == 100 * DAY
    assert roots[0].roles["root"].keyids == roots[1].roles["root"].keyids
    for role in ("snapshot", "timestamp"):
        assert roots[0].roles[role].keyids != roots[1].roles[role].keyids
    assert {root.unrecognized_fields["x-hybridspec-tier"] for root in roots} == {
        "online", "remote",
    }  # fmt: skip
    assert remembered({"": {}, "remote/": there["remote/"]})[0].window == 100 * DAY


def test_a_class_stays_where_its_devices_look_for_it() -> None:
    main = Repository(tier="online", main=True)
    there = ((main, frozenset({f"class-{HUB}"})),)
    places = served(TIERS, (CAMERA, HUB), there)
    assert [(one.repository, one.device_classes, one.window) for one in places] == [
        (main, (CAMERA, HUB), 100 * DAY),
    ]  # fmt: skip


def test_a_tier_that_comes_later_lies_beside_the_first() -> None:
    there = ((Repository(tier="remote", main=True), frozenset({f"class-{HUB}"})),)
    places = served(TIERS, (CAMERA, HUB), there)
    assert [(one.repository.folder, one.repository.tier) for one in places] == [
        ("", "remote"), ("online/", "online"),
    ]  # fmt: skip


def test_a_class_without_a_release_makes_no_repository() -> None:
    assert [one.repository.tier for one in served(TIERS, (HUB,), ())] == ["remote"]


def test_what_is_damaged_is_not_known(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    there = repositories(publisher.channel)
    assert known(there)[0][1] == {f"class-{CAMERA}"}
    assert known({"": {**there[""], "root": b"{"}}) == ()
    assert known({"": {"root": there[""]["root"]}}) == ()
