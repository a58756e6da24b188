"""What the engine knows of a stack, as it exports it: resources, what is open, and outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

_STACK = "pulumi:pulumi:Stack"
_SECRET = "4dabf18193072939515e22adb298388d"  # noqa: S105 - what marks one, not one
_PROVIDER = "pulumi:providers:"


@dataclass(frozen=True, slots=True)
class Held:
    """A resource that the engine has made; `custom` ones exist in the cloud."""

    urn: str
    type: str
    name: str
    identity: str
    protect: bool
    custom: bool


@dataclass(frozen=True, slots=True)
class Pending:
    """An operation that was begun and whose end the engine never saw."""

    urn: str
    type: str
    name: str
    operation: str
    known_as: str
    """The name that the resource was to get, if the program fixes one."""


@dataclass(frozen=True, slots=True)
class Output:
    """A value that a project hands out: whose, which, of which kind, and secret or not."""

    zone: str
    name: str
    kind: str
    value: Any
    secret: bool


@dataclass(frozen=True, slots=True)
class State:
    """A stack's resources, its open operations and its outputs."""

    resources: tuple[Held, ...] = ()
    pending: tuple[Pending, ...] = ()
    outputs: tuple[Output, ...] = ()

    @property
    def real(self) -> tuple[Held, ...]:
        """What exists in the cloud."""
        return tuple(r for r in self.resources if r.custom and not r.type.startswith(_PROVIDER))

    @property
    def protected(self) -> tuple[Held, ...]:
        """Stores and keys: what is not deleted by mistake."""
        return tuple(r for r in self.real if r.protect)


def read(exported: str) -> State:
    """A State from what `pulumi stack export` prints; an empty one from nothing."""
    document = json.loads(exported) if exported.strip() else {}
    deployment = (document.get("deployment") or {}) if isinstance(document, dict) else {}
    resources = deployment.get("resources") or ()
    return State(
        resources=tuple(_held(r) for r in resources),
        pending=tuple(
            _pending(one["resource"], one["type"])
            for one in deployment.get("pending_operations") or ()
        ),
        outputs=tuple(sorted(_outputs(resources), key=lambda o: (o.zone, o.name))),
    )


def settled(exported: str, adopted: Mapping[str, str]) -> str:
    """The same state with nothing open: what was adopted is a resource, by its identifier.

    A refresh afterwards reads what it is like, and drops it if it does not exist.
    """
    document = json.loads(exported)
    deployment = document["deployment"]
    for one in deployment.pop("pending_operations", None) or ():
        row = one["resource"]
        if one["type"] == "creating" and row["urn"] in adopted:
            known = {"outputs": row.get("inputs") or {}, **row, "id": adopted[row["urn"]]}
            deployment["resources"].append(known)
    return json.dumps(document)


def _held(row: Mapping[str, Any]) -> Held:
    return Held(
        urn=row["urn"], type=row["type"], name=row["urn"].rpartition("::")[2],
        identity=str(row.get("id", "")), protect=bool(row.get("protect")),
        custom=bool(row.get("custom")),
    )  # fmt: skip


def _pending(row: Mapping[str, Any], operation: str) -> Pending:
    inputs = row.get("inputs") or {}
    fixed = [v for k, v in sorted(inputs.items()) if k == "name" or k.endswith("Name")]
    return Pending(
        urn=row["urn"], type=row["type"], name=row["urn"].rpartition("::")[2],
        operation=operation, known_as=next((v for v in fixed if isinstance(v, str)), ""),
    )  # fmt: skip


def _outputs(resources: Any) -> Iterator[Output]:
    """The stack's outputs; a secret says that it is one, and no more."""
    for row in resources:
        if row["type"] != _STACK:
            continue
        for key, value in (row.get("outputs") or {}).items():
            zone, colon, name = key.partition(":")
            secret = isinstance(value, dict) and _SECRET in value
            yield Output(
                zone=zone if colon else "", name=name if colon else key,
                kind="secret" if secret else _kind(value), value=None if secret else value,
                secret=secret,
            )  # fmt: skip


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "array" if isinstance(value, list) else "object"
