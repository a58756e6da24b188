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
    "sites.*.energy_price", 250_000, "0.25 USD/kWh", "a middle price for business users in Europe"
)
HORIZON = Default("objective.horizon", 3 * YEAR, "3 years", "the shortest board life planned for")
PRICE_AGE = Default(
    "objective.price_age", YEAR, "1 year", "list prices and regions rarely keep for longer"
)
VALIDITY_SLACK = Default(
    "rollout.validity", 7 * DAY, "longest max_offline and courier delay plus 7 d",
    "a week to notice that nobody refreshes the channel",
)  # fmt: skip

ALL: tuple[Default[int], ...] = (
    ENERGY_PRICE, HORIZON, LAN_RTT, PRICE_AGE, VALIDITY_SLACK,
)  # fmt: skip
