"""`hybridspec bundle export` as a user runs it: published releases, refusals, the same twice."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest
from conftest import Cli, copy_example
from forms.outsiders import read_cbor

from hybridspec.base.errors import UsageError
from hybridspec.bundle.keys import complete
from hybridspec.bundle.manifest import release_id
from hybridspec.cli.bundle_export import _address, _published

URL = "https://updates.example.com/eu"


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory, cli: Cli) -> Path:
    """The main example with its channel; exporting changes nothing of it."""
    example = copy_example(tmp_path_factory.mktemp("export"))
    done = cli("channel", "publish", example, "--percent", "100", timeout=600)
    assert done.returncode == 0, done.stderr
    return example


def tree(folder: Path) -> dict[str, str]:
    """SHA-256 of every file below a folder."""
    return {str(p.relative_to(folder)): hashlib.sha256(p.read_bytes()).hexdigest()
            for p in folder.rglob("*") if p.is_file()}  # fmt: skip


def test_a_published_release_is_exported_with_the_channel_s_counter(
    published: Path, tmp_path: Path, cli: Cli
) -> None:
    for form in ("hawkbit", "iot-jobs", "device-update", "suit"):
        out = tmp_path / form
        done = cli("bundle", "export", published, "--form", form, "--out", tmp_path,
                   "--channel-url", f"{URL}/", "--format", "json")  # fmt: skip
        assert done.returncode == 0, done.stderr
        said = json.loads(done.stdout)
        assert [r["deviceClass"] for r in said["releases"]] == ["gateway", "line-server"]
        assert {r["counter"] for r in said["releases"]} == {1}
        for release in said["releases"]:
            found = {str(p.relative_to(out / release["deviceClass"]))
                     for p in (out / release["deviceClass"]).rglob("*") if p.is_file()}  # fmt: skip
            assert sorted(found) == release["files"]
    build = published / "build/vibration-watch"
    for form in ("hawkbit", "device-update"):
        for name in ("bundle.tar.zst", "manifest.json"):
            same = (tmp_path / form / "gateway" / name).read_bytes()
            assert same == (build / "bundles/gateway" / name).read_bytes()
    envelope = (tmp_path / "suit/gateway/gateway.suit").read_bytes()
    install = read_cbor(read_cbor(read_cbor(envelope)[1][3])[20])
    path = install[1][21].removeprefix(f"{URL}/")
    assert (build / "channel" / path).is_file(), "what a device would fetch is there"
    document = json.loads((tmp_path / "iot-jobs/gateway/document.json").read_bytes())
    assert document["channel"] == {"url": URL, "rootVersion": 1}


def test_again_is_the_same_and_one_class_may_be_named(
    published: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "oci"
    done = cli("bundle", "export", published, "--form", "oci", "--out", tmp_path)
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in out.iterdir() if p.is_dir()) == ["gateway", "line-server"]
    first = tree(out / "gateway")
    shutil.rmtree(out / "gateway")
    done = cli("bundle", "export", published, "--form", "oci", "--out", tmp_path,
               "--class", "gateway")  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in out.iterdir() if p.is_dir()) == ["gateway"]
    assert tree(out / "gateway") == first


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ((), "no form is named"),
        (("--form", "mender"), "no form `mender`"),
        (("--form", "oci"), "no folder is named"),
        (("--form", "oci", "--out", "OUT", "--class", "rover"), "no release is made for a class"),
        (("--form", "suit", "--out", "OUT"), "where the channel is"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_and_nothing_is_written(
    arguments: tuple[str, ...], reason: str, published: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "out"
    done = cli("bundle", "export", published, *(str(out) if a == "OUT" else a for a in arguments))
    assert done.returncode == 2, done.stderr
    assert reason in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    "url",
    ["http://updates.example.com", "https://u:p@example.com", "https://example.com/?a=1",
     "https://example.com/#a", "https://e.com/${x}", "https://[bad", "https://", "file:///etc",
     "https://e.com/a b", "https://e.com:99999/", "https://e.com/\u202e",
     "https://e/" + "x" * 1024],
)  # fmt: skip
def test_an_address_that_devices_could_not_use_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="not an address"):
        _address(url)


def test_an_address_has_no_slash_at_its_end() -> None:
    assert _address("https://e.com/eu/") == "https://e.com/eu"
    assert _address("http://127.0.0.1:8080/") == "http://127.0.0.1:8080"
    assert _address("") == ""


def test_a_release_that_nobody_published_is_not_exported(
    published: Path, example: Path, tmp_path: Path, cli: Cli
) -> None:
    out = tmp_path / "out"
    done = cli("bundle", "export", example, "--form", "hawkbit", "--out", out)
    assert done.returncode == 2
    assert "was published from here" in done.stderr
    spec = published / "hybridspec.yaml"
    text = spec.read_text()
    try:
        spec.write_text(text.replace("as_of: 2026-11-01", "as_of: 2026-11-02"))
        done = cli("bundle", "export", published, "--form", "hawkbit", "--out", out)
        assert done.returncode == 2, done.stderr
        assert "is in no channel here" in done.stderr
    finally:
        spec.write_text(text)
    assert not out.exists()


def test_a_release_that_devices_were_sent_back_from_is_not_exported() -> None:
    block = {"release_counter": 2, "security_epoch": 0}
    manifest = b"{}"
    bad = release_id(manifest)

    def listing(now: str) -> dict[str, dict[str, bytes]]:
        targets = {
            f"box/{bad}/manifest.json": {"custom": {"hybridspec": block}},
            "box/current/manifest.json": {"custom": {"hybridspec": {"release": now}}},
        }
        return {"": {"class-box": json.dumps({"signed": {"targets": targets}}).encode()}}

    keys = complete({}, ["box"])
    with pytest.raises(UsageError, match="offered to no device any more") as caught:
        _published(listing("0123"), "box", manifest, keys, "")
    assert "the channel offers 0123" in caught.value.help
    assert _published(listing(bad), "box", manifest, keys, "").counter == 2
