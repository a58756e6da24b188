"""The channel in the clouds' stores: only a zone's files, in order, whole, and never taken back."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from conformance.channels import CAMERA, HUB, Publisher, content
from conformance.test_rotation import replaced
from engine.brought import CLOUDS, bring, held, there
from engine.object_stores import Stores
from tuf.api.exceptions import DownloadHTTPError
from tuf.ngclient import FetcherInterface, Updater

from hybridspec.base.errors import HybridspecError, PolicyBroken
from hybridspec.deliver.publish import write_publication
from hybridspec.deliver.stores.store import Moved
from hybridspec.deliver.stores.upload import TIMESTAMP, parts, upload


class Objects(FetcherInterface):
    """What a device with access would fetch."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores

    def _fetch(self, url: str) -> Iterator[bytes]:
        found = held(self.stores).get(url.removeprefix("store://"))
        if found is None:
            raise DownloadHTTPError(url, 404)
        yield found


def seen(stores: Stores, root: bytes, client: Path) -> str:
    """The release of the camera, as a plain TUF client downloads it from the store."""
    (client / "got").mkdir(parents=True, exist_ok=True)
    updater = Updater(str(client / "meta"), "store://metadata/", str(client / "got"),
                      "store://targets/", Objects(stores), bootstrap=root)  # fmt: skip
    updater.refresh()
    pointer = updater.get_targetinfo(f"{CAMERA}/current/manifest.json")
    assert pointer is not None
    updater.download_target(pointer)
    bundle = updater.get_targetinfo(pointer.custom["hybridspec"]["bundle"])
    assert bundle is not None
    updater.download_target(bundle)
    return str(pointer.custom["hybridspec"]["release"])


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_zone_gets_what_its_devices_read_and_nothing_else(
    cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher, tmp_path: Path
) -> None:
    to = there(cloud, environment)
    sent = bring(publisher, to)
    found = held(stores)
    assert sent == len(found) == len(stores.written)
    assert not [path for path in found if HUB in path]
    for path, data in found.items():
        assert data == (publisher.channel / path).read_bytes()
    order = [path.removeprefix("ota/") for _, path in stores.written]
    assert order[-1] == TIMESTAMP
    assert [p.startswith("metadata/") for p in order] == sorted(p.startswith("metadata/")
                                                                 for p in order)  # fmt: skip
    assert seen(stores, publisher.root, tmp_path / "device")

    assert bring(publisher, to) == 0, "nothing changed, so nothing is sent"
    assert bring(publisher, to, CAMERA, HUB) > 0
    assert [path for path in held(stores) if HUB in path]


def test_a_rotation_reaches_a_store_without_a_device_being_refused(
    stores: Stores, environment: dict[str, str], publisher: Publisher, tmp_path: Path
) -> None:
    """The root comes last: what is there by then stands under the old one and under it."""
    to = there(CLOUDS[0], environment)
    bring(publisher, to)
    wanted = seen(stores, publisher.root, tmp_path / "device")
    write_publication(publisher.channel, replaced(publisher, "snapshot", "timestamp"))
    count = 0

    def look() -> None:
        nonlocal count
        count += 1
        stores.meanwhile = None
        assert seen(stores, publisher.root, tmp_path / f"new-{count}") == wanted
        stores.meanwhile = look

    stores.meanwhile = look
    assert bring(publisher, to) == 3
    stores.meanwhile = None
    assert stores.written[-1][1].endswith("metadata/2.root.json")
    assert seen(stores, publisher.root, tmp_path / "device") == wanted


@pytest.mark.parametrize("cloud", CLOUDS)
def test_cut_off_anywhere_devices_see_the_old_or_the_new_and_the_next_goes_on(
    cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher, tmp_path: Path
) -> None:
    to = there(cloud, environment)
    bring(publisher, to)
    old = seen(stores, publisher.root, tmp_path / "device")
    before = {name: dict(objects) for name, objects in stores.objects.items()}
    publisher.publish(*(publisher.release(content(2.0, name)) for name in (CAMERA, HUB)))
    whole = bring(publisher, to)
    new = seen(stores, publisher.root, tmp_path / "new")
    assert new != old
    for number in range(whole):
        stores.objects = {name: dict(objects) for name, objects in before.items()}
        left = number

        def cut() -> None:
            nonlocal left
            stores.refused = (400, "{}") if left == 0 else None
            left -= 1

        stores.meanwhile = cut
        with pytest.raises(HybridspecError):
            bring(publisher, to)
        stores.meanwhile = stores.refused = None
        assert seen(stores, publisher.root, tmp_path / f"cut-{number}") == old
        assert bring(publisher, to) == whole - number
        assert seen(stores, publisher.root, tmp_path / f"cut-{number}") == new


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_process_that_is_killed_while_it_uploads_is_taken_up_by_the_next(
    cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher, tmp_path: Path
) -> None:
    stores.kill_at = 3
    with stores.lock:
        child = os.fork()
        if child == 0:
            try:
                bring(publisher, there(cloud, environment))
            finally:
                os._exit(1)
        stores.victim = child
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL
    stores.kill_at = 0
    assert TIMESTAMP not in held(stores)
    assert len(stores.written) == 3
    sent = bring(publisher, there(cloud, environment))
    assert sent == len(held(stores)) - 3
    assert seen(stores, publisher.root, tmp_path / "device")


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_is_damaged_there_is_made_whole(
    cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    to = there(cloud, environment)
    bring(publisher, to)
    whole = held(stores)
    for objects in stores.objects.values():
        path = next(path for path in objects if path.endswith("bundle.tar.zst"))
        objects[path].data = objects[path].data[:-1]
        path = next(path for path in objects if path.endswith("targets.json"))
        objects[path].headers = {}
    assert bring(publisher, to) == 2
    assert held(stores) == whole


def test_what_does_not_arrive_as_it_was_sent_is_told(
    stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    stores.spoil = True
    with pytest.raises(HybridspecError, match="did not arrive"):
        bring(publisher, there("gcp", environment))
    assert TIMESTAMP not in held(stores)


def test_what_is_damaged_here_is_not_sent(
    stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    bundle = next(publisher.channel.glob(f"targets/{CAMERA}/**/*.bundle.tar.zst"))
    bundle.write_bytes(bundle.read_bytes()[:-1])
    with pytest.raises(HybridspecError, match="not what was signed"):
        bring(publisher, there("aws", environment))
    assert not [path for path in held(stores) if path.endswith("bundle.tar.zst")]
    assert TIMESTAMP not in held(stores)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_a_store_that_everybody_reads_gets_no_bundle(
    cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    stores.open = True
    with pytest.raises(PolicyBroken, match="everybody may read") as refused:
        bring(publisher, there(cloud, environment))
    assert refused.value.exit_code == 5
    assert [path.endswith("manifest.json") for path in held(stores)] == [True]


@pytest.mark.parametrize("cloud", CLOUDS)
def test_what_devices_have_seen_is_never_taken_back(
    cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher, tmp_path: Path
) -> None:
    to = there(cloud, environment)
    older = tmp_path / "older"
    shutil.copytree(publisher.channel, older)
    publisher.publish(publisher.release(content(2.0, CAMERA)))
    bring(publisher, to)
    kept = held(stores)
    what = parts(older, [CAMERA])[""]
    with pytest.raises(HybridspecError, match="published from another machine") as refused:
        upload(to, what, lambda _: None)
    assert refused.value.exit_code == 4
    assert held(stores) == kept


def test_a_channel_of_other_keys_is_not_laid_over_one_that_devices_know(
    stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    to = there("aws", environment)
    bring(publisher, to)
    kept = stores.objects["bucket"]["metadata/1.root.json"]
    kept.headers["x-amz-checksum-sha256"] = "A" * 43 + "="
    publisher.publish(publisher.release(content(2.0, CAMERA)))
    with pytest.raises(HybridspecError, match="begun with other keys"):
        bring(publisher, to)


@pytest.mark.parametrize("cloud", CLOUDS)
def test_of_two_who_publish_at_once_one_is_told(
    cloud: str, stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    to = there(cloud, environment)
    bring(publisher, to)
    publisher.publish(publisher.release(content(2.0, CAMERA)))

    def other() -> None:
        (name,) = stores.objects
        path = next(path for path in stores.objects[name] if path.endswith(TIMESTAMP))
        stores.objects[name][path].version += 1

    stores.meanwhile = other
    with pytest.raises(Moved, match="at the same time"):
        bring(publisher, to)


def test_a_service_that_is_busy_is_asked_again(
    stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    stores.busy = 3
    assert bring(publisher, there("aws", environment))
    stores.busy = 9
    publisher.publish(publisher.release(content(2.0, CAMERA)))
    with pytest.raises(HybridspecError, match="SlowDown") as refused:
        bring(publisher, there("aws", environment))
    assert refused.value.exit_code == 4


def test_repositories_of_other_tiers_go_with_it_and_only_where_they_speak_of_a_class(
    stores: Stores, environment: dict[str, str], publisher: Publisher
) -> None:
    shutil.copytree(publisher.channel, publisher.folder / "weekly")
    (publisher.folder / "weekly").rename(publisher.channel / "weekly")
    bring(publisher, there("aws", environment), CAMERA)
    found = held(stores)
    assert {TIMESTAMP, f"weekly/{TIMESTAMP}"} <= set(found)
    assert [path for path in found if path.startswith(f"weekly/targets/{CAMERA}/")]
    assert not parts(publisher.channel, ["robot"])
