"""Constants of one core of a cloud; made by benchmarks/estimator."""

from __future__ import annotations

from fractions import Fraction

from hybridspec.ir.graph import Rates

SOURCE = (
    "one thread of an AMD Ryzen 5700G, Tencent/ncnn benchmark at a4d2ea1, drawn kind by kind "
    "to a MobileNetV2, a ResNet-50 and a transformer of 6 x 384 measured on one core with "
    "AVX512-VNNI; which core a cloud gives is not known"
)
CLOUD_RATES = (
    Rates(
        runtime="onnxruntime", precision="fp32", threads=1, spread=100, source=SOURCE,
        conv_ps=Fraction("26.7"), gemm_ps=Fraction("14.2"), byte_ps=Fraction("15.9"),
        operator_us=Fraction("5.62"), dense_ps=Fraction("4.97"), pointwise_ps=Fraction("15.4"),
        depthwise_ps=Fraction("16.6"), vector_ps=0, attention_ps=Fraction("31.9"),
        recurrent_ps=Fraction("19.1"), weight_ps=Fraction("4.76"),
    ),
    Rates(
        runtime="onnxruntime", precision="int8", threads=1, spread=100, source=SOURCE,
        conv_ps=Fraction("15.2"), gemm_ps=Fraction("5.17"), byte_ps=Fraction("36.8"),
        operator_us=Fraction("2.37"), dense_ps=Fraction("1.88"), pointwise_ps=Fraction("1.89"),
        depthwise_ps=Fraction("5.52"), vector_ps=0, attention_ps=Fraction("14.3"),
        recurrent_ps=7, weight_ps=Fraction("1.75"),
    ),
)  # fmt: skip
