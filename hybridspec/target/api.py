"""What a target is: facts, a pure emitter, and what it says about what it cannot express."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from hybridspec.ir.plan import CloudSlice, EdgeSlice
from hybridspec.ir.release_slice import ReleaseSlice

Context: TypeAlias = Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Payload:
    """One file to write: a template of the target with its context, finished bytes, or a `blob`.

    Templates hold loops and names only. Values reach emitted Python through the `literal`
    filter, never as source text. A blob is the file of the release that has this SHA-256.
    """

    path: str
    template: str | None = None
    context: Context | None = None
    data: bytes | None = None
    blob: str | None = None


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
    has none of these, and `files` by path instead. `told` are the addresses that may hear of
    alarms, `registry` is what of `adopted` keeps images.
    """

    name: str
    region: str = ""
    regions: tuple[str, ...] = ()
    resources: tuple[Made, ...] = ()
    program: tuple[Made, ...] = ()
    adopted: frozenset[str] = frozenset()
    told: frozenset[str] = frozenset()
    registry: str = ""
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


ROLLOUT = ("cohorts", "soak", "failures", "windows", "deltas", "revert", "health")
"""What a release may ask of a platform: shares of a fleet one after the other, a time of watching
between them, an end where too many fail, hours of the site, small updates, a way back, a trial."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Feature:
    """Who does on a platform what a release asks for, and how, as a sentence without its end.

    `native` is the platform itself, `device` the agent on it, `controller` whoever drives the
    rollout from outside, `nobody` leaves it out.
    """

    name: Literal["cohorts", "soak", "failures", "windows", "deltas", "revert", "health"]
    by: Literal["native", "device", "controller", "nobody"]
    how: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A cloud, an edge platform or a form of releases; `package` holds its files.

    Clouds and platforms have `catalog.yaml` there, and `templates/` if they use any. A form has
    neither: it turns a release into another platform's documents, and `features` say who does there
    what the rollout asks for, each of `ROLLOUT` once.

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
    emit_form: Callable[[ReleaseSlice], Emitted] | None = None
    features: tuple[Feature, ...] = ()
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
        """`cloud`, `edge` or `form`; what is a form beside something else is that."""
        if self.emit_cloud is not None:
            return "cloud"
        return "edge" if self.emit_edge is not None else "form"
