"""Keys in files: made once under a passphrase, readable by nobody else, never shown."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from securesystemslib.signer import SSlibKey

from hybridspec.base.errors import AuthenticationFailed, HybridspecError, UsageError
from hybridspec.bundle.keys import NotAtHand
from hybridspec.deliver.signers.file_key import made
from hybridspec.deliver.signers.opening import (
    NEW,
    Secrets,
    UriSigner,
    located,
    public_half,
    read_public,
)

PASSPHRASE = "correct horse"


def ask(_: str) -> str:
    return PASSPHRASE


@pytest.fixture
def key(tmp_path: Path) -> Path:
    path = tmp_path / "keys" / "anna.key"
    made(path, PASSPHRASE, p256=False)
    return path


def test_a_new_key_is_encrypted_readable_by_its_owner_and_never_overwritten(key: Path) -> None:
    before = key.read_bytes()
    assert before.startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert [p.name for p in key.parent.iterdir()] == ["anna.key"]
    with pytest.raises(UsageError, match="never overwritten"):
        made(key, "another", p256=True)
    assert key.read_bytes() == before
    with pytest.raises(UsageError, match="wants a passphrase"):
        made(key.with_name("ben.key"), "", p256=False)
    assert not key.with_name("ben.key").exists()


@pytest.mark.parametrize(("p256", "scheme"), [(False, "ed25519"), (True, "ecdsa-sha2-nistp256")])
def test_what_a_key_signs_its_public_half_accepts(tmp_path: Path, p256: bool, scheme: str) -> None:
    path = tmp_path / "k.key"
    made(path, PASSPHRASE, p256=p256)
    public = public_half(f"file:{path}", ask)
    assert public.scheme == scheme
    signature = UriSigner(f"file:{path}", public, ask).sign(b"payload")
    public.verify_signature(signature, b"payload")


FAULTS = {
    "no file": (lambda k: k.unlink(), NotAtHand, "there is no file"),
    "another passphrase": (lambda k: None, AuthenticationFailed, "the passphrase does not open"),
    "others can read it": (lambda k: k.chmod(0o640), UsageError, "others can read"),
    "no key": (lambda k: k.write_text("hello"), UsageError, "holds no private key"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_file_that_does_not_sign_says_why_and_what_to_do(key: Path, fault: str) -> None:
    public = public_half(f"file:{key}", ask)
    spoil, kind, said = FAULTS[fault]
    spoil(key)
    with pytest.raises(kind, match=said) as caught:
        UriSigner(f"file:{key}", public, lambda _: "wrong").sign(b"payload")
    assert isinstance(caught.value, HybridspecError)
    assert caught.value.help
    assert "wrong" not in caught.value.message + caught.value.help
    assert PASSPHRASE not in repr(caught.value)


def test_another_key_than_the_committed_one_signs_nothing(key: Path, tmp_path: Path) -> None:
    other = SSlibKey.from_crypto(made(tmp_path / "o.key", PASSPHRASE, p256=False).public_key())
    with pytest.raises(UsageError, match="another key than its public half"):
        UriSigner(f"file:{key}", other, ask).sign(b"payload")


def test_secrets_come_from_the_environment_from_a_file_or_by_asking(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("from a file\nnot this\n")
    by_file = {"HYBRIDSPEC_PIN_FILE": str(tmp_path / "secret")}
    own = {"HYBRIDSPEC_PASSPHRASE_ANNA_1": "own", "HYBRIDSPEC_PASSPHRASE": "shared"}
    assert Secrets(own).of("anna-1")("passphrase") == "own"
    assert Secrets(own).of("ben")("passphrase") == "shared"
    assert Secrets(by_file).of("ben")("pin") == "from a file"
    assert Secrets({}, lambda what: what).of("ben")("pin") == "PIN of key `ben`"
    with pytest.raises(NotAtHand, match="nobody can be asked") as caught:
        Secrets({}).of("ben")("passphrase")
    assert "HYBRIDSPEC_PASSPHRASE_BEN" in caught.value.help
    with pytest.raises(UsageError, match="cannot be read"):
        Secrets({"HYBRIDSPEC_PIN_FILE": str(tmp_path / "gone")}).of("ben")("pin")
    assert "own" not in repr(Secrets(own).of("anna-1"))


@pytest.mark.parametrize(("uri", "meant"), [
    ("awskm:alias/x", "awskms:"), ("fil:x", "file:"), ("x", "`"), ("awskms:", "awskms:"),
])  # fmt: skip
def test_a_typo_in_a_uri_names_the_kind_that_was_meant(uri: str, meant: str) -> None:
    with pytest.raises(UsageError, match="no key that can be opened") as caught:
        located(uri, Path())
    assert meant in caught.value.help


def test_a_public_half_that_is_none_says_so(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no such file") as caught:
        read_public(tmp_path / "gone.pem")
    assert "keys init" in caught.value.help
    (tmp_path / "bad.pem").write_text("hello")
    with pytest.raises(UsageError, match="holds no public key"):
        read_public(tmp_path / "bad.pem")


def test_a_new_passphrase_is_asked_for_twice_and_a_slip_makes_no_key() -> None:
    asked = []

    def slipping(prompt: str) -> str:
        asked.append(prompt)
        return f"answer {len(asked)}"

    with pytest.raises(UsageError, match="differ"):
        Secrets({}, slipping).of("ben")(NEW)
    assert asked == ["Passphrase of key `ben`", "Passphrase of key `ben`, again"]
    assert Secrets({}, lambda _: "same").of("ben")(NEW) == "same"
    assert Secrets({"HYBRIDSPEC_PASSPHRASE": "given"}, slipping).of("ben")(NEW) == "given"
