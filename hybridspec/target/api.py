"""What a target is: facts, a pure emitter, and what it says about what it cannot express."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from hybridspec.ir.plan import CloudSlice, EdgeSlice

Context: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One file to write: a template of the target with its context, or finished bytes.

    Templates hold loops and names only. Values reach emitted Python through the `literal`
    filter, never as source text.
    """

    path: str
    template: str | None = None
    context: Context | None = None
    data: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsupported:
    """Something the slice asks that the target cannot express; becomes finding HS0501.

    `origin` is `file:line` of the request. What the spec `promised` to others, such as a
    retention, stops the build; what others than the spec decide, such as an organisation, is a
    `note`; the rest is a warning.
    """

    what: str
    instead: str
    origin: str
    promised: bool = False
    note: bool = False


Emitted: TypeAlias = tuple[Payload | Unsupported, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """A resource as an emitted program registers it; `region` is where its provider works."""

    type: str
    name: str
    region: str
    inputs: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A resource of an evaluated program, as a guard sees it.

    `outputs` are what the cloud would answer beside the inputs, `id` included: by them resources
    refer to each other.
    """

    type: str
    name: str
    region: str
    inputs: Mapping[str, Any]
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Emission:
    """What a guard is proved over: what is emitted for one zone, or carried to one device class.

    `region` is the zone's, `regions` those of every zone that shares the account, `program` the
    resources of all of them, `adopted` the names of what the zone has there already; a device class
    has none of these, and `files` by path instead. `told` are who may hear of alarms.
    """

    name: str
    region: str = ""
    regions: tuple[str, ...] = ()
    resources: tuple[Made, ...] = ()
    program: tuple[Made, ...] = ()
    adopted: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    files: Mapping[str, bytes] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[Made, ...]:
        """The resources of a type."""
        return tuple(made for made in self.resources if made.type == kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What keeps a claim about a place true, in what is emitted.

    It enforces the `facets` of the kinds of `assets` (`store`, `model`, `training`, `stage`,
    `account`: all that a zone has there). `missing` proves it: empty if it is there, else what
    lacks. `source` says what the guard does. One that is not `enforced` is written down, but
    nothing acts on it, which `title` then says.
    """

    id: str
    title: str
    facets: tuple[str, ...]
    assets: tuple[str, ...]
    source: str
    missing: Callable[[Emission], str]
    enforced: bool = True


@dataclass(frozen=True, slots=True)
class At:
    """Where a resource lies: in these regions, all of them; in an unknown place if there are none.

    What a cloud would add by itself, such as the paired region of a geo-replicated account, is one
    of them, in words.
    """

    regions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Beside:
    """Where a resource lies: with the one of the same program that has this name or identifier."""

    other: str


Where: TypeAlias = At | Beside


@dataclass(frozen=True, slots=True, kw_only=True)
class Sdk:
    """The Pulumi provider that a cloud's emitted programs use, and how it answers offline.

    `provider` begins the types of its resources, and `region_input` is the argument that fixes
    where a provider works. `where` says where a resource lies, `outputs` what the cloud would
    answer, inputs included; an output `id` is the identifier. The one group of `region_pattern`
    finds a region in a text, for texts with a place where a region stands; that of
    `address_pattern` the name of a store or registry, which has to be one of the same zone. `keeps`
    are the types that hold data or keys: each has to be protected from deletion. `replaces` says
    which arguments of a type, or of every type under `*`, cannot be changed in place.
    """

    provider: str
    distribution: str
    install: str
    where: Callable[[Registration], Where]
    outputs: Callable[[Registration], Mapping[str, Any]]
    region_input: str = "region"
    region_pattern: str = ""
    address_pattern: str = ""
    keeps: tuple[str, ...] = ()
    replaces: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A cloud or an edge platform; `package` holds `catalog.yaml` and `templates/`.

    A cloud `needs` services: a region that lacks one of them cannot be placed on. `guards` are
    what it emits to keep data where the plan says, `unguarded` why nothing it emits enforces a
    facet. `endpoints` names the hosts that a device reaches in a region. `controls` are those of
    the spec that what it emits carries out wherever it is emitted, each with how. `policies` is the
    policy pack beside a project, with a template `policy.py.j2`. A cloud `imports` what is there
    already if the engine then refuses whatever is not as it would have been made.
    """

    name: str
    package: str
    summary: str
    emit_cloud: Callable[[CloudSlice], Emitted] | None = None
    emit_edge: Callable[[EdgeSlice], Emitted] | None = None
    policies: Callable[[CloudSlice], Emitted] | None = None
    needs: tuple[str, ...] = ()
    controls: tuple[tuple[str, str], ...] = ()
    sdk: Sdk | None = None
    guards: tuple[Guard, ...] = ()
    unguarded: Mapping[str, str] = field(default_factory=dict)
    endpoints: Callable[[str], tuple[str, ...]] | None = None
    imports: bool = False

    @property
    def kind(self) -> str:
        """`cloud` or `edge`."""
        return "cloud" if self.emit_cloud else "edge"
