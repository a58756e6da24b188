"""What a posed problem refuses to add up."""

from __future__ import annotations

import pytest

from hybridspec.place.listing import ListedClass, ListedPair, Listing, TooDear, TooHeavy, Traits
from hybridspec.place.problem import MAX_LOAD, MAX_MONEY


def listing(*, cost: int = 1, load: int = 1, use: int = 1) -> Listing:
    """One pair with one way."""
    traits = Traits(load=((0, load),), ceiling=((1000, 1000),), units=((),), needs=((),),
                    use=((use,),), choices=(), quotas=(0,))  # fmt: skip
    pair = ListedPair(cost=(cost,), traits=traits)
    site = ListedClass(sites=2, pairs=(pair,), purchases=(), resources=())
    return Listing(classes=(site,), choices=(), quotas=(1,), uniformity=0)


def test_amounts_that_can_be_added_up_are_fine() -> None:
    listing(cost=MAX_MONEY // 2 - 1, load=MAX_LOAD - 1, use=MAX_LOAD - 1).affordable()


def test_costs_that_cannot_are_too_dear() -> None:
    with pytest.raises(TooDear) as caught:
        listing(cost=MAX_MONEY // 2).affordable()
    assert not isinstance(caught.value, TooHeavy)


@pytest.mark.parametrize("what", ["load", "use"])
def test_what_ways_take_is_too_heavy(what: str) -> None:
    with pytest.raises(TooHeavy):
        listing(**{what: MAX_LOAD}).affordable()
