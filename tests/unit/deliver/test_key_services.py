"""Keys that others keep sign as those in files do, and say in one sentence why they do not."""

from __future__ import annotations

import datetime
import json
import shutil
import socket
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from securesystemslib.signer import SSlibKey
from unit.deliver import key_services as stubs

from hybridspec.base.errors import AuthenticationFailed, HybridspecError, UsageError
from hybridspec.bundle.keys import NotAtHand
from hybridspec.deliver.signers.clouds import ENDPOINT
from hybridspec.deliver.signers.opening import UriSigner, public_half

URIS = {
    "vault": "hv:ota/1",
    "aws": "awskms:alias/ota",
    "google": f"gcpkms:{stubs.GOOGLE}",
    "azure": "azurekms://plants.vault.localhost:{port}/keys/ota/1",
}


def nobody(what: str) -> str:
    raise AssertionError(f"asked for {what}")


class Reached:
    """A stub, and the URI that leads there from this process."""

    def __init__(self, kind: str, service: stubs.Service) -> None:
        self.kind, self.service = kind, service

    @property
    def uri(self) -> str:
        return URIS[self.kind].format(port=self.service.port)

    def sign(self, payload: bytes) -> Any:
        public = SSlibKey.from_crypto(stubs.P256.public_key())
        return UriSigner(self.uri, public, nobody).sign(payload)


@pytest.fixture(params=URIS)
def reached(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Reached]:
    kind = request.param
    service = getattr(stubs, kind)()
    tls = certificate(tmp_path) if kind == "azure" else None
    with stubs.serving(service, tls), _identity(kind, service) as plain:
        SETTINGS[kind](monkeypatch, tmp_path, service.port, plain)
        yield Reached(kind, service)


def _identity(kind: str, service: stubs.Service) -> Any:
    """Azure's managed identity answers over plain HTTP, on another port."""
    return stubs.serving(stubs.azure() if kind == "azure" else stubs.Service(service.answer))


def _vault(patch: pytest.MonkeyPatch, folder: Path, port: int, _: stubs.Service) -> None:
    patch.setenv("VAULT_ADDR", f"http://127.0.0.1:{port}")
    patch.setenv("VAULT_TOKEN", "hvs.secret")


def _aws(patch: pytest.MonkeyPatch, folder: Path, port: int, _: stubs.Service) -> None:
    for name, value in {
        "AWS_ENDPOINT_URL_KMS": f"http://127.0.0.1:{port}", "AWS_ACCESS_KEY_ID": "AKIDTEST",
        "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": str(folder / "none"),
        "AWS_SHARED_CREDENTIALS_FILE": str(folder / "none"),
    }.items():  # fmt: skip
        patch.setenv(name, value)
    patch.setattr("boto3.DEFAULT_SESSION", None)


def _google(patch: pytest.MonkeyPatch, folder: Path, port: int, _: stubs.Service) -> None:
    key = rsa.generate_private_key(65537, 2048)
    account = {
        "type": "service_account", "project_id": "p", "client_email": "ota@p.example",
        "private_key_id": "1", "token_uri": f"http://127.0.0.1:{port}/token",
        "private_key": key.private_bytes(
            Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
    }  # fmt: skip
    (folder / "account.json").write_text(json.dumps(account))
    patch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(folder / "account.json"))
    patch.setenv(ENDPOINT, f"http://127.0.0.1:{port}/")


def _azure(patch: pytest.MonkeyPatch, folder: Path, port: int, plain: stubs.Service) -> None:
    patch.setenv("REQUESTS_CA_BUNDLE", str(folder / "ca.pem"))
    patch.setenv("IDENTITY_ENDPOINT", f"http://127.0.0.1:{plain.port}/identity")
    patch.setenv("IDENTITY_HEADER", "secret")
    real = socket.getaddrinfo

    def here(host: Any, *rest: Any, **more: Any) -> Any:
        return real("127.0.0.1" if str(host).endswith(".localhost") else host, *rest, **more)

    patch.setattr(socket, "getaddrinfo", here)


SETTINGS = {"vault": _vault, "aws": _aws, "google": _google, "azure": _azure}


def certificate(folder: Path) -> ssl.SSLContext:
    """A certificate of the vault's name; `ca.pem` is what trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "vault")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name)
        .public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.DNSName("plants.vault.localhost")]), critical=False)
        .sign(key, SHA256())
    )  # fmt: skip
    (folder / "ca.pem").write_bytes(made.public_bytes(Encoding.PEM))
    (folder / "ca.key").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "ca.pem", folder / "ca.key")
    return context


def test_a_key_is_read_and_signs_where_it_is_kept(reached: Reached) -> None:
    public = public_half(reached.uri, nobody)
    assert public.keyval["public"] == SSlibKey.from_crypto(stubs.P256.public_key()).keyval["public"]
    assert public.scheme == "ecdsa-sha2-nistp256"
    signature = UriSigner(reached.uri, public, nobody).sign(b"payload")
    public.verify_signature(signature, b"payload")
    assert reached.service.asked


AWS = {"NotFoundException": 400, "DisabledException": 409, "AccessDeniedException": 400,
       "ExpiredTokenException": 400, "UnrecognizedClientException": 400}  # fmt: skip
SAID: dict[str, dict[str, tuple[stubs.Reply, type[HybridspecError], str]]] = {
    "aws": {
        name: ((status, {"__type": name, "message": "no"}), kind, said)
        for (name, status), (kind, said) in zip(AWS.items(), [
            (UsageError, "there is no key"), (UsageError, "disabled"),
            (NotAtHand, "may not use"), (AuthenticationFailed, "has expired"),
            (AuthenticationFailed, "does not know this login"),
        ], strict=True)
    },
    "vault": {
        "expired or forbidden": ((403, {"errors": ["permission denied"]}), NotAtHand,
                                 "may not use"),
        "no key": ((404, {"errors": []}), UsageError, "there is no key"),
    },
    "google": {
        "no key": ((404, {"error": {"code": 404, "message": "no", "status": "NOT_FOUND"}}),
                   UsageError, "there is no key"),
        "forbidden": ((403, {"error": {"code": 403, "message": "no",
                                       "status": "PERMISSION_DENIED"}}), NotAtHand, "may not use"),
        "disabled": ((400, {"error": {"code": 400, "message": "CryptoKeyVersion is not enabled",
                                      "status": "FAILED_PRECONDITION"}}), UsageError, "disabled"),
        "expired": ((401, {"error": {"code": 401, "message": "no", "status": "UNAUTHENTICATED"}}),
                    AuthenticationFailed, "does not know this login"),
    },
    "azure": {
        "no key": ((404, {"error": {"code": "KeyNotFound", "message": "no"}}), UsageError,
                   "there is no key"),
        "forbidden": ((403, {"error": {"code": "Forbidden", "message": "no"}}), NotAtHand,
                      "may not use"),
    },
}  # fmt: skip


def test_each_failure_is_one_sentence_with_the_next_command(
    reached: Reached, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, (reply, kind, said) in SAID[reached.kind].items():
        reached.service.fault = reply
        with pytest.raises(HybridspecError) as caught:
            reached.sign(b"payload")
        assert type(caught.value) is kind, (name, caught.value.message)
        assert said in caught.value.message, (name, caught.value.message)
        assert caught.value.help, name
        assert "secret" not in caught.value.message + caught.value.help


def test_a_key_of_another_kind_or_curve_is_named_so(reached: Reached) -> None:
    reached.service.key = stubs.K256
    with pytest.raises(UsageError, match="another kind") as caught:
        public_half(reached.uri, nobody)
    assert "P-256" in caught.value.help


def test_what_signs_with_another_key_than_it_should_is_refused(reached: Reached) -> None:
    other = SSlibKey.from_crypto(ec.generate_private_key(ec.SECP256R1()).public_key())
    with pytest.raises(UsageError, match="another key than its public half"):
        UriSigner(reached.uri, other, nobody).sign(b"payload")


def test_vault_signs_with_ed25519_and_names_a_version_that_there_is_not(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with stubs.serving(stubs.vault()) as service:
        _vault(monkeypatch, tmp_path, service.port, service)
        service.key = stubs.EDWARDS
        public = public_half("hv:ota/1", nobody)
        assert public.scheme == "ed25519"
        public.verify_signature(UriSigner("hv:ota/1", public, nobody).sign(b"x"), b"x")
        with pytest.raises(UsageError, match="no version 7"):
            public_half("hv:ota/7", nobody)
        with pytest.raises(UsageError, match="not written as") as caught:
            public_half("hv:ota", nobody)
        assert "hv:ota-release/1" in caught.value.help
    with pytest.raises(NotAtHand, match="nothing answers"):
        public_half("hv:ota/1", nobody)


def test_nobody_logged_in_is_a_key_that_is_not_at_hand(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _aws(monkeypatch, tmp_path, 9, stubs.aws())
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    monkeypatch.setattr("boto3.DEFAULT_SESSION", None)  # it would remember who was logged in
    public = SSlibKey.from_crypto(stubs.P256.public_key())
    with pytest.raises(NotAtHand, match="nobody is logged in") as caught:
        UriSigner("awskms:alias/ota", public, nobody).sign(b"x")
    assert "aws sso login" in caught.value.help
    monkeypatch.delenv("AWS_DEFAULT_REGION")
    with pytest.raises(NotAtHand, match="nobody is logged in"):
        UriSigner("awskms:alias/ota", public, nobody).sign(b"x")


EXTRAS = {
    "hsm:2": ("pkcs11", "hsm"), "hv:k/1": ("hvac", "vault"), "awskms:k": ("boto3", "awskms"),
    "azurekms://v/keys/k/1": ("azure.identity", "azurekms"),
    f"gcpkms:{stubs.GOOGLE}": ("google.cloud.kms_v1", "gcpkms"),
}  # fmt: skip


def test_a_missing_extra_is_named_with_the_command_that_installs_it() -> None:
    program = (
        f"import sys; sys.modules.update(dict.fromkeys({[m for m, _ in EXTRAS.values()]}))\n"
        "from hybridspec.deliver.signers.opening import public_half\n"
        f"for uri in {list(EXTRAS)}:\n"
        "    try: public_half(uri, lambda _: '')\n"
        "    except Exception as fault: print(type(fault).__name__, fault.message, fault.help)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    for line, (uri, (_, extra)) in zip(done.stdout.splitlines(), EXTRAS.items(), strict=True):
        assert line == (f"UsageError `{uri}` wants packages that are not installed "
                        f'run `pip install "hybridspec[{extra}]"`')  # fmt: skip


MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")


@pytest.fixture
def token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], str]]:
    """A software token with a P-256, a P-384 and a P-521 key, ids 2, 3 and 4; gives PINs."""
    if shutil.which("softhsm2-util") is None or not MODULE.exists():
        pytest.skip("softhsm2 is not installed: nothing tests PKCS#11 here")
    pkcs11 = pytest.importorskip("pkcs11", reason="python-pkcs11 is not installed")
    from pkcs11.util.ec import encode_named_curve_parameters

    (tmp_path / "tokens").mkdir()
    (tmp_path / "softhsm2.conf").write_text(
        f"directories.tokendir = {tmp_path / 'tokens'}\nobjectstore.backend = file\n"
    )
    monkeypatch.setenv("SOFTHSM2_CONF", str(tmp_path / "softhsm2.conf"))
    monkeypatch.setenv("PYKCS11LIB", str(MODULE))
    subprocess.run(["softhsm2-util", "--init-token", "--free", "--label", "anna", "--pin", "1234",
                    "--so-pin", "5678"], check=True, capture_output=True)  # fmt: skip
    lib = pkcs11.lib(str(MODULE))
    lib.reinitialize()
    with lib.get_token(token_label="anna").open(user_pin="1234", rw=True) as session:
        for number, curve in ((2, "secp256r1"), (3, "secp384r1"), (4, "secp521r1")):
            parameters = session.create_domain_parameters(
                pkcs11.KeyType.EC,
                {pkcs11.Attribute.EC_PARAMS: encode_named_curve_parameters(curve)},
                local=True,
            )
            parameters.generate_keypair(store=True, id=bytes([number]), label=f"k{number}")
    yield lambda _: "1234"
    lib.finalize()


def test_a_token_signs_with_its_pin_and_says_what_is_wrong(
    token: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for uri, scheme in (("hsm:2?label=anna", "ecdsa-sha2-nistp256"),
                        ("hsm:3?label=anna", "ecdsa-sha2-nistp384")):  # fmt: skip
        public = public_half(uri, token)
        assert public.scheme == scheme
        public.verify_signature(UriSigner(uri, public, token).sign(b"payload"), b"payload")
    public = public_half("hsm:2?label=anna", token)
    for uri, pin, kind, said in (
        ("hsm:2?label=anna", "9999", AuthenticationFailed, "the PIN is wrong"),
        ("hsm:2?label=ben", "1234", NotAtHand, "no token is there"),
        ("hsm:9?label=anna", "1234", UsageError, "has no EC key"),
        ("hsm:two?label=anna", "1234", UsageError, "not written as"),
        ("hsm:3?label=anna", "1234", UsageError, "another key than its public half"),
    ):
        with pytest.raises(kind, match=said) as caught:
            UriSigner(uri, public, lambda _, pin=pin: pin).sign(b"payload")
        assert caught.value.help
        assert "9999" not in caught.value.message
    with pytest.raises(UsageError, match="curve"):
        public_half("hsm:4?label=anna", token)
    monkeypatch.delenv("PYKCS11LIB")
    with pytest.raises(NotAtHand, match="no PKCS#11 module") as caught:
        public_half("hsm:2", token)
    assert "PYKCS11LIB" in caught.value.help
