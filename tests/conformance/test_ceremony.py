"""Several people sign a channel: requests, partial signatures, rotation, and recovery of each role.

The channel is real, of tiny bundles; a device of ours, burnt in with the first root, follows it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import Publisher, device, look, report
from conformance.company import ROOTS, Company, company, running, secret, template
from tuf.api.metadata import Metadata

from hybridspec.base.errors import Cancelled, HybridspecError, UsageError
from hybridspec.bundle.keys import complete
from hybridspec.bundle.repository import DEVELOPMENT
from hybridspec.bundle.request import Request, Tampered
from hybridspec.cli import keys_making
from hybridspec.cli.keys_ceremony import shown, sign
from hybridspec.cli.keys_shown import export, listed, table
from hybridspec.deliver import ceremony
from hybridspec.deliver.ceremony import Unsigned
from hybridspec.deliver.publish import repositories
from hybridspec.deliver.stack import Stack

__all__ = ["company", "running", "template"]


def follows(company: Company) -> None:
    """A device that knows the first root alone installs what is offered now."""
    root = (company.channel / "metadata" / "1.root.json").read_bytes()
    if not (company.folder / "home").exists():
        device(company.folder / "home", company.channel, root)
    assert look(company.folder / "home") == ""
    assert report(company.folder / "home")["release"] == company.releases[0].release


def test_a_production_root_is_marked_by_nothing_and_a_device_takes_it(running: Company) -> None:
    assert DEVELOPMENT not in running.metadata("root").unrecognized_fields
    assert running.metadata("root").roles["root"].threshold == 2
    follows(running)


def test_nothing_shows_until_enough_have_signed_and_then_everything(running: Company) -> None:
    running.present("anna", "dora")
    running.offer(2.0)
    before = {p.name: p.read_bytes() for p in (running.channel / "metadata").iterdir()}
    request = running.asked()
    assert {p.name: p.read_bytes() for p in (running.channel / "metadata").iterdir()} == before
    running.complete(running.signed(request, "release"))
    follows(running)
    assert not list(ceremony.folder(running.stated.stack).glob("*.json"))
    assert running.publish() == ()


def test_the_first_root_needs_two_of_three_people(company: Company) -> None:
    company.present("anna", "dora", "release")
    company.offer(1.0)
    with pytest.raises(Unsigned, match="root: 1 more of ben") as caught:
        company.publish()
    assert "ben wants its passphrase" in caught.value.message.replace("`", "").replace("key ", "")
    assert "hybridspec keys sign" in caught.value.help
    assert not (company.channel / "metadata").exists()
    written = company.complete(company.signed(company.sent(), "carol"))
    assert written[-1] == "metadata/timestamp.json"
    root = company.publisher.metadata("root")
    root.verify_delegate("root", root)
    assert len(root.signatures) == 2


def test_a_request_says_what_changes_in_words_made_from_the_metadata(running: Company) -> None:
    running.rotate("timestamp", "anna")
    text = shown(_read(running.asked()))
    assert "root: version 2, follows version 1, valid until 20" in text
    assert "timestamp: 1 of 1 sign: timestamp (" in text
    assert "(CHANGES: adds timestamp (" in text
    assert "signed by anna (" in text
    assert "1 more of: ben (" in text
    running.present("dora")
    running.offer(2.0)
    text = shown(_read(running.asked()))
    assert f"offers release {running.releases[0].release}, counter 2, security epoch 0" in text
    assert "(CHANGES: before, release " in text


def _read(path: Path) -> Request:
    from hybridspec.cli.keys_ceremony import opened

    return opened(path)


def test_publishing_again_asks_for_the_same_signatures_and_keeps_those_there_are(
    running: Company,
) -> None:
    running.present()
    running.offer(2.0)
    first = running.asked()
    signature = running.signed(first, "release")
    assert running.asked().name == first.name
    running.complete(signature)
    follows(running)


def test_what_changed_since_is_asked_for_anew_and_old_signatures_do_not_count(
    running: Company,
) -> None:
    running.present()
    running.offer(2.0)
    signature = running.signed(running.asked(), "release")
    running.offer(3.0)
    running.asked()
    with pytest.raises(Tampered, match="another request"):
        running.complete(signature)
    running.complete(running.signed(running.sent(), "release"))
    follows(running)


Spoil = Callable[[dict[str, Any]], None]


def _version(value: dict[str, Any]) -> None:
    value["parts"][""]["roles"]["class-camera"]["signed"]["version"] = 9


def _threshold(value: dict[str, Any]) -> None:
    value["parts"][""]["before"]["targets"]["signed"]["delegations"]["roles"][0]["threshold"] = 2


REQUESTS: Mapping[str, Spoil] = {
    "another version": _version,
    "another threshold": _threshold,
    "another stack": lambda v: v.update(stack="test"),
    "no roles": lambda v: v.update(parts={}),
    "another schema": lambda v: v.update(schema="x"),
}


@pytest.mark.parametrize("spoilt", REQUESTS)
def test_a_request_that_was_changed_on_its_way_is_signed_by_nobody(
    running: Company, spoilt: str
) -> None:
    running.present()
    running.offer(2.0)
    path = running.asked()
    value = json.loads(path.read_bytes())
    REQUESTS[spoilt](value)
    path.write_text(json.dumps(value))
    with pytest.raises(Tampered):
        running.signed(path, "release")


def test_a_request_forged_as_a_whole_is_noticed_when_its_signature_comes_back(
    running: Company,
) -> None:
    """Whoever forges digest and all gets a signature that nobody else can use here."""
    running.present()
    running.offer(9.0)
    forged = running.asked()
    running.offer(2.0)
    running.asked()
    value = json.loads(running.signed(forged, "release").read_bytes())
    value["request"] = _read(running.sent()).digest
    path = running.folder / "renamed.json"
    path.write_text(json.dumps(value))
    with pytest.raises(Tampered, match="is not over what `class-camera` says"):
        running.complete(path)


def test_duplicates_strangers_and_garbage_are_refused_and_others_count(running: Company) -> None:
    running.rotate("timestamp")
    request = running.asked()
    one = running.signed(request, "anna")
    with pytest.raises(UsageError, match="nobody asked this key"):
        running.signed(request, "model")
    stranger = json.loads(one.read_bytes())
    stranger["keyid"] = "0" * 64
    (running.folder / "stranger.json").write_text(json.dumps(stranger))
    other = json.loads(one.read_bytes())
    other["keyid"] = running.stated.ring.role("root").public[2].keyid  # carol's, and not hers
    (running.folder / "other.json").write_text(json.dumps(other))
    (running.folder / "garbage.json").write_text("{")
    files = [running.folder / f"{n}.json" for n in ("stranger", "other", "garbage", "gone")]
    kept, refused = ceremony.collect(running.stated.stack, [*files, one, one])
    said = [fault.message for fault in refused]
    for words, text in zip(("nobody asked", "is not over", "holds no signature", "cannot be read",
                            "has signed `root` already"), said, strict=True):  # fmt: skip
        assert words in text
    assert all(fault.help for fault in refused)
    assert kept.open() == ("root",)
    with pytest.raises(UsageError, match="nothing is left to sign"):
        sign(running.sent(), "file:../away/anna.key", running.spec.parent / "keys" / "anna.pem",
             lambda _: True, None)  # fmt: skip
    running.complete(running.signed(request, "ben"))
    follows(running)


def test_whoever_does_not_agree_signs_nothing(running: Company) -> None:
    running.rotate("timestamp", "anna")
    request = running.asked()
    running.patch.setenv("HYBRIDSPEC_PASSPHRASE", "ben")
    with pytest.raises(Cancelled):
        sign(request, f"file:{running.folder}/away/ben.key", None, lambda _: False, None)
    assert list(running.folder.glob("*ben*.json")) == []


@pytest.mark.parametrize("at_hand", [True, False])
def test_the_old_key_signs_too_where_it_can_so_that_no_client_is_refused_on_the_way(
    running: Company, at_hand: bool
) -> None:
    (old,) = (key.keyid for key in running.stated.ring.role("timestamp").public)
    running.rotate("timestamp", *ROOTS)
    if not at_hand:
        (running.folder / "away" / "timestamp.key").unlink()
    running.publish()
    made = running.publisher.metadata("timestamp")
    (new,) = (key.keyid for key in running.stated.ring.role("timestamp").public)
    assert new in made.signatures
    assert (old in made.signatures) is at_hand
    assert running.metadata("root").roles["timestamp"].keyids == [new]


ROLE_KEYS = {"snapshot": "snapshot", "timestamp": "timestamp", "targets": "dora",
             "class-camera": "release", "root": "carol"}  # fmt: skip


@pytest.mark.parametrize("role", ROLE_KEYS)
def test_a_lost_key_of_each_role_is_replaced_and_devices_follow(
    running: Company, role: str
) -> None:
    """The key itself is gone: those who delegate to it sign another one in."""
    name = ROLE_KEYS[role]
    (running.folder / "away" / f"{name}.key").unlink()
    present = tuple(n for n in (*ROOTS, "dora", "release") if n != name)
    old = running.stated.ring.role(role).public
    running.rotate(name, *present)
    running.patch.setenv(secret(name), name)
    running.publish()
    delegator = running.metadata("targets" if role.startswith("class-") else "root")
    keyids = delegator.get_delegated_role(role).keyids
    assert len(set(keyids) & {key.keyid for key in old}) == len(old) - 1
    assert set(keyids) == {key.keyid for key in running.stated.ring.role(role).public}
    running.offer(2.0)
    running.publish()
    follows(running)
    version = running.metadata("root").version
    assert all((running.channel / "metadata" / f"{n}.root.json").exists()
               for n in range(1, version + 1))  # fmt: skip


@pytest.mark.parametrize("role", ROLE_KEYS)
def test_a_stolen_key_signs_nothing_for_devices_once_it_was_replaced(
    running: Company, role: str
) -> None:
    name = ROLE_KEYS[role]
    stolen = Metadata.from_bytes(repositories(running.channel)[""][role])
    running.rotate(name, *ROOTS, "dora", "release")
    running.patch.setenv(secret(name), name)
    running.offer(2.0)
    running.publish()
    follows(running)
    delegator = running.metadata("targets" if role.startswith("class-") else "root")
    result = delegator.get_verification_result(role, stolen.signed_bytes, stolen.signatures)
    assert bool(result.verified) is (role == "root")  # two of three root keys are left


def test_two_root_keys_at_once_need_the_old_ones_of_their_holders(running: Company) -> None:
    """With one root key stolen and one lost, the thief has one: two of three have to agree."""
    running.rotate("anna", "anna", "ben", "carol")
    running.rotate("ben", "carol")
    running.patch.setenv(secret("anna"), "anna")
    running.patch.setenv(secret("ben"), "ben")
    request = running.asked()
    running.patch.setenv("HYBRIDSPEC_PASSPHRASE", "ben")
    made = sign(
        request, f"file:{running.folder}/away/ben.key", None, bool, running.folder / "o.json"
    )
    running.complete(made)
    assert running.metadata("root").version == 2
    running.present("dora", "release")
    running.offer(2.0)
    running.publish()
    follows(running)


def test_a_list_shows_who_signs_where_and_until_when(running: Company) -> None:
    document = listed(running.stated, running.channel)
    root = next(r for r in document["roles"] if r["role"] == "root")
    assert (root["threshold"], root["version"], len(root["keys"])) == (2, 1, 3)
    assert root["expires"].startswith(f"{running.metadata('root').expires:%Y-%m-%d}")
    text = table(document)
    assert "root: 2 of 3 sign, version 1, valid until 20" in text
    assert "anna (anna): " in text
    assert "file:../away/anna.key, has signed" in text
    assert "PRIVATE" not in text


def test_what_a_device_image_gets_is_the_root_that_counts_and_no_private_key(
    running: Company,
) -> None:
    to = running.folder / "image"
    export(running.stated, running.channel, to, development=False)
    names = sorted(str(p.relative_to(to)) for p in to.rglob("*") if p.is_file())
    assert names == ["attestation/attestation.pem", "keys.json", "model/model.pem", "root.json"]
    assert (to / "root.json").read_bytes() == repositories(running.channel)[""]["root"]
    assert all(b"PRIVATE" not in (to / name).read_bytes() for name in names)
    development = Publisher(running.folder / "other")
    development.offer(1.0)
    with pytest.raises(UsageError, match="development keys"):
        export(running.stated, development.channel, to, development=False)
    with pytest.raises(UsageError, match="no root was published"):
        export(running.stated, running.folder / "none", to, development=False)


def test_a_development_key_under_another_name_signs_nothing(running: Company) -> None:
    keys = complete({}, [])
    Stack(running.spec).keep_keys(keys.pems)
    keys_making.write_public(running.spec.parent / "keys" / "dora.pem",
                             keys.signer("targets").public_key)  # fmt: skip
    with pytest.raises(UsageError, match="`dora` is a development key") as caught:
        running.publish()
    assert "hybridspec keys rotate dora" in caught.value.help


def test_rotating_keeps_the_old_files_and_edits_just_the_key_in_the_spec(running: Company) -> None:
    before, keys = running.spec.read_text(), {
        p.name: p.read_bytes() for p in (running.folder / "away").iterdir()
    }  # fmt: skip
    running.rotate("timestamp", *ROOTS)
    after = running.spec.read_text()
    changed = [line for line in after.splitlines() if line not in before.splitlines()]
    assert changed == ['        timestamp: {uri: file:../away/timestamp-2.key, '
                       "public: keys/timestamp-2.pem}"]  # fmt: skip
    now = {p.name: p.read_bytes() for p in (running.folder / "away").iterdir()}
    assert {name: now[name] for name in keys} == keys
    assert set(now) - set(keys) == {"timestamp-2.key"}
    with pytest.raises(HybridspecError, match="no key `timestmp`") as caught:
        running.rotate("timestmp")
    assert "`timestamp`" in caught.value.help
