"""Rows of the catalogue in a spec: laid over the shipped ones, dated, or refused."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
import yaml
from unit.resolve.lowering import spec

from hybridspec.base.diagnostic import Diagnostic, Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.bind import bind
from hybridspec.load.catalog import catalogs_of
from hybridspec.load.yaml import parse
from hybridspec.spec.catalog import Catalog
from hybridspec.spec.document import Spec

NEW_BOARD = {
    "title": "Mine", "architecture": "arm64", "memory": "8GiB", "reserved_memory": "1GiB",
    "disk": "64GB", "life": "P5Y", "capabilities": [],
}  # fmt: skip
NEW_REGION = {
    "country": "DE", "partition": "aws", "place": "Leipzig", "services": ["s3"],
    "prices": {"storage_gb_month": "0.02 USD", "egress_gb": "0.09 USD",
               "inference_gb_second": "0.00002 USD", "training_hour": "0.3 USD",
               "key_month": "1 USD", "registry_gb_month": "0.1 USD"},
}  # fmt: skip


def joined(rows: dict[str, Any]) -> tuple[dict[str, Catalog], str, list[Diagnostic]]:
    text = yaml.safe_dump(spec(catalog=rows), sort_keys=False)
    sink = Sink()
    document = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), sink)
    assert document is not None
    bound = bind(document, Spec, sink)
    assert bound is not None, sink.findings
    catalogs, digest = catalogs_of(bound, document.origins, sink)
    return catalogs, digest, list(sink.findings)


SHIPPED, SHIPPED_DIGEST, _ = joined({})


def test_a_figure_replaces_the_shipped_one_and_leaves_the_rest() -> None:
    catalogs, digest, findings = joined({"boards": {"raspberry-pi-5": {"price": "82.50 USD"}}})
    assert findings == []
    old, new = SHIPPED["agent"].boards["raspberry-pi-5"], catalogs["agent"].boards["raspberry-pi-5"]
    assert new.price == 82_500_000
    assert new.memory == old.memory
    assert new.latency == old.latency
    assert new.source == f"the spec (price); else {old.source}"
    assert new.as_of == date(2026, 11, 1)
    assert digest != SHIPPED_DIGEST


def test_prices_are_replaced_key_by_key() -> None:
    rows = {"regions": {"aws": {"eu-central-1": {"prices": {"egress_gb": "0.05 USD"}}}}}
    new = joined(rows)[0]["aws"].regions["eu-central-1"].prices
    old = SHIPPED["aws"].regions["eu-central-1"].prices
    assert new is not None
    assert old is not None
    assert (new.egress_gb, new.storage_gb_month) == (50_000, old.storage_gb_month)


def test_new_rows_are_added_whole() -> None:
    catalogs, _, findings = joined({
        "boards": {"my-box": {**NEW_BOARD, "source": "quote 7", "as_of": "2026-01-01"}},
        "regions": {"aws": {"eu-west-9": NEW_REGION}},
    })  # fmt: skip
    assert findings == []
    board = catalogs["agent"].boards["my-box"]
    assert (board.memory, board.price, board.source) == (2**33, None, "the spec: quote 7")
    assert board.as_of == date(2026, 1, 1)
    region = catalogs["aws"].regions["eu-west-9"]
    assert (region.country, region.kind, region.source) == ("DE", "region", "the spec")


def test_what_a_new_row_lacks_is_said_at_its_name() -> None:
    _, _, findings = joined({"boards": {"my-box": {"title": "Mine"}}})
    assert {finding.code for finding in findings} == {"HS0202"}
    assert len(findings) == len(NEW_BOARD) - 1
    assert any("add `memory: 8GiB`" in finding.help for finding in findings)


@pytest.mark.parametrize(("rows", "code", "part"), [
    ({"awz": {}}, "HS0220", "did you mean `aws`?"),
    ({"agent": {}}, "HS0220", "choose from"),
    ({"aws": {"eu-central-1": {"country": "FR"}}}, "HS0237", "remove `country`"),
    ({"aws": {"eu-central-1": {"partition": "aws-eusc"}}}, "HS0237", "remove `partition`"),
    ({"aws": {"eu-west-9": {**NEW_REGION, "country": "ZZ"}}}, "HS0222", "ISO 3166"),
    ({"aws": {"eu-west-9": {**NEW_REGION, "pair": "eu-west-33"}}}, "HS0220", "eu-west-3"),
    ({"aws": {"af-south-1": {"prices": {"egress_gb": "0.1 USD"}}}}, "HS0202", "has no"),
])  # fmt: skip
def test_a_region_that_cannot_be_is_refused(rows: dict[str, Any], code: str, part: str) -> None:
    findings = joined({"regions": rows})[2]
    assert {finding.code for finding in findings} == {code}
    assert part in f"{findings[0].message} {findings[0].help}"


@pytest.mark.parametrize(("figures", "part"), [
    ({"memory": "512MiB"}, "more than 1 GiB for `memory`"),
    ({"reserved_memory": "8GiB"}, "less than 8 GiB for `reserved_memory`"),
    ({"load_power": "1W"}, "more than 2.7 W for `load_power`"),
    ({"idle_power": "9W"}, "less than 7.5 W for `idle_power`"),
])  # fmt: skip
def test_figures_that_do_not_fit_the_shipped_ones_are_refused(
    figures: dict[str, str], part: str
) -> None:
    (finding,) = joined({"boards": {"raspberry-pi-5": figures}})[2]
    assert finding.code == "HS0205"
    assert part in finding.help


def test_saying_the_same_fact_again_is_no_contradiction() -> None:
    assert joined({"regions": {"aws": {"eu-central-1": {"country": "DE"}}}})[2] == []
