"""A key is replaced while clients look: none is ever refused, and all follow the new root."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import unquote, urlparse

import pytest
from conformance.channels import CAMERA, VALIDITY, Publisher, content
from tuf.api.exceptions import BadVersionNumberError, DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from hybridspec.bundle.keys import ROOTS, DevelopmentKeys, NotAtHand, class_role, complete
from hybridspec.bundle.repository import Publication, publish
from hybridspec.bundle.rotation import begun, ended, key_names, owners
from hybridspec.deliver.publish import read_metadata, write_publication


class Files(FetcherInterface):
    """Reads a folder, as any user of python-tuf would."""

    def _fetch(self, url: str) -> Iterator[bytes]:
        path = Path(unquote(urlparse(url).path))
        if not path.is_file():
            raise DownloadHTTPError(str(path), 404)
        yield path.read_bytes()


def offered(publisher: Publisher, root: bytes, client: Path) -> str:
    """The release that a plain client is offered, with its bundle downloaded."""
    (client / "got").mkdir(parents=True, exist_ok=True)
    base = publisher.channel.as_uri()
    updater = Updater(str(client / "meta"), f"{base}/metadata/", str(client / "got"),
                      f"{base}/targets/", Files(), bootstrap=root)  # fmt: skip
    updater.refresh()
    pointer = updater.get_targetinfo(f"{CAMERA}/current/manifest.json")
    assert pointer is not None
    bundle = updater.get_targetinfo(pointer.custom["hybridspec"]["bundle"])
    assert bundle is not None
    updater.download_target(bundle)
    return str(pointer.custom["hybridspec"]["release"])


def replaced(publisher: Publisher, *names: str) -> Publication:
    """What is published when keys are replaced."""
    publisher.keys = DevelopmentKeys(begun(publisher.keys.pems, names))
    return publish(read_metadata(publisher.channel), [], publisher.keys, datetime.now(UTC),
                   VALIDITY)  # fmt: skip


@pytest.mark.parametrize("role", ["root", "targets", "snapshot", "timestamp", class_role(CAMERA)])
def test_no_client_is_refused_at_any_file_of_a_rotation(
    tmp_path: Path, publisher: Publisher, role: str
) -> None:
    """A client that knows the channel and a new one look after every file that is written."""
    release = publisher.release(content(1.0)).release
    root = publisher.root
    assert offered(publisher, root, tmp_path / "knows") == release
    made = replaced(publisher, *key_names(role))
    assert made.metadata
    for number, file in enumerate(made.metadata):
        write_publication(publisher.channel, Publication(metadata=(file,)))
        for client in ("knows", f"new-{number}"):
            assert offered(publisher, root, tmp_path / client) == release, file[0]
    publisher.keys = DevelopmentKeys(ended(publisher.keys.pems))
    later = publisher.offer(2.0)  # without the old keys
    for client in ("knows", "new"):
        assert offered(publisher, root, tmp_path / client) == later.release


def test_every_root_between_stays_so_that_the_oldest_device_follows(
    tmp_path: Path, publisher: Publisher
) -> None:
    root = publisher.root
    for _ in range(3):
        write_publication(publisher.channel, replaced(publisher, *ROOTS))
        publisher.keys = DevelopmentKeys(ended(publisher.keys.pems))
    assert publisher.metadata("root").signed.version == 4
    assert offered(publisher, root, tmp_path / "old") == publisher.release(content(1.0)).release


def test_rotating_online_keys_heals_clients_that_a_thief_sent_ahead(
    tmp_path: Path, publisher: Publisher
) -> None:
    """Fast-forward: with both online keys stolen, versions were set to the highest there is."""
    root = publisher.root
    honest = publisher.channel.parent / "honest"
    publisher.channel.rename(honest)
    thief = Publisher(publisher.folder)

    shutil.copytree(honest, publisher.channel)
    thief.forge("snapshot", lambda s: None, version=2**31)
    thief.forge("timestamp", lambda t: None, version=2**31, online=False)
    offered(thief, root, tmp_path / "victim")
    shutil.rmtree(publisher.channel)
    honest.rename(publisher.channel)
    with pytest.raises(BadVersionNumberError):
        offered(publisher, root, tmp_path / "victim")
    write_publication(publisher.channel, replaced(publisher, *key_names("timestamp")))
    assert offered(publisher, root, tmp_path / "victim") == (
        publisher.release(content(1.0)).release
    )


def test_one_lost_root_key_is_replaced_by_the_two_others(
    tmp_path: Path, publisher: Publisher
) -> None:
    root = publisher.root
    lost = {n: pem for n, pem in publisher.keys.pems.items() if n != "root-2"}
    publisher.keys = complete(lost, [CAMERA])
    later = publisher.offer(2.0)
    assert publisher.metadata("root").signed.version == 2
    assert offered(publisher, root, tmp_path / "device") == later.release


def test_below_the_threshold_nothing_of_a_rotation_is_shown(publisher: Publisher) -> None:
    lost = {n: pem for n, pem in publisher.keys.pems.items() if n not in ("root-1", "root-2")}
    keys = complete(lost, [CAMERA])
    made = publish(read_metadata(publisher.channel), [], keys, datetime.now(UTC), VALIDITY)
    assert made.unsigned == ("root",)
    assert (made.metadata, [path for path, _ in made.pending]) == ((), ["metadata/2.root.json"])


def test_signatures_that_come_back_later_are_taken_up(publisher: Publisher) -> None:
    """Two people with a root key each: the second finds what the first signed, and publishes."""

    def away(payload: bytes) -> None:
        raise NotAtHand("the key is in a safe", help="open it")

    class One:
        """A keyring in which one root key is at hand."""

        development = True

        def __init__(self, keys: DevelopmentKeys, name: str) -> None:
            self.keys, self.name = keys, name

        def role(self, name: str):  # type: ignore[no-untyped-def]
            whole = self.keys.role(name)
            if name != "root":
                return whole
            return replace(whole, signers=tuple(
                one if one.public_key == self.keys.signer(self.name).public_key
                else SimpleNamespace(public_key=one.public_key, sign=away) for one in whole.signers
            ))  # fmt: skip

    keys = complete(publisher.keys.pems, ["door"])
    keys = DevelopmentKeys(ended(begun(keys.pems, ["targets"])))
    now = datetime.now(UTC)
    old = read_metadata(publisher.channel)
    first = publish(old, [], One(keys, "root-1"), now, VALIDITY)
    assert [(one.role, one.needed) for one in first.missing] == [("root", 1)]
    staged = {path.rpartition("/")[2].split(".")[1]: data for path, data in first.pending}
    second = publish(old, [], One(keys, "root-3"), now + timedelta(hours=1), VALIDITY,
                     staged=staged)  # fmt: skip
    assert not second.missing
    assert "metadata/2.root.json" in dict(second.metadata)


def test_a_rotation_that_was_begun_is_not_begun_again(publisher: Publisher) -> None:
    once = begun(publisher.keys.pems, ["targets"])
    assert begun(once, ["targets"]) == once
    half = {**publisher.keys.pems, "old-targets": publisher.keys.pems["targets"]}
    assert begun(half, ["targets"])["targets"] != publisher.keys.pems["targets"]
    keyid = publisher.keys.signer("root-2").public_key.keyid
    assert owners(publisher.keys.pems, keyid[:10]) == ("root-2",)
    assert key_names("snapshot-remote") == ("snapshot-remote", "timestamp-remote")
