"""Compliance zones: where each facet of their data may lie, under which law and for how long."""

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import BeforeValidator, GetJsonSchemaHandler

from hybridspec.spec.evidence import Evidence
from hybridspec.spec.quantity import (
    DURATION_SCHEMA,
    Day,
    Duration,
    Section,
    as_duration,
    key,
)
from hybridspec.spec.site import Capability

Regime: TypeAlias = Literal[
    "gdpr", "uk-gdpr", "hipaa", "pipl", "lgpd", "dpdp", "in-spdi", "us-doj-data", "eu-ai-act",
    "nis2", "data-act", "iec-62443",
]  # fmt: skip

Mechanism: TypeAlias = Literal[
    "scc", "bcr", "idta", "uk-addendum", "consent", "contract", "adequacy", "cac-assessment",
    "cac-filing", "certification", "derogation",
]  # fmt: skip

Control: TypeAlias = Literal[
    "encryption-at-rest", "encryption-in-transit", "audit-log", "access-review", "pseudonymisation"
]

Protection: TypeAlias = Literal["software", "hsm"]

Countries: TypeAlias = list[str]

_AS_ZONE = "the zone's `countries`, which every facet has to keep anyway"


def _facet(what: str, example: str = "DE") -> Any:
    return key(
        f"Countries {what}; they narrow `countries` and never widen it.", example=[example],
        absent=_AS_ZONE, min_length=1, max_length=250,
    )  # fmt: skip


def _people(what: str) -> Any:
    """A facet of people and metadata, which no list of countries binds but its own."""
    return key(
        f"Countries {what}; they may be others than `countries`. A provider for which nobody "
        "states them is then refused, unless that is waived.", example=["EU"],
        absent="no country is asked for; the report lists who is known to be where",
        min_length=1, max_length=250,
    )  # fmt: skip


class Facets(Section):
    """Countries for single facets of a zone's data."""

    process: Annotated[Countries | None, _facet("in which the data may be computed on", "EU")] = (
        None
    )
    store: Annotated[
        Countries | None,
        _facet("in which the data may be kept, beyond what devices hold while they work"),
    ] = None
    ciphertext: Annotated[
        Countries | None, _facet("in which the data may be kept encrypted, under keys held apart")
    ] = None
    transit: Annotated[Countries | None, _facet("that the data may pass through", "EU")] = None
    keys: Annotated[Countries | None, _facet("in which encryption keys may be held")] = None
    key_admin: Annotated[
        Countries | None, _facet("from which people may administer encryption keys")
    ] = None
    backup: Annotated[Countries | None, _facet("in which backups may be kept")] = None
    logs: Annotated[Countries | None, _facet("in which logs and telemetry may be kept", "EU")] = (
        None
    )
    model: Annotated[
        Countries | None, _facet("in which weights that learnt from the data may be kept")
    ] = None
    support: Annotated[
        Countries | None, _people("from which a provider's staff may see the data")
    ] = None
    control_plane: Annotated[
        Countries | None, _people("in which a provider may hold names and settings")
    ] = None
    operator: Annotated[
        Countries | None, _people("whose law may bind the provider that runs a region")
    ] = None


class Retention(Section):
    """How long stored data has to be kept and may be kept."""

    at_least: Annotated[
        Duration | None,
        key("Shortest time that stored data has to be kept.", example="P7D", gt=0,
            absent="no duty to keep; few laws have one"),
    ] = None  # fmt: skip
    at_most: Annotated[
        Duration | None,
        key("Longest time that stored data may be kept.", example="P30D",
            absent="no limit is stated; stores then keep what they get"),
    ] = None  # fmt: skip


class _OrDuration:
    """Shows in the JSON Schema that a plain duration will do."""

    def __get_pydantic_json_schema__(
        self, schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [DURATION_SCHEMA, handler(schema)]}


def _retention(value: object) -> object:
    if isinstance(value, (dict, Retention)):
        return value
    return Retention.model_construct(at_most=as_duration(value))


RetentionOrLimit: TypeAlias = Annotated[Retention, BeforeValidator(_retention), _OrDuration()]
"""`{at_least, at_most}`, or a plain duration for `at_most`."""


class Transfer(Section):
    """Why data of the zone may reach a country beyond the law's own area."""

    to: Annotated[str, key("Country, or bloc, that receives data.", example="US", max_length=40)]
    mechanism: Annotated[
        Mechanism,
        key("Legal ground: standard clauses (`scc`), binding rules (`bcr`), the UK's agreement "
            "(`idta`) or addendum, `consent`, a `contract` with the person, an `adequacy` "
            "decision, an assessment by China's CAC, a filing with it or a `certification`, or a "
            "`derogation` for a single case.", example="scc"),
    ]  # fmt: skip
    evidence: Annotated[
        str | None,
        key("Document that proves it, relative to the spec, or its address.",
            example="legal/scc-2026.pdf", min_length=1, max_length=1024,
            absent="none; only an `adequacy` decision is public enough to need none"),
    ] = None  # fmt: skip
    expires: Annotated[
        Day | None,
        key("Last day on which the mechanism holds.", example="2027-12-31",
            absent="it does not expire by itself"),
    ] = None  # fmt: skip
    recipient: Annotated[
        str | None,
        key("Cloud of the spec, or type of a telemetry sink, that the document is with; no other "
            "recipient may rest on it.", example="aws", min_length=1, max_length=60,
            absent="whoever receives data there; state it, since a contract has two parties"),
    ] = None  # fmt: skip


class Keys(Section):
    """Where encryption keys are held and what guards them."""

    custody: Annotated[
        Literal["in-zone"],
        key("Where they are held: only inside the zone's countries.",
            absent="`in-zone`; there is no other way"),
    ] = "in-zone"  # fmt: skip
    protection: Annotated[
        Protection,
        key("What guards them: `hsm` is a validated hardware module, and a region without one is "
            "refused.", example="hsm", absent="`software`: whatever the cloud keeps keys in"),
    ] = "software"  # fmt: skip


KEYS = Keys()


class _OrCustody:
    """Shows in the JSON Schema that the custody alone will do."""

    def __get_pydantic_json_schema__(
        self, schema: Any, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {"anyOf": [{"type": "string", "enum": ["in-zone"]}, handler(schema)]}


def _keys(value: object) -> object:
    return {"custody": value} if isinstance(value, str) else value


KeysOrCustody: TypeAlias = Annotated[Keys, BeforeValidator(_keys), _OrCustody()]
"""`{custody, protection}`, or the custody alone."""


class Zone(Section):
    """A compliance zone: the countries in which every facet of its data has to stay."""

    countries: Annotated[
        Countries,
        key("ISO country codes, the blocs `EU` and `EEA`, or `adequate(EU)`: countries that the "
            "European Commission found adequate and whose decision holds at `as_of`.",
            example=["EU"], min_length=1, max_length=250),
    ]  # fmt: skip
    regimes: Annotated[
        list[Regime],
        key("Laws and standards that bind the zone's data.", example=["gdpr"],
            absent="none is claimed; personal data born in the EEA is under the GDPR anyway"),
    ] = []  # fmt: skip
    facets: Annotated[
        Facets | None,
        key("Countries for single facets, where they are others than the zone's.",
            example={"keys": ["DE"], "logs": ["EU"]}, absent="`countries` holds for every facet"),
    ] = None  # fmt: skip
    keys: Annotated[
        KeysOrCustody,
        key("Where encryption keys are held, which is inside the zone's countries alone, and what "
            "guards them.", example={"custody": "in-zone", "protection": "hsm"},
            absent="`in-zone`; there is no other way"),
    ] = KEYS  # fmt: skip
    retention: Annotated[
        RetentionOrLimit | None,
        key("Longest time any stored data may be kept, or the shortest and the longest.",
            example="P30D", absent="no limit is stated; stores then keep what they get"),
    ] = None  # fmt: skip
    controls: Annotated[
        list[Control],
        key("Controls that everything in the zone has to have.", example=["audit-log"],
            absent="those that the compiler always emits"),
    ] = []  # fmt: skip
    device_trust: Annotated[
        list[Capability],
        key("Security functions that every device in the zone has to have.",
            example=["secure-boot", "encrypted-storage"],
            absent="those alone that the zone's laws ask for"),
    ] = []  # fmt: skip
    evidence: Annotated[
        list[Evidence],
        key("Documents that show what the zone's laws ask for.",
            example=[{"kind": "dpia", "document": "legal/dpia.md", "expires": "2027-12-31"}],
            max_length=100, absent="none; what a law asks for is listed as open"),
    ] = []  # fmt: skip
    transfers: Annotated[
        list[Transfer],
        key("Grounds on which data may reach countries beyond the law's own area.",
            example=[{"to": "US", "mechanism": "scc", "evidence": "legal/scc-2026.pdf"}],
            max_length=250, absent="none; such countries are refused"),
    ] = []  # fmt: skip
    courier_delay: Annotated[
        Duration,
        key("Time an update may travel by courier before a device sees it; it lengthens the "
            "validity of update metadata.", example="P2D", absent="0: updates come by network"),
    ] = 0  # fmt: skip
