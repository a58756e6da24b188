"""What a spec is put together from: included files, variables and tables of sites."""

from typing import TYPE_CHECKING, Annotated, Any

from pydantic import create_model
from pydantic.fields import FieldInfo

from hybridspec.spec.quantity import Name, Section, key
from hybridspec.spec.site import Site

MAX_FILES = 64
"""How many files one spec may be put together from."""


class Variable(Section):
    """A value that comes from the environment, or else from its default."""

    env: Annotated[
        str | None,
        key("Environment variable that gives the value.", example="PLANT_UPLINK",
            pattern="^[A-Za-z_][A-Za-z0-9_]{0,199}$", absent="none; the default holds"),
    ] = None  # fmt: skip
    default: Annotated[
        str | int | float | bool | None,
        key("Value where the environment has none.", example="20Mbit/s",
            absent="none; the environment has to have one"),
    ] = None  # fmt: skip
    description: Annotated[
        str | None,
        key("What the value is, for whoever sets it.", example="Upload rate of a plant",
            max_length=1000, absent="none"),
    ] = None  # fmt: skip


class _Table(Section):
    file: Annotated[
        str,
        key("CSV file in the spec's folder; its columns are `name`, `country`, `zone`, "
            "`devices.<class>` and every other key of a site, such as `uplink.rtt`.",
            example="sites.csv", min_length=1, max_length=1024),
    ]  # fmt: skip


def _shared(info: FieldInfo) -> tuple[Any, Any]:
    """A key of a site as something that all sites of a table share."""
    described = key(
        f"For every site whose row says nothing else: {info.description}",
        example=(info.examples or [None])[0], absent="what the columns of the table say",
    )  # fmt: skip
    written: Any = info.annotation
    annotated: Any = Annotated
    return annotated[(written | None, *info.metadata, described)], None


if TYPE_CHECKING:
    SiteTable = _Table
else:
    SiteTable = create_model(
        "SiteTable",
        __base__=_Table,
        __doc__="Sites from a CSV file, one a row; what they share is written once, here.",
        **{name: _shared(info) for name, info in Site.model_fields.items()},
    )


class Composition(Section):
    """The sections that are gone once the spec is put together."""

    include: Annotated[
        list[str],
        key("Files inside the spec's folder, laid beneath this one: the later file wins over the "
            "earlier, and this one over all.", example=["parts/devices.yaml"],
            max_length=MAX_FILES, absent="none; the spec is one file"),
    ] = []  # fmt: skip
    variables: Annotated[
        dict[Name, Variable],
        key("Values from the environment by name; `${name}` in a value stands for one.",
            example={"uplink": {"env": "PLANT_UPLINK", "default": "20Mbit/s"}},
            max_length=200, absent="none"),
    ] = {}  # fmt: skip
    site_tables: Annotated[
        dict[Name, SiteTable],
        key("Sites from CSV files.", example={"shops": {"file": "sites.csv", "zone": "eu-shops"}},
            max_length=MAX_FILES, absent="none"),
    ] = {}  # fmt: skip
