"""What an operator does: multiply-accumulates by kernel kind, and bytes; or that nobody can tell.

Runs in the process that opens a hostile model. A multiply-accumulate is counted once, for batch 1
(ONNX operator semantics, https://onnx.ai/onnx/operators/).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

import onnx

from hybridspec.ir.kernel import KINDS
from hybridspec.load import contrib

_WEIGHT = {"Conv": 1, "ConvInteger": 1, "DeformConv": 1, "QLinearConv": 3,
           "com.microsoft.FusedConv": 1}  # fmt: skip
"""Convolutions, and which of their inputs holds the weights."""
_RIGHT = {
    "Gemm": 1, "MatMul": 1, "MatMulInteger": 1, "QLinearMatMul": 3,
    **{f"com.microsoft.{name}": 1 for name in (
        "DynamicQuantizeMatMul", "FusedGemm", "FusedMatMul", "MatMulIntegerToFloat", "MatMulNBits",
        "TransposeMatMul",
    )}, "com.microsoft.QGemm": 3,
}  # fmt: skip
"""Products of matrices, and which of their inputs is the right factor."""
_RECURRENT = ("RNN", "GRU", "LSTM", "com.microsoft.DynamicQuantizeLSTM")
_ATTENTION = {
    "Attention": 4, "com.microsoft.MultiHeadAttention": 6, "com.microsoft.GroupQueryAttention": 3,
    "com.microsoft.Attention": 4, "com.microsoft.QAttention": 8,
}  # fmt: skip
"""Attention, and which of its inputs holds the keys of the past."""
COUNTED = (*_WEIGHT, *_RIGHT, *_RECURRENT, *_ATTENTION, "ConvTranspose", "Einsum")
"""Operators whose multiply-accumulates are counted."""
_LIGHT = frozenset(
    """
    Abs Acos Acosh Add AffineGrid And Bernoulli BitCast BlackmanWindow Col2Im Compress CumProd
    GridSample HammingWindow HannWindow MaxRoiPool MaxUnpool Multinomial
    NegativeLogLikelihoodLoss RandomNormal RandomNormalLike RandomUniform RandomUniformLike RoiAlign
    RotaryEmbedding Scatter SimplifiedLayerNormalization SoftmaxCrossEntropyLoss SwiGLU
    TensorScatter Unique ArgMax ArgMin Asin Asinh Atan Atanh AveragePool BatchNormalization
    BitShift BitwiseAnd BitwiseNot BitwiseOr BitwiseXor Cast CastLike Ceil Celu CenterCropPad Clip
    Concat Constant ConstantOfShape Cos Cosh CumSum DepthToSpace DequantizeLinear Div Dropout
    DynamicQuantizeLinear Elu Equal Erf Exp Expand EyeLike Flatten Floor Gather GatherElements
    GatherND Gelu GlobalAveragePool GlobalLpPool GlobalMaxPool Greater GreaterOrEqual
    GroupNormalization HardSigmoid HardSwish Hardmax Identity InstanceNormalization IsInf IsNaN LRN
    LayerNormalization LeakyRelu Less LessOrEqual Log LogSoftmax LpNormalization LpPool Max MaxPool
    Mean MeanVarianceNormalization Min Mish Mod Mul Neg NonMaxSuppression NonZero Not OneHot Or
    PRelu Pad Pow QuantizeLinear RMSNormalization Range Reciprocal ReduceL1 ReduceL2 ReduceLogSum
    ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare Relu
    Reshape Resize ReverseSequence Round ScatterElements ScatterND Selu Shape Shrink Sigmoid Sign
    Sin Sinh Size Slice Softmax Softplus Softsign SpaceToDepth Split Sqrt Squeeze Sub Sum Swish Tan
    Tanh ThresholdedRelu Tile TopK Transpose Trilu Unsqueeze Upsample Where Xor
    """.split()
)
"""Operators that take about as long as it takes to move their tensors."""
LIGHT = _LIGHT | contrib.LIGHT
FREE = ("Constant", "Dropout", "Flatten", "Identity", "Reshape", "Shape", "Squeeze", "Unsqueeze")
"""Operators that no runtime spends time on."""
_FORMATS = ("DequantizeLinear", "QuantizeLinear")
_HEAVY = (*_WEIGHT, *_RIGHT, "ConvTranspose")
_JOINING = ("Add", "BatchNormalization", "Clip", "Elu", "HardSigmoid", "HardSwish", "LeakyRelu",
            "Mul", "PRelu", "Relu", "Sigmoid", "Sub", "Tanh")  # fmt: skip
"""What runtimes do while they write the result of the operator before."""


def kind_of(node: onnx.NodeProto) -> str:
    """An operator's name, with its domain where that is not ONNX's own."""
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def work(
    node: onnx.NodeProto, shapes: Mapping[str, tuple[int, ...]], sizes: Mapping[str, int],
    fixed: Container[str], *, joined: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """What an operator does; `unknown` and `unpriced` name it where that cannot be said.

    `fixed` are the tensors that depend on weights alone; one that is `joined` to the operator
    before it moves nothing of its own.
    """
    names = [name for name in (*node.input, *node.output) if name]
    counted = _macs(node, shapes, fixed)
    light = kind_of(node) in LIGHT or (kind_of(node) == "Einsum" and len(node.input) == 1)
    kind = kind_of(node)
    free = joined or kind in FREE or all(name in fixed for name in node.output)
    known = light and all(name in sizes for name in names)
    return {
        "kernels": counted or {},
        "moved": 0 if free else sum(sizes.get(name, 0) for name in names),
        "operators": int(not free),
        "unknown": kind if light and not known else "",
        "unpriced": kind[:60] if not light and counted is None else "",
    }


def total(work: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """MACs of several operators by kernel kind."""
    found = dict.fromkeys(KINDS, 0)
    for one in work:
        for kind, macs in one["kernels"].items():
            found[kind] += macs
    return found


def macs(kernels: Mapping[str, int]) -> dict[str, int]:
    """The sums over convolutions and over products of matrices."""
    products = ("gemm", "vector", "attention", "recurrent")
    return {
        "conv_macs": sum(n for kind, n in kernels.items() if kind not in products),
        "gemm_macs": sum(kernels.get(kind, 0) for kind in products),
    }


def _macs(
    node: onnx.NodeProto, shapes: Mapping[str, tuple[int, ...]], fixed: Container[str]
) -> dict[str, int] | None:
    """Multiply-accumulates of an operator by kernel kind; None if they are unknown."""
    kind = kind_of(node)
    given = [shapes.get(name) for name in node.input]
    out = shapes.get(node.output[0]) if node.output else None
    if kind in _WEIGHT and out is not None:
        weight = given[_WEIGHT[kind]] if len(given) > _WEIGHT[kind] else None
        return None if weight is None else {_conv(node, weight): math.prod((*out, *weight[1:]))}
    if kind == "ConvTranspose" and len(given) > 1 and given[0] and given[1]:
        return {"other": math.prod(given[0]) * math.prod(given[1][1:])}
    if kind in _RIGHT and out is not None and given and given[0] is not None:
        left = given[0]
        turned = len(left) > 1 and any(a.name == "transA" and a.i for a in node.attribute)
        length = left[-2] if turned else left[-1] if left else 1
        return {_product(node, _RIGHT[kind], out, fixed): math.prod(out) * length}
    if kind in _RECURRENT and len(given) > 2 and all(given[:3]):
        sequence, weight, recurrence = (shape or () for shape in given[:3])
        steps = math.prod(sequence[:2])
        return {"recurrent": steps * (math.prod(weight) + math.prod(recurrence))}
    if kind in _ATTENTION:
        return _attention(node, given, _ATTENTION[kind])
    if kind == "Einsum" and len(given) == 2 and all(shape is not None for shape in given):
        return _einsum(node, [shape or () for shape in given], fixed)
    return None


def _attention(
    node: onnx.NodeProto, given: Sequence[tuple[int, ...] | None], place: int
) -> dict[str, int] | None:
    """Scores and their product with values; of some, the products that make queries, too."""
    past = given[place] if len(node.input) > place and node.input[place] else ()
    if len(given) < 2 or past is None or not given[0] or len(given[0]) not in (3, 4):
        return None
    query, second = given[0], given[1]
    packed = kind_of(node) in ("com.microsoft.Attention", "com.microsoft.QAttention")
    if second is None or len(second) != (2 if packed else len(query)):
        return None
    rows = query[-2]
    keys = (rows if packed else second[-2]) + (past[-2] if len(past) > 1 else 0)
    width = second[1] // 3 if packed else math.prod(query) // max(1, query[0] * rows)
    found = {"attention": 2 * query[0] * rows * keys * width}
    return {**found, "gemm": query[0] * rows * math.prod(second)} if packed else found


def _einsum(
    node: onnx.NodeProto, shapes: Sequence[tuple[int, ...]], fixed: Container[str]
) -> dict[str, int] | None:
    """A product of two tensors: as many multiplications as there are values of all letters."""
    said = next((a.s.decode(errors="replace") for a in node.attribute if a.name == "equation"), "")
    sizes: dict[str, int] = {}
    for term, shape in zip(said.replace(" ", "").split("->")[0].split(","), shapes, strict=False):
        letters = list(term.replace("...", ""))
        at = term.find("...")
        more = len(shape) - len(letters)
        if more < 0 or (more and at < 0):
            return None
        names = [*letters[:at], *(f"...{more - i}" for i in range(more)), *letters[at:]]
        for name, size in zip(names if at >= 0 else letters, shape, strict=True):
            sizes[name] = max(size, sizes.get(name, 1))
    if not sizes or "," not in said:
        return None
    alone = not any(name in fixed for name in node.input)
    return {"attention" if alone else "gemm": math.prod(sizes.values())}


def _conv(node: onnx.NodeProto, weight: tuple[int, ...]) -> str:
    """The kernel kind of a convolution with this weight: (out, in / groups, *kernel)."""
    said = {a.name: a for a in node.attribute}
    groups = said["group"].i if "group" in said else 1
    once = all(n == 1 for name in ("strides", "dilations") if name in said for n in said[name].ints)
    if groups > 1 and weight[1:2] == (1,):
        return "depthwise"
    if all(n == 1 for n in weight[2:]):
        return "pointwise"
    return "dense" if weight[2:] == (3, 3) and groups == 1 and once else "other"


def _product(node: onnx.NodeProto, right: int, out: tuple[int, ...], fixed: Container[str]) -> str:
    """A product of rows, or of one row, with weights; or of two tensors that are both computed."""
    factors = (node.input[0], *node.input[right : right + 1])
    if not any(name in fixed for name in factors):
        return "attention"
    return "vector" if math.prod(out[:-1]) == 1 else "gemm"


def hidden(graph: onnx.GraphProto, fixed: Container[str]) -> set[int]:
    """Operators, by their place, that every runtime makes part of the one before them.

    These are activations, normalisation and the addition of a bias after a convolution or a
    product, and steps between number formats. What they read is read by nobody else.
    """
    readers = Counter(name for node in graph.node for name in set(node.input))
    readers.update(value.name for value in graph.output)
    heavy: set[str] = set()
    found = set()
    for place, node in enumerate(graph.node):
        kind = node.op_type if node.domain in ("", "ai.onnx") else ""
        given = [name for name in node.input if name and name not in fixed]
        follows = len(given) == 1 and given[0] in heavy
        joins = kind in _JOINING and follows and readers[given[0]] == 1
        if kind in _FORMATS or joins:
            found.add(place)
        if kind in _HEAVY or joins or (kind in _FORMATS and follows):
            heavy.update(node.output)
    return found
