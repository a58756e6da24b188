"""Where the engine keeps a stack's state and secrets, and the environment that it runs in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from hybridspec.base.errors import UsageError
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.stack import Stack

_PASSPHRASE = ("PULUMI_CONFIG_PASSPHRASE", "PULUMI_CONFIG_PASSPHRASE_FILE")


def folder(stack: Stack) -> Path:
    """Everything of a stack that the engine works on, on this machine."""
    return stack.folder / "engine"


def address(stack: Stack, written: str, environment: Mapping[str, str]) -> str:
    """Where the state is kept: as the spec says, else the environment, else beside the spec."""
    # Without files of attributes, of which a kill may leave an empty one that nothing can read.
    local = f"file://{(folder(stack) / 'state').resolve()}?metadata=skip"
    return written or environment.get("PULUMI_BACKEND_URL", "") or local


def surroundings(stack: Stack, written: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The engine's environment: the user's own, with the backend fixed and nobody asked anything.

    Raises:
        UsageError: a backend that others share needs a passphrase, and there is none.
    """
    where = address(stack, written, environment)
    made = {
        **environment,
        "PULUMI_BACKEND_URL": where,
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_SKIP_CONFIRMATIONS": "true",
        "PULUMI_DISABLE_CI_DETECTION": "true",
    }
    given = any(name in environment for name in _PASSPHRASE)
    if given or where.startswith(("https://", "http://")):
        return made
    if where.startswith(f"file://{stack.folder.resolve()}"):
        made[_PASSPHRASE[1]] = str(folder(stack) / "passphrase")
        return made
    raise UsageError(
        f"the state of stack `{stack.name}` is kept in {where}, and there is no passphrase for "
        "the secrets in it",
        help="set `PULUMI_CONFIG_PASSPHRASE_FILE` to a file that everybody who deploys has",
    )


def prepare(stack: Stack) -> None:
    """Room for a state that is kept here, and a passphrase that only this machine has."""
    (folder(stack) / "state").mkdir(parents=True, exist_ok=True)
    path = folder(stack) / "passphrase"
    if not path.is_file():
        write_durably(path, secrets.token_urlsafe(32).encode(), mode=0o600)


def untouched(stack: Stack, written: str, environment: Mapping[str, str]) -> bool:
    """Whether the state would be kept here, and there is none."""
    here = address(stack, written, environment) == address(stack, "", {})
    return here and not (folder(stack) / "state").is_dir()
