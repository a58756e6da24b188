"""Families: what most of a model's work is, and how small a share makes it recurrent."""

from __future__ import annotations

import pytest
from property.graphs import facts

from hybridspec.ir.kernel import Kernels, family


@pytest.mark.parametrize(
    ("meant", "kernels"),
    [
        ("cnn", Kernels(dense=60, gemm=30)),
        ("cnn", Kernels(pointwise=60, attention=10, gemm=30)),
        ("cnn", Kernels(other=60, recurrent=40)),
        ("transformer", Kernels(other=10, gemm=80, attention=10)),
        ("recurrent", Kernels(gemm=80, recurrent=10)),
        ("recurrent", Kernels(other=40, recurrent=60)),
        ("mlp", Kernels(gemm=1)),
        ("mlp", Kernels()),
    ],
)
def test_a_family_is_what_most_of_the_work_is(meant: str, kernels: Kernels) -> None:
    known = facts(conv_macs=kernels.convolutions, gemm_macs=kernels.products, kernels=kernels)
    assert family(known) == meant


def test_what_is_left_of_a_part_is_the_rest() -> None:
    assert Kernels(dense=5, gemm=7).without(Kernels(dense=2)) == Kernels(dense=3, gemm=7)
