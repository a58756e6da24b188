"""Kernel kinds: what the work of a model consists of, because each kind has a speed of its own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Literal, Protocol

Family = Literal["cnn", "transformer", "recurrent", "mlp"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kernels:
    """Multiply-accumulates by kind of kernel, for batch 1; bytes and operators are beside it.

    `dense` are 3x3 convolutions of stride 1 over all channels, which have fast algorithms;
    `pointwise` are 1x1, `depthwise` see one channel each, `other` are all other convolutions.
    `gemm` are products of several rows with constant weights, `vector` those of one row, which
    read each weight for one multiplication; `attention` are products of two computed tensors, and
    `recurrent` is what RNN, GRU and LSTM do.
    """

    dense: int = 0
    pointwise: int = 0
    depthwise: int = 0
    other: int = 0
    gemm: int = 0
    vector: int = 0
    attention: int = 0
    recurrent: int = 0

    @property
    def convolutions(self) -> int:
        """MACs of all convolutions."""
        return self.dense + self.pointwise + self.depthwise + self.other

    @property
    def products(self) -> int:
        """MACs of all products of matrices, those inside recurrent operators among them."""
        return self.gemm + self.vector + self.attention + self.recurrent

    def without(self, part: Kernels) -> Kernels:
        """What is left when a part is done."""
        return Kernels(**{kind: getattr(self, kind) - getattr(part, kind) for kind in KINDS})


KINDS = tuple(field.name for field in fields(Kernels))


class Work(Protocol):
    """What `family` reads of the facts of a model."""

    @property
    def conv_macs(self) -> int: ...

    @property
    def gemm_macs(self) -> int: ...

    @property
    def kernels(self) -> Kernels: ...

    @property
    def kinds(self) -> tuple[tuple[str, int], ...]: ...

    @property
    def unpriced(self) -> tuple[str, ...]: ...


_RECURRENT = ("RNN", "GRU", "LSTM")


def _by_operators(kinds: Mapping[str, int]) -> Family:
    """The family by what there is: products around a softmax over an open size are attention."""
    if any(kinds.get(kind) for kind in _RECURRENT):
        return "recurrent"
    products = kinds.get("MatMul", 0) + kinds.get("Gemm", 0)
    if kinds.get("Conv", 0) + kinds.get("ConvTranspose", 0) > products:
        return "cnn"
    return "transformer" if kinds.get("Softmax") or kinds.get("Attention") else "mlp"


def family(facts: Work) -> Family:
    """The architecture family that decides how a model is best made smaller and faster.

    A detector with a small attention block is still a CNN, and a speech model with convolutions
    in front of an LSTM is recurrent as soon as the LSTM does a tenth of its work. Where sizes are
    open, so that nobody can count, operators are counted instead of their work.
    """
    hidden = set(facts.unpriced) & {"MatMul", "Gemm", "Conv", "ConvTranspose", *_RECURRENT}
    if hidden:
        return _by_operators(dict(facts.kinds))
    whole = facts.conv_macs + facts.gemm_macs
    if 2 * facts.conv_macs > whole:
        return "cnn"
    if 10 * facts.kernels.recurrent >= whole > 0:
        return "recurrent"
    return "transformer" if facts.kernels.attention else "mlp"
