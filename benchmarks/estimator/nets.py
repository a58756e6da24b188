"""The networks of the published table, written down from their papers: work by kernel kind.

`NETS` names each as the table does. Where a published graph is not known layer by layer, its family
is built and `scaled` to the published multiply-accumulates.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from estimator.layers import Net, Shape


def alexnet(n: Net) -> None:
    x = n.pool(n.each(n.conv((3, 227, 227), 96, 11, 4, valid=True)), valid=True)
    x = n.pool(n.each(n.conv(x, 256, 5, groups=2)), valid=True)
    x = n.conv(n.conv(n.conv(x, 384, 3), 384, 3, groups=2), 256, 3, groups=2)
    x = n.flat(n.pool(x, valid=True))
    n.each(n.fc(n.fc(n.fc(x, 4096), 4096), 1000))


def squeezenet(n: Net, size: int = 227) -> None:
    """SqueezeNet 1.1."""
    x = n.pool(n.conv((3, size, size), 64, 3, 2, valid=True), ceil=True)
    for narrow, wide, then in ((16, 64, 0), (16, 64, 1), (32, 128, 0), (32, 128, 1), (48, 192, 0),
                               (48, 192, 0), (64, 256, 0), (64, 256, 0)):  # fmt: skip
        s = n.conv(x, narrow)
        x = n.cat(n.conv(s, wide), n.conv(s, wide, 3))
        x = n.pool(x, ceil=True) if then else x
    n.each(n.mean(n.conv(x, 1000, pad=1)))


def mobilenet(n: Net, size: int = 224, width: float = 1, head: bool = True) -> list[Shape]:
    """MobileNet v1; the shapes after the layers of stride 16 and 32."""

    def wide(c: int) -> int:
        return int(c * width)

    x = n.conv((3, size, size), wide(32), 3, 2)
    kept = []
    for out, stride in ((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2), *[(512, 1)] * 5,
                        (1024, 2), (1024, 1)):  # fmt: skip
        if (out, stride) == (1024, 2):
            kept.append(x)
        x = n.conv(n.conv(x, x[0], 3, stride, groups=x[0]), wide(out))
    if head:
        n.each(n.fc(n.mean(x), 1000))
    return [*kept, x]


def shufflenet(n: Net) -> None:
    """ShuffleNet v1, three groups."""
    x = n.pool(n.conv((3, 224, 224), 24, 3, 2))
    for out, times in ((240, 4), (480, 8), (960, 4)):
        for i in range(times):
            first = i == 0
            wide = out - x[0] if first else out
            y = n.conv(x, wide // 4, groups=1 if x[0] == 24 else 3)
            y = n.conv(n.each(y), y[0], 3, 2 if first else 1, groups=y[0])
            y = n.conv(y, wide, groups=3)
            x = n.each(n.cat(n.pool(x), y) if first else n.add(x, y))
    n.each(n.fc(n.mean(x), 1000))


def shufflenet_v2(
    n: Net, size: int = 224, head: bool = True, widths: Sequence[int] = (116, 232, 464)
) -> list[Shape]:
    """ShuffleNet v2."""
    x = n.pool(n.conv((3, size, size), 24, 3, 2))
    kept = []
    for out, times in zip(widths, (4, 8, 4), strict=True):
        c = out // 2
        left = n.conv(n.conv(x, x[0], 3, 2, groups=x[0]), c)
        right = n.conv(n.conv(n.conv(x, c), c, 3, 2, groups=c), c)
        x = n.each(n.cat(left, right))
        for _ in range(times - 1):
            y = n.half(x)
            y = n.conv(n.conv(n.conv(y, c), c, 3, groups=c), c)
            x = n.each(n.cat(y, y))
        kept.append(x)
    if head:
        n.each(n.fc(n.mean(n.conv(x, 1024)), 1000))
    return kept


def _inverted(
    n: Net, x: Shape, out: int, k: int, stride: int, wide: float, squeeze: int = 0
) -> Shape:
    y = x if wide == 1 else n.conv(x, round(x[0] * wide))
    y = n.conv(y, y[0], k, stride, groups=y[0])
    if squeeze:
        y = n.squeeze(y, squeeze)
    y = n.conv(y, out)
    return n.add(x, y) if stride == 1 and x[0] == out else y


def mnasnet(n: Net) -> None:
    x = n.conv((3, 224, 224), 32, 3, 2)
    x = n.conv(n.conv(x, 32, 3, groups=32), 16)
    for out, times, stride, wide, k in (
        (24, 3, 2, 3, 3), (40, 3, 2, 3, 5), (80, 3, 2, 6, 5), (96, 2, 1, 6, 3), (192, 4, 2, 6, 5),
        (320, 1, 1, 6, 3),
    ):  # fmt: skip
        for i in range(times):
            x = _inverted(n, x, out, k, stride if i == 0 else 1, wide)
    n.each(n.fc(n.mean(n.conv(x, 1280)), 1000))


def proxylessnas(n: Net) -> None:
    """ProxylessNAS for phones."""
    x = n.conv((3, 224, 224), 32, 3, 2)
    x = n.conv(n.conv(x, 32, 3, groups=32), 16)
    stages = (
        (32, 2, ((3, 5), (3, 3))), (40, 2, ((3, 7), (3, 3), (3, 5), (3, 5))),
        (80, 2, ((6, 7), (3, 5), (3, 5), (3, 5))), (96, 1, ((6, 5), (3, 5), (3, 5), (3, 5))),
        (192, 2, ((6, 7), (6, 7), (3, 7), (3, 7))), (320, 1, ((6, 7),)),
    )  # fmt: skip
    for out, stride, blocks in stages:
        for i, (wide, k) in enumerate(blocks):
            x = _inverted(n, x, out, k, stride if i == 0 else 1, wide)
    n.each(n.fc(n.mean(n.conv(x, 1280)), 1000))


def googlenet(n: Net, size: int = 224) -> None:
    x = n.each(n.pool(n.conv((3, size, size), 64, 7, 2), ceil=True))
    x = n.pool(n.each(n.conv(n.conv(x, 64), 192, 3)), ceil=True)
    for a, b1, b2, c1, c2, d, then in (
        (64, 96, 128, 16, 32, 32, 0), (128, 128, 192, 32, 96, 64, 1), (192, 96, 208, 16, 48, 64, 0),
        (160, 112, 224, 24, 64, 64, 0), (128, 128, 256, 24, 64, 64, 0),
        (112, 144, 288, 32, 64, 64, 0), (256, 160, 320, 32, 128, 128, 1),
        (256, 160, 320, 32, 128, 128, 0),
        (384, 192, 384, 48, 128, 128, 0),
    ):  # fmt: skip
        x = n.cat(n.conv(x, a), n.conv(n.conv(x, b1), b2, 3), n.conv(n.conv(x, c1), c2, 5),
                  n.conv(n.pool(x, 3, 1), d))  # fmt: skip
        x = n.pool(x, ceil=True) if then else x
    n.each(n.fc(n.mean(x), 1000))


def _residual(n: Net, times: Sequence[int], bottleneck: bool, size: int = 224, groups: int = 1,
              base: int = 64) -> None:  # fmt: skip
    x = n.pool(n.conv((3, size, size), 64, 7, 2))
    for stage, count in enumerate(times):
        out = 64 * 2**stage * (4 if bottleneck else 1)
        for i in range(count):
            stride = 2 if stage and i == 0 else 1
            if bottleneck:
                wide = base * groups * 2**stage if groups > 1 else base * 2**stage
                y = n.conv(x, wide)
                y = n.conv(n.conv(y, wide, 3, stride, groups=groups), out)
            else:
                y = n.conv(n.conv(x, out, 3, stride), out, 3)
            if i == 0 and (x[0] != out or stride != 1):
                x = n.conv(x, out, 1, stride)
            x = n.each(n.add(x, y))
    n.each(n.fc(n.mean(x), 1000))


def vgg16(n: Net) -> None:
    x = (3, 224, 224)
    for out, times in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(times):
            x = n.conv(x, out, 3)
        x = n.pool(x, 2, 2)
    n.each(n.fc(n.fc(n.fc(n.flat(x), 4096), 4096), 1000))


def mobilenet_yolo(n: Net) -> None:
    """MobileNet v1 at 416 with two detection heads of depthwise blocks."""
    early, last = mobilenet(n, 416, head=False)

    def block(x: Shape, out: int) -> Shape:
        return n.conv(n.conv(x, x[0], 3, groups=x[0]), out)

    y = block(block(last, 512), 1024)
    n.conv(y, 75)
    z = n.conv(y, 256)
    z = n.up(z)
    w = n.add(n.conv(early, 256), z)
    n.each(n.conv(block(block(w, 256), 512), 75))


def nanodet_m(n: Net) -> None:
    """ShuffleNet v2 at 320, a path aggregation without convolutions, depthwise heads."""
    a, b, c = shufflenet_v2(n, 320, head=False)
    a, b, c = n.conv(a, 96), n.conv(b, 96), n.conv(c, 96)
    b = n.add(b, n.up(c))
    a = n.add(a, n.up(b))
    b = n.add(b, n.up(a, 1))
    c = n.add(c, n.up(b, 1))
    for level in (a, b, c):
        y = n.conv(n.conv(level, 96, 3, groups=96), 96)
        y = n.conv(n.conv(y, 96, 3, groups=96), 96)
        n.each(n.conv(y, 80 + 32), 3)


def yolo_fastest(n: Net) -> None:
    """YOLO-fastest 1.1 at 320."""
    x = n.conv((3, 320, 320), 8, 3, 2)

    def block(x: Shape, wide: int, out: int, stride: int = 1) -> Shape:
        y = n.conv(x, wide)
        y = n.conv(n.conv(y, wide, 3, stride, groups=wide), out)
        return n.add(x, y) if stride == 1 and out == x[0] else y

    x = block(x, 8, 4)
    x = block(x, 8, 4)
    x = block(x, 24, 8, 2)
    for _ in range(2):
        x = block(x, 32, 8)
    x = block(x, 32, 8, 2)
    for _ in range(2):
        x = block(x, 48, 8)
    x = block(x, 48, 16)
    for _ in range(4):
        x = block(x, 96, 16)
    x = block(x, 96, 24, 2)
    for _ in range(4):
        x = block(x, 136, 24)
    early = n.conv(x, 136)
    x = n.conv(n.conv(early, 136, 3, 2, groups=136), 48)
    for _ in range(5):
        x = block(x, 224, 48)
    x = n.cat(n.pool(x, 3, 1), n.pool(x, 5, 1), n.pool(x, 9, 1), x)
    x = n.conv(x, 96)
    y = n.conv(n.conv(n.conv(n.conv(x, 96, 5, groups=96), 96), 96, 5, groups=96), 96)
    n.conv(y, 255)
    z = n.conv(n.cat(n.up(x), early), 96)
    z = n.conv(n.conv(n.conv(n.conv(z, 96, 5, groups=96), 96), 96, 5, groups=96), 96)
    n.each(n.conv(z, 255), 2)


def yolo11(n: Net, size: int = 640, base: int = 16, classes: int = 80) -> None:
    """YOLO11, the nano size: 16 channels after the first convolution."""

    def bottleneck(x: Shape, narrow: int) -> Shape:
        return n.add(n.conv(n.conv(x, narrow, 3), x[0], 3))

    def stage(x: Shape, out: int, part: int = 2, deep: bool = False) -> Shape:
        c = out // part
        y = n.half(n.conv(x, 2 * c))
        if deep:
            z = n.conv(y, c // 2)
            z = bottleneck(bottleneck(z, c // 2), c // 2)
            z = n.conv(n.cat(z, n.conv(y, c // 2)), c)
        else:
            z = bottleneck(y, c // 2)
        return n.conv(n.cat(y, y, z), out)

    def attending(x: Shape) -> Shape:
        y = n.half(n.conv(x, x[0]))
        c, height, width = y
        length = height * width
        n.conv(y, 2 * c)
        for _ in range(2):
            n.product(y, c // 64, c, length)
        n.add(n.conv(y, c, 3, groups=c), y)
        y = n.add(y, n.conv(y, c))
        y = n.add(y, n.conv(n.conv(y, 2 * c), c))
        return n.conv(n.cat(y, y), x[0])

    x = n.conv(n.conv((3, size, size), base, 3, 2), 2 * base, 3, 2)
    early = stage(n.conv(stage(x, 4 * base, 4), 4 * base, 3, 2), 8 * base, 4)
    middle = stage(n.conv(early, 8 * base, 3, 2), 8 * base, deep=True)
    x = n.conv(stage(n.conv(middle, 16 * base, 3, 2), 16 * base, deep=True), 8 * base)
    x = n.cat(x, *(n.pool(x, 5, 1) for _ in range(3)))
    last = attending(n.conv(x, 16 * base))
    second = stage(n.cat(n.up(last), middle), 8 * base)
    levels = [stage(n.cat(n.up(second), early), 4 * base)]
    levels.append(stage(n.cat(n.conv(levels[0], 4 * base, 3, 2), second), 8 * base))
    levels.append(stage(n.cat(n.conv(levels[1], 8 * base, 3, 2), last), 16 * base, deep=True))
    for level in levels:
        box = n.conv(n.conv(n.conv(level, 64, 3), 64, 3), 64)
        named = n.conv(n.conv(level, level[0], 3, groups=level[0]), classes)
        named = n.conv(n.conv(named, classes, 3, groups=classes), classes)
        n.cat(box, n.conv(named, classes))


def vit(n: Net, size: int, patch: int, width: int = 768, depth: int = 12, heads: int = 12) -> None:
    x = n.conv((3, size, size), width, patch, patch, valid=True)
    x = n.each((width, x[1] * x[2] + 1, 1), 2)
    for _ in range(depth):
        x = n.encoder(x, heads, 4 * width)
    n.fc((width, 1, 1), 1000)


def bert(n: Net, depth: int, length: int = 384, width: int = 768) -> None:
    x = n.each((width, length, 1), 2)
    for _ in range(depth):
        x = n.encoder(x, width // 64, 4 * width)
    n.each(n.fc(x, width))


def inception(n: Net, size: int = 224) -> None:
    """Inception v3."""
    x = n.conv(n.conv(n.conv((3, size, size), 32, 3, 2, valid=True), 32, 3, valid=True), 64, 3)
    x = n.conv(n.conv(n.pool(x, valid=True), 80), 192, 3, valid=True)
    x = n.pool(x, valid=True)

    def chain(x: Shape, *steps: tuple[int, int | tuple[int, int]]) -> Shape:
        for out, k in steps:
            x = n.conv(x, out, k)
        return x

    for pooled in (32, 64, 64):
        x = n.cat(n.conv(x, 64), chain(x, (48, 1), (64, 5)), chain(x, (64, 1), (96, 3), (96, 3)),
                  n.conv(n.pool(x, 3, 1), pooled))  # fmt: skip
    y = n.conv(chain(x, (64, 1), (96, 3)), 96, 3, 2, valid=True)
    x = n.cat(n.conv(x, 384, 3, 2, valid=True), y, n.pool(x, valid=True))
    flat, tall = (1, 7), (7, 1)
    for c in (128, 160, 160, 192):
        twice = chain(x, (c, 1), (c, tall), (c, flat), (c, tall), (192, flat))
        x = n.cat(n.conv(x, 192), chain(x, (c, 1), (c, flat), (192, tall)), twice,
                  n.conv(n.pool(x, 3, 1), 192))  # fmt: skip
    y = n.conv(chain(x, (192, 1), (192, flat), (192, tall)), 192, 3, 2, valid=True)
    x = n.cat(n.conv(n.conv(x, 192), 320, 3, 2, valid=True), y, n.pool(x, valid=True))
    for _ in range(2):
        y, z = n.conv(x, 384), chain(x, (448, 1), (384, 3))
        x = n.cat(n.conv(x, 320), *(n.conv(w, 384, k) for w in (y, z) for k in ((1, 3), (3, 1))),
                  n.conv(n.pool(x, 3, 1), 192))  # fmt: skip
    n.fc(n.mean(x), 1000)


def _stages(n: Net, x: Shape, stages: Sequence[tuple[float, int, int, int, int]]) -> Shape:
    """Inverted residuals that squeeze: how wide, kernel, stride of the first, out, and times."""
    for wide, k, stride, out, times in stages:
        for i in range(times):
            x = _inverted(n, x, out, k, stride if i == 0 else 1, wide, x[0] // 4)
    return x


def efficientnet_b4(n: Net) -> None:
    x = _stages(n, n.conv((3, 380, 380), 48, 3, 2), (
        (1, 3, 1, 24, 2), (6, 3, 2, 32, 4), (6, 5, 2, 56, 4), (6, 3, 2, 112, 6),
        (6, 5, 1, 160, 6), (6, 5, 2, 272, 8), (6, 3, 1, 448, 2),
    ))  # fmt: skip
    n.fc(n.mean(n.conv(x, 1792)), 1000)


def efficientnet_v2_s(n: Net) -> None:
    x = n.conv((3, 384, 384), 24, 3, 2)
    for wide, stride, out, times in ((1, 1, 24, 2), (4, 2, 48, 4), (4, 2, 64, 4)):
        for i in range(times):
            y = n.conv(x, x[0] * wide, 3, stride if i == 0 else 1)
            y = n.conv(y, out) if wide > 1 else y
            x = n.add(x, y) if x == y else y
    x = _stages(n, x, ((4, 3, 2, 128, 6), (6, 3, 1, 160, 9), (6, 3, 2, 256, 15)))
    n.fc(n.mean(n.conv(x, 1280)), 1000)


def mobilenet_v2(n: Net) -> None:
    x = n.conv((3, 224, 224), 32, 3, 2)
    for wide, out, times, stride in ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2),
                                     (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)):  # fmt: skip
        for i in range(times):
            x = _inverted(n, x, out, 3, stride if i == 0 else 1, wide)
    n.fc(n.mean(n.conv(x, 1280)), 1000)


NETS: dict[str, Callable[[Net], object]] = {
    "alexnet": alexnet, "squeezenet": squeezenet, "mobilenet": mobilenet,
    "shufflenet": shufflenet, "shufflenet_v2": shufflenet_v2, "mnasnet": mnasnet,
    "proxylessnasnet": proxylessnas, "googlenet": googlenet,
    "resnet18": lambda n: _residual(n, (2, 2, 2, 2), False), "vgg16": vgg16,
    "mobilenet_yolo": mobilenet_yolo, "nanodet_m": nanodet_m, "yolo-fastest-1.1": yolo_fastest,
    "vision_transformer": lambda n: vit(n, 384, 32),
    "resnet101": lambda n: _residual(n, (3, 4, 23, 3), True),
    "wideresnet50": lambda n: _residual(n, (3, 4, 6, 3), True, base=128),
    "resnext50": lambda n: _residual(n, (3, 4, 6, 3), True, groups=32, base=4),
    "resnext101": lambda n: _residual(n, (3, 4, 23, 3), True, groups=32, base=8),
    "squeezenet1_1": lambda n: squeezenet(n, 224), "vit": lambda n: vit(n, 224, 16),
    "distil_bert_base_uncased_hf": lambda n: bert(n, 6), "albert_base_v2_hf": lambda n: bert(n, 12),
    "inception_v3": inception, "efficientnet_b4": efficientnet_b4,
    "efficientnet_v2_s": efficientnet_v2_s, "yolov11_det": yolo11,
    "mobilenet_v2": mobilenet_v2, "resnet50": lambda n: _residual(n, (3, 4, 6, 3), True),
    "encoder_6x384": lambda n: bert(n, 6, 128, 384),
}  # fmt: skip


def built(name: str) -> Net:
    """The network that the table calls `name`."""
    net = Net()
    NETS[name](net)
    return net
