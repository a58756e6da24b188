"""Replacing keys of a channel and taking releases back: one command, repeated until it is done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from hybridspec.base.errors import UsageError
from hybridspec.bundle.keys import RETIRING, ROOTS, Keyring, class_role
from hybridspec.bundle.offers import Offers, Wish
from hybridspec.bundle.repository import parsed
from hybridspec.bundle.rotation import begun, key_names, owners
from hybridspec.bundle.signing import ONLINE, TOP
from hybridspec.bundle.tiers import Served
from hybridspec.cli.channel import Published, published, standing
from hybridspec.deliver.signers.opening import read_public
from hybridspec.deliver.signers.stack_keys import StackKeys
from hybridspec.deliver.stack import Stack

There = Mapping[str, Mapping[str, bytes]]


def rotate(stack: Stack, channel: Path, keys: Keyring, role: str) -> Published:
    """Replace the keys of a role by new ones that the old root signs in.

    Raises:
        UsageError: the channel has no such role, or its production keys are what they were.
    """
    there, places = standing(channel)
    roles = _roles(places)
    if role not in roles:
        raise UsageError(f"the channel has no role `{role}`",
                         help=f"its roles are {', '.join(roles)}")  # fmt: skip
    if not keys.development:
        done = published(channel, there, places, keys)
        if not done.written:
            raise UsageError(
                f"nothing was replaced: the keys of `{role}` are those of the spec already",
                help=f"`hybridspec keys rotate KEY --stack {stack.name}` puts another in the place "
                f"of one, and publishes; `hybridspec keys list --stack {stack.name}` names them",
            )
        return done
    return _replaced(stack, channel, there, places, key_names(role))


def revoke_key(stack: Stack, channel: Path, keys: Keyring, keyid: str) -> Published | None:
    """Replace the one key whose id begins so; None if there is none.

    Raises:
        UsageError: several keys begin so, or it is a production key, which the spec names.
    """
    if isinstance(keys, StackKeys):
        named = {key.name for role in keys.roles for key in role.keys
                 if read_public(keys.folder / key.public).keyid.startswith(keyid)}  # fmt: skip
        for name in sorted(named):
            raise UsageError(
                f"{keyid} is production key `{name}`, which the spec names",
                help=f"`hybridspec keys rotate {name} --stack {stack.name}` replaces it there and "
                "in the channel",
            )
        return None
    there, places = standing(channel)
    names = owners(stack.keys(), keyid)
    if not names:
        return None
    if len(names) > 1:
        raise UsageError(f"{len(names)} keys begin with {keyid}", help="write more of the key's id")
    wanted = names if names[0] in ROOTS else key_names(names[0])
    return _replaced(stack, channel, there, places, wanted)


def _replaced(
    stack: Stack, channel: Path, there: There, places: Sequence[Served], names: Sequence[str]
) -> Published:
    """New keys on this disk, then metadata under them, then the old ones are gone."""
    from hybridspec.bundle.keys import DevelopmentKeys

    pems = begun(stack.keys(), names)
    stack.keep_keys(pems)
    done = published(channel, there, places, DevelopmentKeys(pems))
    stack.drop_keys([RETIRING + name for name in names])
    return done


def revoke_release(
    channel: Path, keys: Keyring, release: str, *, raise_epoch: bool
) -> tuple[Published, str] | None:
    """Take a release back from whatever class has it; None if no class ever had it."""
    there, places = standing(channel)
    found = sorted({
        (offers.device_class, one.release)
        for offers in offered(there) for one in offers.history
        if one.release.startswith(release)
    })  # fmt: skip
    if not found:
        return None
    if len(found) > 1:
        raise UsageError(f"{len(found)} releases begin with {release}",
                         help="write more of the release's name")  # fmt: skip
    name, whole = found[0]
    wish = Wish(device_class=name, withdraw=whole, raise_epoch=raise_epoch)
    return published(channel, there, places, keys, wishes=[wish]), name


def revert(channel: Path, keys: Keyring, device_class: str, release: str) -> Published:
    """Send the devices of a class back to a release that is still listed."""
    there, places = standing(channel)
    listed = [o for o in offered(there) if o.device_class == device_class or not device_class]
    found = [(o.device_class, name) for o in listed for name in o.listed
             if name.startswith(release)]  # fmt: skip
    if len(found) != 1:
        names = ", ".join(f"{name} of `{o.device_class}`" for o in listed for name in o.listed)
        raise UsageError(f"{len(found)} listed releases begin with {release}",
                         help=f"listed are {names or 'none'}")  # fmt: skip
    wish = Wish(device_class=found[0][0], revert=found[0][1])
    return published(channel, there, places, keys, wishes=[wish])


def offered(there: There) -> list[Offers]:
    """What every class of a channel lists."""
    return [
        Offers.of(role.removeprefix("class-"), metadata.signed)
        for found in there.values() for role, metadata in parsed(found).items()
        if role not in TOP
    ]  # fmt: skip


def _roles(places: Sequence[Served]) -> list[str]:
    """The names of roles as a keyring has them."""
    online = [one.repository.key(role) for one in places for role in ONLINE]
    classes = [class_role(name) for one in places for name in one.device_classes]
    return ["root", "targets", *online, *sorted(classes)]
