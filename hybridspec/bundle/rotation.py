"""Replacing development keys: the old one stays until it has signed its successor in.

Each step can be repeated: what was begun is finished and not begun again.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from hybridspec.bundle.keys import RETIRING, ROOTS, DevelopmentKeys, complete


def key_names(role: str) -> tuple[str, ...]:
    """The names of the keys of a role; the online ones go together.

    A client forgets what it knew by them, which a thief may have set to the highest version, only
    if both are new.
    """
    if role == "root":
        return ROOTS
    kind, dash, tier = role.partition("-")
    if kind in ("snapshot", "timestamp"):
        return (f"snapshot{dash}{tier}", f"timestamp{dash}{tier}")
    return (role,)


def begun(pems: Mapping[str, bytes], names: Collection[str]) -> dict[str, bytes]:
    """Keys with new ones under these names, unless they are being replaced already."""
    waiting = [name for name in names if pems.get(RETIRING + name) in (None, pems.get(name))]
    old = {RETIRING + name: pems[name] for name in waiting if name in pems}
    rest = {name: pem for name, pem in pems.items() if name not in waiting}
    return {**complete({**rest, **old}, (), waiting).pems}


def ended(pems: Mapping[str, bytes]) -> dict[str, bytes]:
    """Keys without those that were replaced."""
    return {name: pem for name, pem in pems.items() if not name.startswith(RETIRING)}


def owners(pems: Mapping[str, bytes], keyid: str) -> tuple[str, ...]:
    """The names of the keys whose id begins so."""
    keys = DevelopmentKeys(pems)
    names = [name for name in pems if not name.startswith(RETIRING)]
    return tuple(n for n in names if keys.signer(n).public_key.keyid.startswith(keyid))
