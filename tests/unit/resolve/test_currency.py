"""Amounts in other currencies: read at the stated rate, exactly, and shown in the one asked for."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
import yaml
from property.graphs import table
from unit.resolve.lowering import lowered, spec

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.ir.graph import Graph
from hybridspec.load.bind import bind
from hybridspec.load.exchange import rates_of
from hybridspec.load.yaml import parse
from hybridspec.place.document import document
from hybridspec.place.place import place
from hybridspec.place.recount import recount
from hybridspec.spec.document import Spec

RATES = {"EUR": "1.08 USD", "JPY": "0.0065 USD"}


def graph(**changes: Any) -> Graph:
    made, findings = lowered(spec(**changes))
    assert not findings
    return made


def test_a_price_in_another_currency_is_worth_its_rate() -> None:
    made = graph(metadata__rates=RATES, sites__lab__energy_price="0.25 EUR")
    assert made.currency == "USD"
    assert made.sites[0].energy_price == 270_000


def test_shipped_prices_are_converted_and_stated_ones_are_not() -> None:
    dollars = graph()
    euros = graph(metadata__rates=RATES, metadata__currency="EUR",
                  sites__lab__energy_price="0.25 EUR")  # fmt: skip
    assert euros.currency == "EUR"
    assert euros.sites[0].energy_price == 250_000
    for key in ("storage_price", "egress_price", "inference_price", "training_price"):
        was = Fraction(getattr(dollars.regions[0], key))
        assert getattr(euros.regions[0], key) == was / Fraction("1.08")
    price = Fraction(dollars.device_classes[0].board.price)
    assert euros.device_classes[0].board.price == price / Fraction("1.08")


def test_the_price_of_power_that_nobody_states_is_converted() -> None:
    dollars, yen = graph(), graph(metadata__rates=RATES, metadata__currency="JPY")
    was = Fraction(dollars.sites[0].energy_price)
    assert yen.sites[0].energy_price == was / Fraction("0.0065")


def test_a_plan_costs_as_much_in_either_currency() -> None:
    dollars, yen = graph(), graph(metadata__rates=RATES, metadata__currency="JPY")
    here, there = (place(one, table(one), Sink()) for one in (dollars, yen))
    assert here is not None
    assert there is not None
    assert recount(yen, table(yen), there) == []
    assert [d.chosen.label for d in here.decisions] == [d.chosen.label for d in there.decisions]
    assert abs(here.cost - there.cost * Fraction("0.0065")) < 50
    written = document(yen, there)
    assert written["currency"] == "JPY"
    rows = {row["row"]: row["source"] for row in written["facts"]}
    assert rows["rate of JPY"] == "the spec: 1 JPY is 0.0065 USD"
    assert all(" JPY" in term["inputs"] for term in written["fixed"])


@pytest.mark.parametrize(("changes", "code"), [
    ({"sites__lab__energy_price": "0.25 EUR"}, "HS0411"),
    ({"metadata__currency": "EUR"}, "HS0411"),
    ({"metadata__currency": "EUR", "metadata__rates": {"CHF": "1.1 USD"}}, "HS0411"),
    ({"metadata__currency": "euro"}, "HS0204"),
    ({"metadata__currency": 5}, "HS0204"),
    ({"metadata__rates": {"EUR": "1.08 CHF"}}, "HS0204"),
    ({"metadata__rates": {"EUR": "0 USD"}}, "HS0204"),
    ({"metadata__rates": {"EUR": "9999999 USD"}}, "HS0204"),
    ({"metadata__rates": {"EUR": 1.08}}, "HS0204"),
    ({"metadata__rates": {"euro": "1.08 USD"}}, "HS0203"),
    ({"metadata__rates": ["EUR"]}, "HS0203"),
], ids=str)  # fmt: skip
def test_what_cannot_be_converted_is_a_finding(changes: dict[str, Any], code: str) -> None:
    text, sink = yaml.safe_dump(spec(**changes)), Sink()
    read = parse(SourceFile(shown="s.yaml", name="s.yaml", text=text), sink)
    assert read is not None
    assert bind(read, Spec, sink, rates=rates_of(read.value)) is None
    assert [finding.code for finding in sink.findings] == [code]


def test_a_dollar_is_a_dollar() -> None:
    _, findings = lowered(spec(metadata__rates={"USD": "1.5 USD"}))
    assert [finding.code for finding in findings] == ["HS0205"]
