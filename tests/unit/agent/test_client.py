"""The channel's client: every fault is named, and a channel that breaks off breaks nothing."""

from __future__ import annotations

import http.server
import os
import shutil
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import pytest
from conformance.channels import CAMERA, HUB, Publisher, device

from hybridspec.agent import client
from hybridspec.agent.client import Channel, is_development
from hybridspec.agent.errors import Refused, Stopped, Unreachable
from hybridspec.deliver.publish import server


@pytest.fixture
def publisher(tmp_path: Path) -> Publisher:
    """A channel with one release."""
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    return publisher


@pytest.fixture
def home(tmp_path: Path, publisher: Publisher) -> Path:
    """A device that has seen nothing yet."""
    return device(tmp_path / "home", publisher.channel, publisher.root).home


@contextmanager
def served(publisher: Publisher, handler: Any = None) -> Iterator[str]:
    """The channel over loopback HTTP, by our server or with another handler."""
    running = server(publisher.channel)
    if handler is not None:
        running.RequestHandlerClass = partial(handler, directory=str(publisher.channel))  # type: ignore[assignment]
    thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{running.server_address[1]}"
    finally:
        running.shutdown()
        thread.join()
        running.server_close()


def fetch(channel: Channel) -> Path:
    """Download the bundle that the channel offers to cameras."""
    info = channel.target(channel.offer(CAMERA).bundle)
    assert info is not None
    return channel.fetch(info)


def stopped(act: Callable[[], object]) -> Stopped:
    """Why the channel was not used."""
    with pytest.raises(Stopped) as caught:
        act()
    return caught.value


def test_an_offer_is_the_same_from_a_folder_a_url_of_it_and_http(
    home: Path, publisher: Publisher
) -> None:
    with served(publisher) as url:
        places = (str(publisher.channel), publisher.channel.as_uri(), url, f"{url}/")
        offers = {Channel(home, place).offer(CAMERA) for place in places}
    assert len(offers) == 1


def test_a_folder_with_an_awkward_name_is_read(tmp_path: Path, publisher: Publisher) -> None:
    odd = tmp_path / "a b%20?#é;x"
    shutil.copytree(publisher.channel, odd)
    one = device(tmp_path / "other home", odd, publisher.root)
    assert Channel(one.home, str(odd)).offer(CAMERA).counter == 1


def test_a_target_appears_only_when_it_is_whole(home: Path, publisher: Publisher) -> None:
    channel = Channel(home, str(publisher.channel))
    bundle = next(publisher.channel.rglob("*.bundle.tar.zst"))
    whole = bundle.read_bytes()
    for damaged in (whole[:-1], whole + b"x", whole[:-1] + b"x"):
        bundle.write_bytes(damaged)
        assert stopped(lambda: fetch(channel)).reason in ("bundle-differs", "bundle-too-long")
        assert list((home / "download").iterdir()) == []
    bundle.write_bytes(whole)
    assert fetch(channel).read_bytes() == whole


class _BreaksOff(http.server.SimpleHTTPRequestHandler):
    """Promises a file and hangs up in the middle of it."""

    def copyfile(self, source: Any, outputfile: Any) -> None:
        outputfile.write(source.read(20))
        outputfile.flush()
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


def test_a_server_that_hangs_up_in_the_middle_is_unreachable(
    home: Path, publisher: Publisher
) -> None:
    with served(publisher, _BreaksOff) as url:
        why = stopped(lambda: Channel(home, url).offer(CAMERA))
    assert isinstance(why, Unreachable)
    assert why.reason == "channel-unreachable"


def test_nobody_listening_is_unreachable(home: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        why = stopped(lambda: Channel(home, url).offer(CAMERA))
    assert isinstance(why, Unreachable)
    assert why.reason == "channel-unreachable"


def test_an_empty_folder_is_no_channel(home: Path, tmp_path: Path) -> None:
    why = stopped(lambda: Channel(home, str(tmp_path / "nothing")).offer(CAMERA))
    assert isinstance(why, Unreachable)
    assert why.reason == "file-missing"


def test_a_medium_that_cannot_be_read_is_not_taken_for_one_that_lacks_a_file(
    home: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A missing next root means that there is none; an unreadable one means nothing."""
    opened = Path.open

    def broken(path: Path, *arguments: Any, **more: Any) -> Any:
        if path.name == "2.root.json":
            raise OSError(5, "Input/output error")
        return opened(path, *arguments, **more)

    channel = Channel(home, str(publisher.channel))
    monkeypatch.setattr(Path, "open", broken)
    why = stopped(lambda: channel.offer(CAMERA))
    assert isinstance(why, Unreachable)
    assert why.reason == "channel-unreachable"


def test_a_class_that_the_channel_does_not_know_gets_nothing(
    home: Path, publisher: Publisher
) -> None:
    assert stopped(lambda: Channel(home, str(publisher.channel)).offer(HUB)).reason == (
        "nothing-for-class"
    )


@pytest.mark.parametrize("text", [b"", b"{}", b'{"signed": {}, "signatures": []}', b"\xff"])
def test_a_damaged_bootstrap_root_is_refused(home: Path, publisher: Publisher, text: bytes) -> None:
    (home / "root.json").chmod(0o644)
    (home / "root.json").write_bytes(text)
    why = stopped(lambda: Channel(home, str(publisher.channel)))
    assert isinstance(why, Refused)
    assert why.reason == "metadata-refused"


def test_what_an_interrupted_refresh_left_is_removed(home: Path, publisher: Publisher) -> None:
    (home / "metadata").mkdir()
    (home / "metadata" / "tmpq8_x1").write_bytes(b"half")
    (home / "download").mkdir()
    (home / "download" / ("0" * 64)).write_bytes(b"half of another release")
    channel = Channel(home, str(publisher.channel))
    fetch(channel)
    assert not [p.name for p in home.rglob("*") if "tmp" in p.name]
    assert len(list((home / "download").iterdir())) == 1


@pytest.mark.parametrize("name", ["timestamp", "snapshot", "targets", f"class-{CAMERA}"])
@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"\0" * 500])
def test_local_metadata_that_a_power_cut_damaged_is_fetched_again(
    home: Path, publisher: Publisher, name: str, text: bytes
) -> None:
    before = Channel(home, str(publisher.channel)).offer(CAMERA)
    (home / "metadata" / f"{name}.json").write_bytes(text)
    assert Channel(home, str(publisher.channel)).offer(CAMERA) == before


@pytest.mark.parametrize("change", [
    lambda custom: custom.pop("hybridspec"),
    lambda custom: custom.pop("hardwareIds"),
    lambda custom: custom["hybridspec"].pop("release_counter"),
    lambda custom: custom["hybridspec"].update(release_counter="many"),
    lambda custom: custom["hybridspec"].update(security_epoch=None),
    lambda custom: custom.update(hybridspec=[]),
    lambda custom: custom.update(hardwareIds=7),
])  # fmt: skip
def test_a_signed_block_that_is_malformed_is_refused(
    home: Path, publisher: Publisher, change: Callable[[dict[str, Any]], object]
) -> None:
    publisher.forge(
        f"class-{CAMERA}",
        lambda signed: change(signed.targets[f"{CAMERA}/current/manifest.json"].custom),
    )
    why = stopped(lambda: Channel(home, str(publisher.channel)).offer(CAMERA))
    assert why.reason == "custom-unreadable"


def test_a_root_says_whether_its_keys_are_for_development(publisher: Publisher) -> None:
    root = publisher.metadata("root")
    assert is_development(root.to_bytes())
    del root.signed.unrecognized_fields[client.DEVELOPMENT]
    assert not is_development(root.to_bytes())


@pytest.mark.parametrize("text", [b"", b"[]", b'{"signed": {}, "signatures": []}'])
def test_what_is_no_root_says_nothing(text: bytes) -> None:
    assert stopped(lambda: is_development(text)).reason == "root-unreadable"


def test_the_mark_has_one_name() -> None:
    """Publisher and agent spell it alike, though the agent may not import the publisher."""
    from hybridspec.bundle import repository

    assert client.DEVELOPMENT == repository.DEVELOPMENT


class _Parts(http.server.SimpleHTTPRequestHandler):
    """A server that knows parts and hangs up in the middle of everything that is large."""

    asked: ClassVar[list[str]] = []
    knows = True
    most = 10**9

    def do_GET(self) -> None:
        file = Path(self.translate_path(self.path))
        if not file.exists():
            self.send_error(404)
            return
        data = file.read_bytes()
        wanted = self.headers.get("Range", "")
        self.asked.append(wanted)
        start = int(wanted[6:-1]) if wanted and self.knows else 0
        self.send_response(206 if start else 200)
        self.send_header("Content-Length", str(len(data) - start))
        self.send_header("Content-Range", f"bytes {start}-{len(data) - 1}/{len(data)}")
        self.end_headers()
        self.wfile.write(data[start : start + self.most])

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.mark.parametrize("knows", [True, False])
def test_a_download_goes_on_where_it_broke_off(
    home: Path, publisher: Publisher, monkeypatch: pytest.MonkeyPatch, knows: bool
) -> None:
    """From a server that knows parts; from any other it starts again and is as whole."""
    whole = next(publisher.channel.rglob("*.bundle.tar.zst")).read_bytes()
    monkeypatch.setattr(_Parts, "knows", knows)
    with served(publisher, _Parts) as url:
        channel = Channel(home, url)
        info = channel.target(channel.offer(CAMERA).bundle)
        assert info is not None
        monkeypatch.setattr(_Parts, "most", 100)
        assert stopped(lambda: channel.fetch(info)).reason == "channel-unreachable"
        [partial] = (home / "download").iterdir()
        assert partial.read_bytes() == whole[:100]
        monkeypatch.setattr(_Parts, "most", 10**9)
        assert fetch(Channel(home, url)).read_bytes() == whole
        assert _Parts.asked[-1] == "bytes=100-"


def test_what_came_before_is_not_trusted_when_a_download_goes_on(
    home: Path, publisher: Publisher
) -> None:
    bundle = next(publisher.channel.rglob("*.bundle.tar.zst"))
    channel = Channel(home, str(publisher.channel))
    channel.offer(CAMERA)
    (home / "download").mkdir()
    (home / "download" / bundle.name.partition(".")[0]).write_bytes(b"x" * 100)
    assert stopped(lambda: fetch(channel)).reason == "bundle-differs"
    assert fetch(channel).read_bytes() == bundle.read_bytes()


def test_a_named_pipe_on_a_medium_is_not_waited_for(home: Path, publisher: Publisher) -> None:
    bundle = next(publisher.channel.rglob("*.bundle.tar.zst"))
    bundle.unlink()
    os.mkfifo(bundle)
    channel = Channel(home, str(publisher.channel))
    assert stopped(lambda: fetch(channel)).reason == "channel-unreachable"


class _Elsewhere(http.server.SimpleHTTPRequestHandler):
    """Sends whoever asks to an address that only the device may reach."""

    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(302)
        self.send_header("Location", f"http://{self.headers['Host']}/inside")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing."""


def test_a_device_follows_no_server_to_another_address(home: Path, publisher: Publisher) -> None:
    with served(publisher, _Elsewhere) as url, pytest.raises(Unreachable, match="elsewhere"):
        Channel(home, url).refresh(CAMERA)
    assert _Elsewhere.asked
    assert "/inside" not in _Elsewhere.asked


def test_what_is_said_of_a_channel_holds_no_password(home: Path) -> None:
    with pytest.raises(Unreachable) as told:
        Channel(home, "http://ann:s3cret@127.0.0.1:1").refresh(CAMERA)
    assert "127.0.0.1" in str(told.value)
    assert "s3cret" not in str(told.value)
