"""What is measured and logged, and where it is sent: one kind of sink per `type`."""

from typing import Annotated, Literal, TypeAlias

from pydantic import Field

from hybridspec.spec.quantity import Address, Duration, Name, SecretRef, Section, key

_URL = "^https?://[A-Za-z0-9][A-Za-z0-9.:_/?=&%~-]*$"


class Logs(Section):
    """What devices and stages log, and how long it is kept."""

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        key("Least severe message that is kept.", absent="`warning`: what somebody should see"),
    ] = "warning"
    retention: Annotated[
        Duration | None,
        key("Time for which logs are kept.", example="P7D", gt=0,
            absent="as long as the zone's retention"),
    ] = None  # fmt: skip
    summary: Annotated[
        Duration | None,
        key("Time that one summary covers when devices send summaries instead of lines.",
            example="P1D", gt=0, absent="lines are sent, no summaries"),
    ] = None  # fmt: skip


class Prometheus(Section):
    """Metrics that a Prometheus server inside a zone collects."""

    type: Annotated[Literal["prometheus"], key("Kind of sink.")]
    zone: Annotated[Name, key("Zone that the server stands in.", example="eu-plants")]


class Otlp(Section):
    """An OpenTelemetry collector."""

    type: Annotated[Literal["otlp"], key("Kind of sink.")]
    endpoint: Annotated[
        Address,
        key("Address of the collector.", example="https://otel.example:4317", pattern=_URL,
            max_length=400),
    ]  # fmt: skip
    country: Annotated[str, key("Country that the collector stands in.", example="DE")]
    token: Annotated[
        SecretRef | None,
        key("Reference to the access token.", example="secret://env/OTEL_TOKEN",
            absent="the collector asks for none"),
    ] = None  # fmt: skip


class Datadog(Section):
    """Datadog, by its site."""

    type: Annotated[Literal["datadog"], key("Kind of sink.")]
    site: Annotated[
        str,
        key("Datadog site, which decides where data is kept.", example="datadoghq.eu",
            pattern="^[a-z0-9][a-z0-9.-]*$", max_length=120),
    ]  # fmt: skip
    country: Annotated[str, key("Country that this site keeps data in.", example="DE")]
    api_key: Annotated[
        SecretRef, key("Reference to the API key.", example="secret://vault/datadog")
    ]


class Splunk(Section):
    """A Splunk HTTP event collector."""

    type: Annotated[Literal["splunk"], key("Kind of sink.")]
    endpoint: Annotated[
        Address,
        key("Address of the event collector.", example="https://splunk.example:8088",
            pattern=_URL, max_length=400),
    ]  # fmt: skip
    country: Annotated[str, key("Country that the collector stands in.", example="DE")]
    token: Annotated[
        SecretRef, key("Reference to the token.", example="secret://aws-sm/prod/splunk")
    ]


TelemetrySink: TypeAlias = Annotated[
    Prometheus | Otlp | Datadog | Splunk, Field(discriminator="type")
]


class Observability(Section):
    """What is measured, logged and sent."""

    metrics: Annotated[
        list[Literal["latency", "memory", "confidence", "drift"]],
        key("What devices measure.", example=["latency", "memory"],
            absent="what the trial of a release measures anyway"),
    ] = []  # fmt: skip
    logs: Annotated[
        Logs | None,
        key("What is logged.", example={"level": "warning", "retention": "P7D"},
            absent="warnings, as long as the zone's retention"),
    ] = None  # fmt: skip
    sinks: Annotated[
        list[TelemetrySink],
        key("Where metrics and logs are sent; all of them have to lie in the `logs` facet of "
            "every zone that has sites.", example=[{"type": "prometheus", "zone": "eu-plants"}],
            max_length=16, absent="nowhere; they stay on the devices"),
    ] = []  # fmt: skip
