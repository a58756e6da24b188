"""The root of a spec: version, metadata and the sections."""

from typing import Annotated, Literal

from hybridspec.spec.catalog_override import CatalogOverride
from hybridspec.spec.cloud import Cloud
from hybridspec.spec.composition import Composition
from hybridspec.spec.evidence import Role
from hybridspec.spec.flow import Flow
from hybridspec.spec.observability import Observability
from hybridspec.spec.policy import Plugin, Policy, Waiver
from hybridspec.spec.quantity import (
    Currency,
    CurrencyCode,
    Day,
    Duration,
    Exchange,
    Name,
    Section,
    key,
)
from hybridspec.spec.rollout import Objective, Rollout
from hybridspec.spec.site import DeviceClass, Site
from hybridspec.spec.stack import Stack
from hybridspec.spec.workload import Data, Model
from hybridspec.spec.zone import Zone

API_VERSION = "hybridspec.dev/v1"


class Controller(Section):
    """Who decides why and how personal data is processed."""

    name: Annotated[str, key("Legal name.", example="Acme GmbH", min_length=1, max_length=200)]
    contact: Annotated[
        str,
        key("Address or mailbox.", example="privacy@acme.example", min_length=1, max_length=200),
    ]
    country: Annotated[str, key("Country of establishment.", example="DE")]


class Contact(Section):
    """A person or office that can be reached."""

    name: Annotated[str, key("Name.", example="Kim Vogel", min_length=1, max_length=200)]
    contact: Annotated[
        str, key("Address or mailbox.", example="dpo@acme.example", min_length=1, max_length=200)
    ]


class Metadata(Section):
    """Who owns the spec and on which date its legal facts are judged."""

    name: Annotated[
        Name, key("Name of the system; prefixes every resource.", example="vibration-watch")
    ]
    owner: Annotated[
        str,
        key("Team or person responsible.", example="plant-reliability@acme.example",
            min_length=1, max_length=200),
    ]  # fmt: skip
    as_of: Annotated[
        Day,
        key("Date on which facts such as adequacy decisions and prices are judged.",
            example="2026-11-01"),
    ]  # fmt: skip
    warn_before: Annotated[
        Duration | None,
        key("How long before its last day a law, a decision or a document is warned of.",
            example="P180D", ge=0,
            absent="180 days: a contract or an approval that takes the place of another takes "
            "months"),
    ] = None  # fmt: skip
    facts_age: Annotated[
        Duration | None,
        key("Age from which on facts about law are stale and a warning says so.", example="P365D",
            gt=0, absent="1 year: decisions are reviewed and laws amended within years"),
    ] = None  # fmt: skip
    currency: Annotated[
        Currency,
        key("Currency that plan and reports are in; it needs a rate unless it is `USD`.",
            example="EUR",
            absent="`USD`: the catalogue's list prices are in it, and no rate is guessed"),
    ] = "USD"  # fmt: skip
    rates: Annotated[
        dict[CurrencyCode, Exchange],
        key("What one unit of each other currency in which amounts are written is worth on the "
            "day of `as_of`.", example={"EUR": "1.08 USD"}, max_length=200,
            absent="none; every amount is in `USD`, and no rate is ever looked up"),
    ] = {}  # fmt: skip
    description: Annotated[
        str | None,
        key("What the system is for, in a sentence or two.", max_length=2000,
            example="Finds bearing faults in machines before they stop.", absent="none"),
    ] = None  # fmt: skip
    controller: Annotated[
        Controller | None,
        key("Who decides why and how personal data is processed.",
            example={"name": "Acme GmbH", "contact": "privacy@acme.example", "country": "DE"},
            absent="not stated"),
    ] = None  # fmt: skip
    dpo: Annotated[
        Contact | None,
        key("Data protection officer.",
            example={"name": "Kim Vogel", "contact": "dpo@acme.example"}, absent="not stated"),
    ] = None  # fmt: skip
    roles: Annotated[
        list[Role],
        key("What the controller is under laws that depend on it.",
            example=["hipaa-covered-entity"], absent="none is claimed; such laws then bind a "
            "zone that names them under `regimes`"),
    ] = []  # fmt: skip


class Spec(Composition):
    """One hybrid AI system."""

    editor_schema: Annotated[
        str | None,
        key("JSON Schema for editors; ignored.", alias="$schema",
            example="schemas/hybridspec.schema.json",
            absent="editors take the schema from the first line's comment"),
    ] = None  # fmt: skip
    api_version: Annotated[
        Literal["hybridspec.dev/v1"], key("Version of the spec language.", alias="apiVersion")
    ]
    metadata: Annotated[
        Metadata,
        key("Name, owner and date.",
            example={"name": "vibration-watch", "owner": "plant-reliability@acme.example",
                     "as_of": "2026-11-01"}),
    ]  # fmt: skip
    zones: Annotated[
        dict[Name, Zone],
        key("Compliance zones by name.", example={"eu-plants": {"countries": ["EU"]}},
            min_length=1, max_length=200),
    ]  # fmt: skip
    devices: Annotated[
        dict[Name, DeviceClass],
        key("Device classes by name.",
            example={"gateway": {"board": "raspberry-pi-5", "max_offline": "P3D",
                                 "uplink": {"bandwidth": "20Mbit/s", "rtt": "35ms"}}},
            min_length=1, max_length=200),
    ]  # fmt: skip
    sites: Annotated[
        dict[Name, Site],
        key("Sites by name.",
            example={"stuttgart": {"country": "DE", "zone": "eu-plants",
                                   "devices": {"gateway": 3}}},
            min_length=1, max_length=20_000),
    ]  # fmt: skip
    clouds: Annotated[
        dict[Name, Cloud],
        key("Cloud accounts by name.",
            example={"aws": {"provider": "aws", "regions": ["eu-central-1"]}}, max_length=20,
            absent="none; everything runs and stays at the sites"),
    ] = {}  # fmt: skip
    catalog: Annotated[
        CatalogOverride,
        key("Rows of your own beside the catalogue's, and figures that replace its.",
            example={"boards": {"raspberry-pi-5": {"price": "82.50 USD"}}},
            absent="the catalogues of the installed targets as they are"),
    ] = CatalogOverride()  # fmt: skip
    data: Annotated[
        dict[Name, Data],
        key("Data assets by name.",
            example={"vibration": {"category": "system.operations", "size": "4KiB",
                                   "rate": "2000/s"}},
            min_length=1, max_length=500),
    ]  # fmt: skip
    models: Annotated[
        dict[Name, Model],
        key("Models by name.",
            example={"bearing-fault": {"source": "model/bearing_fault.onnx", "floor": 0.93,
                                       "allowed_drop": 0.01,
                                       "evaluation": "model/evaluation.npz"}},
            max_length=500, absent="none; flows only transform"),
    ] = {}  # fmt: skip
    flows: Annotated[
        dict[Name, Flow],
        key("Data flows by name.",
            example={"watch": {"data": "vibration", "stages": {
                "alert": {"sink": "alert", "inputs": ["vibration"]}}}},
            min_length=1, max_length=5_000),
    ]  # fmt: skip
    rollout: Annotated[
        Rollout,
        key("How releases reach the fleet.",
            example={"cohorts": [{"name": "fleet", "percent": 100, "max_failures": "5%"}]}),
    ]  # fmt: skip
    observability: Annotated[
        Observability | None,
        key("What is measured, logged and sent.", example={"metrics": ["latency"]},
            absent="devices measure what the trial of a release needs, and send nothing"),
    ] = None  # fmt: skip
    objective: Annotated[
        Objective,
        key("What placement minimises.", example={"horizon": "P3Y"},
            absent="total cost of ownership over three years"),
    ] = Objective()  # fmt: skip
    policies: Annotated[
        dict[Name, Policy],
        key("Rules of your own by name; they only add restrictions.",
            example={"no-us": {"forbid": {"countries": ["US"]}, "reason": "contract"}},
            max_length=200, absent="none beyond the zones"),
    ] = {}  # fmt: skip
    plugins: Annotated[
        list[Plugin],
        key("Rules in Python that judge the placement; each is an installed package.",
            example=[{"name": "acme-rules", "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"
                      "2b0b822cd15d6c15b0f00a08"}],
            max_length=20, absent="none runs, whatever is installed"),
    ] = []  # fmt: skip
    waivers: Annotated[
        list[Waiver],
        key("Findings that somebody answers for.",
            example=[{"rule": "HS0307", "at": "devices.line-server", "reason": "for spring",
                      "approver": "plant-lead@acme.example", "expires": "2027-01-31"}],
            max_length=200, absent="none"),
    ] = []  # fmt: skip
    stacks: Annotated[
        dict[Name, Stack],
        key("Deployments by name, beside the built-in `local`.",
            example={"prod": {"clouds": ["aws"]}}, max_length=50, absent="`local` alone"),
    ] = {}  # fmt: skip
