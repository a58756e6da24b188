"""`keys sign` and `keys ceremony`: what a request means, one person's signature, and the rest."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from securesystemslib.signer import Key, SecretsHandler
from tuf.api.exceptions import RepositoryError
from tuf.api.metadata import Metadata, Root

from hybridspec.base.errors import Cancelled, UsageError
from hybridspec.base.source import printable
from hybridspec.bundle.meaning import meaning
from hybridspec.bundle.request import LARGEST, Request, partial, prove, read
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


def shown(request: Request, proof: str = "") -> str:
    """What signing means, from the metadata itself."""
    head = f"{printable(request.spec)[:80]}, stack {printable(request.stack)[:80]}, request "
    when = f"{request.digest[:32]} of {request.created:%Y-%m-%d %H:%M} UTC"
    lines = [head + when, *meaning(request), *([proof] if proof else [])]
    return "\n".join(lines)


UNPROVED = (
    "who holds a key, and what was before, is what the request says: nothing here proves it; name "
    "a root that you know with --root, or compare the request's digest by telephone"
)
PROVED = "what was before is proved by the root that you named; who holds a key is not"


def sign(
    path: Path, uri: str, public: Path | None, agree: Callable[[str], bool], out: Path | None,
    root: Path | None = None,
) -> Path:  # fmt: skip
    """Sign a request with one key, once its holder has seen what it means.

    Raises:
        UsageError: nobody asked this key, or it has signed.
        Cancelled: the holder does not want it.
    """
    request = opened(path)
    if root is not None:
        prove(request, _root(root))
    where = located(uri, Path.cwd())
    ask = _once(secrets().of(called(uri)))
    key = read_public(public) if public is not None else public_half(where, ask)
    wanted = {folder: part.wanted(key.keyid) for folder, part in request.parts.items()}
    _asked(request, key, wanted)
    if not agree(shown(request, UNPROVED if root is None else PROVED)):
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


def _root(path: Path) -> Metadata[Root]:
    try:
        return Metadata[Root].from_bytes(path.read_bytes())
    except (OSError, RepositoryError):
        raise UsageError(f"`{path}` is no root of a channel",
                         help="name the `root.json` of `keys export-public`") from None  # fmt: skip


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
