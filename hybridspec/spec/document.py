"""The root of a spec: version, metadata and the sections."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from hybridspec.spec.quantity import Day, Name, Section
from hybridspec.spec.rollout import Objective, Rollout
from hybridspec.spec.site import Cloud, DeviceClass, Site, Zone
from hybridspec.spec.workload import Data, Flow, Model

API_VERSION = "hybridspec.dev/v1"


class Metadata(Section):
    """Who owns the spec and on which date its legal facts are judged."""

    name: Annotated[Name, Field(description="Name of the system; prefixes every resource.")]
    owner: Annotated[
        str, Field(min_length=1, max_length=200, description="Team or person responsible.")
    ]
    as_of: Annotated[Day, Field(description="Date on which facts are judged.")]
    currency: Annotated[Literal["USD"], Field(description="Currency of every amount.")] = "USD"


class Spec(Section):
    """One hybrid AI system."""

    editor_schema: Annotated[
        str | None, Field(alias="$schema", description="JSON Schema for editors; ignored.")
    ] = None
    api_version: Annotated[
        Literal["hybridspec.dev/v1"],
        Field(alias="apiVersion", description="Version of the spec language."),
    ]
    metadata: Annotated[Metadata, Field(description="Name, owner and date.")]
    zones: Annotated[
        dict[Name, Zone], Field(min_length=1, max_length=200, description="Compliance zones.")
    ]
    devices: Annotated[
        dict[Name, DeviceClass],
        Field(min_length=1, max_length=200, description="Device classes."),
    ]
    sites: Annotated[dict[Name, Site], Field(min_length=1, max_length=20_000, description="Sites.")]
    clouds: Annotated[dict[Name, Cloud], Field(max_length=20, description="Cloud accounts.")] = {}
    data: Annotated[
        dict[Name, Data], Field(min_length=1, max_length=500, description="Data assets.")
    ]
    models: Annotated[dict[Name, Model], Field(max_length=500, description="Models.")] = {}
    flows: Annotated[
        dict[Name, Flow], Field(min_length=1, max_length=500, description="Data flows.")
    ]
    rollout: Annotated[Rollout, Field(description="How releases reach the fleet.")]
    objective: Annotated[Objective, Field(description="What placement minimises.")] = Objective()
