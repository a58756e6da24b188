"""Every implicit value, in one place, with its reason; users see them in plan and report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from hybridspec.base.units import DAY, YEAR

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Default(Generic[T]):
    """A value that stands in for one the user left out, and why it is this one."""

    key: str
    value: T
    shown: str
    reason: str


LAN_RTT = Default("sites.*.lan_rtt", 2_000, "2 ms", "a busy switched Ethernet, 95th percentile")
ENERGY_PRICE = Default(
    "sites.*.energy_price",
    250_000,
    "by country; 0.25 USD/kWh where nothing is known",
    "what businesses pay on average in that part of the world",
)
HORIZON = Default("objective.horizon", 3 * YEAR, "3 years", "the shortest board life planned for")
PRICE_AGE = Default(
    "objective.price_age", YEAR, "1 year", "list prices and regions rarely keep for longer"
)
WARN_BEFORE = Default(
    "metadata.warn_before", 180 * DAY, "180 days",
    "a contract or an approval that takes the place of another takes months",
)  # fmt: skip
FACTS_AGE = Default(
    "metadata.facts_age", YEAR, "1 year", "decisions are reviewed and laws amended within years"
)
VALIDITY_SLACK = Default(
    "rollout.validity", 7 * DAY, "longest max_offline and courier delay plus 7 d",
    "a week to notice that nobody refreshes the channel",
)  # fmt: skip

ALL: tuple[Default[int], ...] = (
    ENERGY_PRICE, FACTS_AGE, HORIZON, LAN_RTT, PRICE_AGE, VALIDITY_SLACK, WARN_BEFORE,
)  # fmt: skip
