"""`keys sign` and `keys ceremony`: what a request means, one person's signature, and the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from securesystemslib.signer import Key, SecretsHandler

from hybridspec.base.errors import Cancelled, UsageError
from hybridspec.bundle.meaning import meaning
from hybridspec.bundle.request import LARGEST, Request, partial, read
from hybridspec.cli.keys_making import unnumbered
from hybridspec.cli.keys_stated import secrets
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.signers.opening import UriSigner, located, public_half, read_public


def opened(path: Path) -> Request:
    """The request in a file that came by mail.

    Raises:
        UsageError: it cannot be read; or, `Tampered`, it is not what it was.
    """
    try:
        with path.open("rb") as stream:
            return read(stream.read(LARGEST + 1))
    except OSError as fault:
        raise UsageError(f"`{path}` cannot be read: {fault.strerror}",
                         help="name the request that you were sent") from None  # fmt: skip


def shown(request: Request) -> str:
    """What signing means, from the metadata itself."""
    head = f"{request.spec}, stack {request.stack}, request {request.digest[:12]} of "
    return "\n".join([f"{head}{request.created:%Y-%m-%d %H:%M} UTC", *meaning(request)])


def sign(
    path: Path, uri: str, public: Path | None, agree: Callable[[str], bool], out: Path | None
) -> Path:
    """Sign a request with one key, once its holder has seen what it means.

    Raises:
        UsageError: nobody asked this key, or it has signed.
        Cancelled: the holder does not want it.
    """
    request = opened(path)
    where = located(uri, Path.cwd())
    ask = _once(secrets().of(called(uri)))
    key = read_public(public) if public is not None else public_half(where, ask)
    wanted = {folder: part.wanted(key.keyid) for folder, part in request.parts.items()}
    _asked(request, key, wanted)
    if not agree(shown(request)):
        raise Cancelled("nothing was signed", help="tell whoever sent the request why")
    signer = UriSigner(where, key, ask)
    signatures = {
        folder: {n: signer.sign(request.parts[folder].roles[n].signed_bytes).signature
                 for n in names}
        for folder, names in wanted.items() if names
    }  # fmt: skip
    to = out or path.with_name(f"{path.stem}.{key.keyid[:8]}.json")
    write_durably(to, partial(request, key.keyid, signatures))
    return to


def called(uri: str) -> str:
    """What a key is called where there is no spec: as its file, whatever number `rotate` gave it.

    >>> called("file:../keys/anna-2.key"), called("hsm:2?label=ben")
    ('anna', 'signer')
    """
    scheme, _, rest = uri.partition(":")
    return unnumbered(Path(rest).stem) if scheme == "file" else "signer"


def _asked(request: Request, key: Key, wanted: dict[str, tuple[str, ...]]) -> None:
    if any(wanted.values()):
        return
    if request.key(key.keyid) is None:
        raise UsageError(
            f"nobody asked this key to sign ({key.keyid[:8]})",
            help="name another key, or compare the public half in the spec with yours",
        )
    raise UsageError(f"nothing is left to sign for {request.who(key.keyid)}",
                     help="send back the file that you wrote already")  # fmt: skip


def _once(ask: SecretsHandler) -> SecretsHandler:
    """Ask for each secret once, and keep it while this command runs."""
    held: dict[str, str] = {}

    def answer(what: str) -> str:
        if what not in held:
            held[what] = ask(what)
        return held[what]

    return answer
