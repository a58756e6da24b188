"""A compact way to write networks down: each call adds a layer and counts its work.

Counted as `hybridspec/load/work.py` counts an ONNX file: multiply-accumulates once, for batch 1,
normalisation and activation as part of the convolution or product before them.
"""

from __future__ import annotations

from dataclasses import dataclass, field

Shape = tuple[int, int, int]
"""Channels, height and width; a sequence is (features, positions, 1)."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One operator: its kernel kind, MACs, weights, and elements read and written."""

    kind: str
    macs: int
    weights: int
    read: int
    written: int
    before: int = 0
    after: int = 0
    area: int = 0


@dataclass
class Net:
    """Layers in order; the calls take and return shapes."""

    layers: list[Layer] = field(default_factory=list)

    def conv(
        self, x: Shape, out: int, k: int | tuple[int, int] = 1, stride: int = 1, *,
        groups: int = 1, valid: bool = False, pad: int | None = None, ceil: bool = False,
    ) -> Shape:  # fmt: skip
        """A convolution; padded to `same` unless `valid`."""
        channels, height, width = x
        kh, kw = (k, k) if isinstance(k, int) else k
        y = (out, *(_size(n, m, stride, valid, pad) for n, m in ((height, kh), (width, kw))))
        weights = out * channels // groups * kh * kw
        kind = (
            "depthwise" if groups > 1 and groups == channels else
            "pointwise" if kh == kw == 1 else
            "dense" if (kh, kw, stride, groups) == (3, 3, 1, 1) else "other"
        )  # fmt: skip
        self._add(
            kind,
            weights * y[1] * y[2],
            weights,
            _n(x),
            _n(y),
            channels // groups,
            out // groups,
            y[1] * y[2],
        )
        return y

    def deconv(self, x: Shape, out: int, k: int, stride: int) -> Shape:
        """A transposed convolution."""
        weights = x[0] * out * k * k
        y = (out, x[1] * stride, x[2] * stride)
        self._add("other", weights * x[1] * x[2], weights, _n(x), _n(y), x[0], out, x[1] * x[2])
        return y

    def pool(
        self, x: Shape, k: int = 3, stride: int = 2, *, valid: bool = False, ceil: bool = False
    ) -> Shape:
        """Maximum or average over windows."""
        sizes = [
            -(-(n - k) // stride) + 1 if ceil else _size(n, k, stride, valid, None) for n in x[1:]
        ]
        y = (x[0], sizes[0], sizes[1])
        self._add("light", 0, 0, _n(x), _n(y))
        return y

    def mean(self, x: Shape) -> Shape:
        """The average over all positions."""
        self._add("light", 0, 0, _n(x), x[0])
        return (x[0], 1, 1)

    def fc(self, x: Shape, out: int) -> Shape:
        """A product with weights, one for every position of a sequence."""
        positions = x[1] * x[2]
        kind = "gemm" if positions > 1 else "vector"
        self._add(
            kind, x[0] * out * positions, x[0] * out, _n(x), out * positions, x[0], out, positions
        )
        return (out, x[1], x[2])

    def flat(self, x: Shape) -> Shape:
        """All numbers in a row."""
        return (_n(x), 1, 1)

    def add(self, *xs: Shape) -> Shape:
        """An operator over several tensors of one shape."""
        self._add("light", 0, 0, sum(map(_n, xs)), _n(xs[0]))
        return xs[0]

    def each(self, x: Shape, times: int = 1) -> Shape:
        """An operator over the numbers of a tensor, one by one."""
        for _ in range(times):
            self._add("light", 0, 0, _n(x), _n(x))
        return x

    def cat(self, *xs: Shape) -> Shape:
        """Tensors side by side."""
        y = (sum(x[0] for x in xs), xs[0][1], xs[0][2])
        self._add("light", 0, 0, _n(y), _n(y))
        return y

    def half(self, x: Shape) -> Shape:
        """A tensor's channels in two."""
        self._add("light", 0, 0, _n(x), _n(x))
        return (x[0] // 2, x[1], x[2])

    def up(self, x: Shape, times: int = 2) -> Shape:
        """A tensor with each position repeated."""
        y = (x[0], x[1] * times, x[2] * times)
        self._add("light", 0, 0, _n(x), _n(y))
        return y

    def squeeze(self, x: Shape, narrow: int) -> Shape:
        """Squeeze and excite: channels weighted by what their means say."""
        mean = self.mean(x)
        self.conv(self.conv(mean, narrow), x[0])
        return self.add(x)

    def product(self, x: Shape, heads: int, features: int, length: int) -> None:
        """A product of two computed tensors: each position of a sequence with each other."""
        grid = heads * length * length
        self._add("attention", features * length * length, 0, _n(x) + grid, _n(x), 0, 0, length)

    def attention(self, x: Shape, heads: int) -> Shape:
        """Attention of a sequence to itself: four products with weights, two without."""
        features, length, _ = x
        for _ in range(3):
            self.fc(x, features)
        grid = heads * length * length
        self._add(
            "attention",
            features * length * length,
            0,
            2 * _n(x),
            grid,
            features // heads,
            length,
            length,
        )
        self._add("light", 0, 0, grid, grid)
        self._add(
            "attention",
            features * length * length,
            0,
            grid + _n(x),
            _n(x),
            length,
            features // heads,
            length,
        )
        return self.fc(x, features)

    def encoder(self, x: Shape, heads: int, wide: int) -> Shape:
        """A transformer's layer."""
        self.attention(x, heads)
        self.each(self.add(x, x))
        self.fc(self.each(self.fc(x, wide)), x[0])
        return self.each(self.add(x, x))

    def _add(self, kind: str, macs: int, weights: int, *sizes: int) -> None:
        self.layers.append(Layer(kind, macs, weights, *sizes))


def _n(x: Shape) -> int:
    return x[0] * x[1] * x[2]


def _size(n: int, k: int, stride: int, valid: bool, pad: int | None) -> int:
    if valid:
        return (n - k) // stride + 1
    if pad is not None:
        return (n + 2 * pad - k) // stride + 1
    return -(-n // stride)
