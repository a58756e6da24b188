"""What was last applied of a stack to its clouds: which plan, from which output, how far."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from hybridspec.base.errors import HybridspecError
from hybridspec.deliver.durable import write_durably
from hybridspec.deliver.stack import Stack

_SCHEMA = "hybridspec.dev/deployment/v1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """One cloud's project: the plan and the tree that were given to the engine, and whether it
    came to the end; `resources` are what the program asked for, by URN."""

    plan: str
    tree: str
    complete: bool
    resources: Mapping[str, Any] = field(default_factory=dict)
    published: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A stack as far as it was applied from here."""

    backend: str = ""
    output: str = ""
    clouds: Mapping[str, Applied] = field(default_factory=dict)

    def published(self, cloud: str) -> Mapping[str, Mapping[str, int]]:
        """What the stores of a cloud were brought to so far, by zone."""
        return self.clouds[cloud].published if cloud in self.clouds else {}

    def having(self, cloud: str, applied: Applied) -> Deployment:
        """The same, with one cloud as it is now."""
        return replace(self, clouds={**self.clouds, cloud: applied})

    def without(self, cloud: str) -> Deployment:
        """The same, with one cloud gone."""
        return replace(self, clouds={k: v for k, v in self.clouds.items() if k != cloud})


def load(stack: Stack) -> Deployment:
    """What was written down; nothing if nothing was.

    Raises:
        HybridspecError: something was, and cannot be read: it does not count as nothing.
    """
    path = stack.folder / "deployment.json"
    try:
        found: dict[str, Any] = json.loads(path.read_bytes())
        if found.pop("schema") != _SCHEMA:
            raise ValueError("another schema")
        clouds = {cloud: Applied(**row) for cloud, row in found.pop("clouds").items()}
        return Deployment(**found, clouds=clouds)
    except FileNotFoundError:
        return Deployment()
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as fault:
        raise HybridspecError(
            f"what was deployed of stack `{stack.name}` cannot be read: {path.name} is damaged",
            help=f"put a good copy back to {path.relative_to(stack.spec.parent)}; or move it away "
            f"and run `hybridspec up --stack {stack.name}`, which asks the backend what there is",
        ) from fault


def applied(stack: Stack) -> dict[str, Any]:
    """What the programs asked for when they were last given to the engine, cloud by cloud."""
    return {cloud: one.resources for cloud, one in load(stack).clouds.items()}


def save(stack: Stack, deployment: Deployment) -> None:
    """Write it down, before and after each cloud."""
    text = json.dumps({"schema": _SCHEMA, **asdict(deployment)}, indent=1, sort_keys=True)
    write_durably(stack.folder / "deployment.json", f"{text}\n".encode())
