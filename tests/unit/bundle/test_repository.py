"""Publications: nothing without need, versions that only rise, times from the offline time."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import CAMERA, HUB, VALIDITY, Publisher, content
from securesystemslib.exceptions import UnverifiedSignatureError
from tuf.api.metadata import Metadata

from hybridspec.bundle.keys import ROOTS, DevelopmentKeys, RoleKeys, class_role, complete
from hybridspec.bundle.repository import DEVELOPMENT, Publication, Validity, publish
from hybridspec.deliver.publish import read_metadata, write_publication

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)
CLASS = class_role(CAMERA)


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A channel for two classes, published now."""
    publisher = Publisher(tmp_path)
    releases = [publisher.release(content(1.0, name)) for name in (CAMERA, HUB)]
    publisher.publish(*releases, now=NOW)
    return publisher


def names(publication: Publication) -> list[str]:
    """The metadata files of a publication, in the order of writing."""
    return [path.removeprefix("metadata/") for path, _ in publication.metadata]


def again(publisher: Publisher, bias: float = 1.0, **when: Any) -> Publication:
    """Publish releases of both classes, the camera's with another bias."""
    releases = [
        publisher.release(content(bias if name == CAMERA else 1.0, name)) for name in (CAMERA, HUB)
    ]
    return publisher.publish(*releases, **when)


def test_the_first_publication_writes_every_role_the_timestamp_last(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    releases = [publisher.release(content(1.0, name)) for name in (CAMERA, HUB)]
    publication = publisher.next(*releases, now=NOW)
    assert names(publication) == [
        "1.root.json", "1.class-camera.json", "1.class-hub.json", "1.targets.json",
        "1.snapshot.json", "timestamp.json",
    ]  # fmt: skip
    assert dict(publication.counters) == {CAMERA: 1, HUB: 1}
    for path, data in publication.targets:
        digest, _, name = path.rpartition("/")[2].partition(".")
        raw = data if isinstance(data, bytes) else data.read_bytes()
        assert hashlib.sha256(raw).hexdigest() == digest
        assert name in ("manifest.json", "bundle.tar.zst")


def test_nothing_changed_is_an_empty_publication(publisher: Publisher) -> None:
    for days in (0, 1, 3):
        publication = again(publisher, now=NOW + days * DAY)
        assert (publication.targets, publication.metadata) == ((), ())
        assert dict(publication.counters) == {CAMERA: 1, HUB: 1}


def test_a_change_of_one_class_writes_nothing_of_the_other(publisher: Publisher) -> None:
    publication = again(publisher, 2.0, now=NOW + DAY)
    assert names(publication) == ["2.class-camera.json", "2.snapshot.json", "timestamp.json"]
    assert all(path.startswith(f"targets/{CAMERA}/") for path, _ in publication.targets)
    assert dict(publication.counters) == {CAMERA: 2, HUB: 1}


def test_a_class_without_a_release_keeps_the_one_it_has(publisher: Publisher) -> None:
    publisher.publish(publisher.release(content(2.0)), now=NOW + DAY)
    assert f"{HUB}/current/manifest.json" in publisher.metadata(class_role(HUB)).signed.targets
    assert f"{class_role(HUB)}.json" in publisher.metadata("snapshot").signed.meta


def test_the_counter_rises_with_every_other_release_and_never_falls(publisher: Publisher) -> None:
    for bias, counter in ((2.0, 2), (2.0, 2), (1.0, 3), (2.0, 4)):
        assert dict(again(publisher, bias, now=NOW).counters)[CAMERA] == counter


def test_an_epoch_alone_is_published_under_the_same_counter(publisher: Publisher) -> None:
    release = replace(publisher.release(content(1.0)), security_epoch=1)
    publication = publisher.publish(release, now=NOW)
    assert dict(publication.counters)[CAMERA] == 1
    block = publisher.metadata(CLASS).signed.targets[f"{CAMERA}/current/manifest.json"].custom
    assert block["hybridspec"]["security_epoch"] == 1


def test_every_role_is_signed_by_its_own_key_and_the_root_by_three(publisher: Publisher) -> None:
    root, targets = publisher.metadata("root"), publisher.metadata("targets")
    assert root.signed.roles["root"].threshold == 2
    assert set(root.signatures) == {publisher.keys.signer(n).public_key.keyid for n in ROOTS}
    used = [set(root.signatures)]
    for role in ("targets", "snapshot", "timestamp"):
        root.signed.verify_delegate(role, publisher.metadata(role).signed_bytes,
                                    publisher.metadata(role).signatures)  # fmt: skip
        used.append(set(publisher.metadata(role).signatures))
    for name in (CAMERA, HUB):
        made = publisher.metadata(class_role(name))
        targets.signed.verify_delegate(class_role(name), made.signed_bytes, made.signatures)
        used.append(set(made.signatures))
        delegated = targets.signed.delegations.roles[class_role(name)]
        assert (delegated.paths, delegated.terminating) == ([f"{name}/*/*"], True)
    assert sum(map(len, used)) == len(set().union(*used))  # no key twice


def test_snapshot_and_timestamp_carry_hash_and_length_of_what_they_name(
    publisher: Publisher,
) -> None:
    raw = read_metadata(publisher.channel)
    listed = dict(publisher.metadata("snapshot").signed.meta)
    assert set(listed) == {"targets.json", "class-camera.json", "class-hub.json"}
    listed["snapshot.json"] = publisher.metadata("timestamp").signed.snapshot_meta
    for name, meta in listed.items():
        data = raw[name.removesuffix(".json")]
        assert (meta.length, meta.hashes) == (
            len(data), {"sha256": hashlib.sha256(data).hexdigest()},
        )  # fmt: skip


@pytest.mark.parametrize("offline", [1, 10, 400])
def test_the_online_time_is_the_one_asked_for(tmp_path: Path, offline: int) -> None:
    publisher = Publisher(tmp_path)
    release = publisher.release(content(1.0))
    publisher.publish(release, now=NOW, validity=Validity(online=offline * DAY))
    times = {
        r: publisher.metadata(r).signed.expires - NOW for r in read_metadata(publisher.channel)
    }
    assert times == {
        "root": 365 * DAY, "targets": 180 * DAY, CLASS: 90 * DAY,
        "snapshot": offline * DAY, "timestamp": offline * DAY,
    }  # fmt: skip


@pytest.mark.parametrize(("days", "wanted"), [
    (3, []),
    (4, ["2.snapshot.json", "timestamp.json"]),
    (31, ["2.class-camera.json", "2.class-hub.json", "2.snapshot.json", "timestamp.json"]),
    (61, ["2.class-camera.json", "2.class-hub.json", "2.targets.json", "2.snapshot.json",
          "timestamp.json"]),
    (122, ["2.root.json", "2.class-camera.json", "2.class-hub.json", "2.targets.json",
           "2.snapshot.json", "timestamp.json"]),
])  # fmt: skip
def test_a_role_is_signed_again_when_a_third_of_its_time_is_over(
    publisher: Publisher, days: int, wanted: list[str]
) -> None:
    """Validity of online roles is 10 days here."""
    assert names(again(publisher, now=NOW + days * DAY)) == wanted
    assert names(again(publisher, now=NOW + days * DAY)) == []


def test_a_new_root_is_signed_by_the_old_one_s_keys(publisher: Publisher) -> None:
    before = publisher.metadata("root")
    again(publisher, now=NOW + 122 * DAY)
    after = publisher.metadata("root")
    assert after.signed.version == 2
    for delegator in (before.signed, after.signed):
        delegator.verify_delegate("root", after.signed_bytes, after.signatures)
    assert after.signed.expires - NOW == (122 + 365) * DAY


def test_an_expired_root_is_followed_by_one_that_its_keys_sign(publisher: Publisher) -> None:
    """TUF 1.0.34, 5.3.10: only the newest root has to be fresh, so the channel is not lost."""
    before = publisher.metadata("root").signed
    assert "2.root.json" in names(again(publisher, now=NOW + 366 * DAY))
    after = publisher.metadata("root")
    before.verify_delegate("root", after.signed_bytes, after.signatures)


def test_a_new_class_is_delegated_to_without_touching_the_others(publisher: Publisher) -> None:
    publisher.keys = complete(publisher.keys.pems, ["door"])
    publication = publisher.publish(publisher.release(content(1.0, "door")), now=NOW)
    assert names(publication) == [
        "1.class-door.json", "2.targets.json", "2.snapshot.json", "timestamp.json",
    ]  # fmt: skip
    roles = publisher.metadata("targets").signed.delegations.roles
    assert sorted(roles) == ["class-camera", "class-door", "class-hub"]


def test_metadata_stays_below_what_clients_accept(publisher: Publisher) -> None:
    """python-tuf's limits in bytes; a channel of two classes is far below them."""
    from tuf.ngclient.config import UpdaterConfig

    limits = UpdaterConfig()
    raw = {role: len(data) for role, data in read_metadata(publisher.channel).items()}
    assert raw["root"] < limits.root_max_length / 10
    assert raw["timestamp"] < limits.timestamp_max_length / 10
    assert raw["snapshot"] < limits.snapshot_max_length / 10
    assert max(raw["targets"], raw[CLASS]) < limits.targets_max_length / 10


def test_many_releases_later_the_metadata_grows_by_its_history_alone(publisher: Publisher) -> None:
    for number in range(2, 6):
        again(publisher, float(number), now=NOW)
    before = len(read_metadata(publisher.channel)[CLASS])
    for number in range(6, 16):
        again(publisher, float(number), now=NOW)
    assert len(read_metadata(publisher.channel)[CLASS]) - before < 10 * 100


def test_keys_are_made_once_and_never_shown() -> None:
    keys = complete({}, [CAMERA])
    assert complete(keys.pems, [CAMERA]) == keys
    assert set(complete(keys.pems, [HUB]).pems) == {*keys.pems, class_role(HUB)}
    assert "PRIVATE" not in repr(keys)
    assert repr(DevelopmentKeys({})) == repr(keys)
    with pytest.raises(KeyError):
        keys.signer("nobody")


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    made = []
    for name in ("one", "two"):
        publisher = Publisher(tmp_path / name)
        release = publisher.release(content(1.0))
        made.append(publisher.next(release, now=NOW, validity=VALIDITY).metadata)
    assert made[0] == made[1]
    assert all(Metadata.from_bytes(data) for _, data in made[0])


@dataclass(frozen=True)
class Short:
    """A keyring with fewer signers of one role at hand than its threshold asks for."""

    keys: DevelopmentKeys
    short: str
    development: bool = False

    def role(self, name: str) -> RoleKeys:
        whole = self.keys.role(name)
        at_hand = whole.threshold - 1 if name == self.short else len(whole.signers)
        return replace(whole, signers=whole.signers[:at_hand])


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp", CLASS])
def test_what_is_not_signed_to_its_threshold_is_named_and_not_written(
    tmp_path: Path, role: str
) -> None:
    publisher = Publisher(tmp_path)
    keyring = Short(publisher.keys, role)
    made = publish({}, [publisher.release(content(1.0))], keyring, NOW, VALIDITY)
    assert made.unsigned == (role,)
    with pytest.raises(AssertionError):
        write_publication(publisher.channel, made)
    assert not publisher.channel.exists()


@pytest.mark.parametrize("name", ["targets", "model", "attestation"])
def test_a_local_key_signs_alike_each_time_and_is_of_the_kind_its_role_needs(name: str) -> None:
    keys = complete({}, [])
    signer, other = keys.role(name).signers[0], keys.role("root").signers[1]
    first = signer.sign(b"payload")
    assert first == signer.sign(b"payload")
    signer.public_key.verify_signature(first, b"payload")
    assert signer.public_key.scheme == ("ed25519" if name == "targets" else "ecdsa-sha2-nistp256")
    with pytest.raises(UnverifiedSignatureError):
        other.public_key.verify_signature(first, b"payload")
    swapped = complete({**keys.pems, "model": keys.pems["targets"]}, [])
    assert swapped.pems["model"] != keys.pems["targets"]


def test_only_development_keys_mark_their_root(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    release = publisher.release(content(1.0))
    for keyring, marked in ((publisher.keys, True), (Short(publisher.keys, ""), False)):
        made = dict(publish({}, [release], keyring, NOW, VALIDITY).metadata)
        root = Metadata.from_bytes(made["metadata/1.root.json"]).signed
        assert (DEVELOPMENT in root.unrecognized_fields) is marked
