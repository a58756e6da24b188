"""Accounts of clouds: their regions, prices, limits, contracts, and what is there already."""

from typing import Annotated

from hybridspec.spec.evidence import Agreement
from hybridspec.spec.quantity import Money, Name, Section, key


class CloudPrices(Section):
    """Agreed prices of an account, in place of the catalogue's list prices."""

    storage_gb_month: Annotated[
        Money | None,
        key("Object storage, per GB and month.", example="0.02 USD", absent="the list price"),
    ] = None
    egress_gb: Annotated[
        Money | None,
        key("Traffic to the internet, per GB.", example="0.05 USD", absent="the list price"),
    ] = None
    inference_gb_second: Annotated[
        Money | None,
        key("Serverless inference, per GB of memory and second.", example="0.00001 USD",
            absent="the list price"),
    ] = None  # fmt: skip
    training_hour: Annotated[
        Money | None,
        key("One hour of the training instance.", example="0.2 USD", absent="the list price"),
    ] = None
    key_month: Annotated[
        Money | None,
        key("One customer key, per month.", example="1 USD", absent="the list price"),
    ] = None
    registry_gb_month: Annotated[
        Money | None,
        key("Container registry, per GB and month.", example="0.1 USD", absent="the list price"),
    ] = None
    services: Annotated[
        dict[Name, Money],
        key("Managed services by the name of their row in `charges` of the catalogue.",
            example={"hub": "20 USD"}, max_length=64, absent="the list prices"),
    ] = {}  # fmt: skip


class Quotas(Section):
    """Limits that the provider has set for an account."""

    training_instances: Annotated[
        int | None,
        key("Training instances that may run at once in each region.", example=4, ge=0,
            le=1_000_000, absent="not known, so nothing is checked against it"),
    ] = None  # fmt: skip
    inference_concurrency: Annotated[
        int | None,
        key("Cloud stages that may work at once in each region; 70 % of them are planned with.",
            example=100, ge=0, le=1_000_000,
            absent="not known, so nothing is checked against it"),
    ] = None  # fmt: skip


_IDENTIFIER = "^[A-Za-z0-9/][A-Za-z0-9._:/@-]*$"


class Existing(Section):
    """What a zone has in an account already, named as its cloud names it."""

    bucket: Annotated[
        str | None,
        key("Bucket or container that is the zone's store; the stack sets up what lies in it, and "
            "never deletes it.", example="acme-plants-data", pattern=_IDENTIFIER, max_length=400,
            absent="the stack makes one"),
    ] = None  # fmt: skip
    registry: Annotated[
        str | None,
        key("Registry of container images.", example="acme-plants", pattern=_IDENTIFIER,
            max_length=400, absent="the stack makes one"),
    ] = None  # fmt: skip
    encryption_key: Annotated[
        str | None,
        key("Customer key that everything of the zone is encrypted with.",
            example="arn:aws:kms:eu-central-1:123456789012:key/1f", pattern=_IDENTIFIER,
            max_length=400, absent="the stack makes one"),
    ] = None  # fmt: skip


class Cloud(Section):
    """A cloud account and the regions that may be used."""

    provider: Annotated[str, key("Cloud target.", example="aws")]
    regions: Annotated[
        list[str],
        key("Regions that the compiler may choose from.",
            example=["eu-central-1", "eu-west-3"], min_length=1, max_length=200),
    ]  # fmt: skip
    account: Annotated[
        str | None,
        key("Account, subscription or project that everything is deployed to.",
            example="123456789012", pattern="^[A-Za-z0-9][A-Za-z0-9._:/-]*$", max_length=120,
            absent="whichever the provider's credentials belong to"),
    ] = None  # fmt: skip
    prices: Annotated[
        CloudPrices | None,
        key("Prices agreed for this account, in all of its regions.",
            example={"storage_gb_month": "0.02 USD"}, absent="the catalogue's list prices"),
    ] = None  # fmt: skip
    administered_from: Annotated[
        list[str] | None,
        key("Countries, or blocs, in which the people work who administer this account and its "
            "encryption keys.", example=["DE"], min_length=1, max_length=250,
            absent="nobody states it: a gap wherever key administration matters"),
    ] = None  # fmt: skip
    quotas: Annotated[
        Quotas | None,
        key("Limits of this account.", example={"training_instances": 4},
            absent="not known, so nothing is checked against them"),
    ] = None  # fmt: skip
    agreements: Annotated[
        list[Agreement],
        key("Contracts with the operator that laws ask for.",
            example=[{"kind": "baa", "document": "legal/baa.md", "expires": "2027-12-31"}],
            max_length=50, absent="none; what a law asks for is listed as open"),
    ] = []  # fmt: skip
    existing: Annotated[
        dict[Name, Existing],
        key("What is there already, by zone: the stack refers to it and does not make it.",
            example={"eu-plants": {"bucket": "acme-plants-data"}}, max_length=1000,
            absent="nothing; the stack makes all that it needs"),
    ] = {}  # fmt: skip
