"""Recipes: the ways to make a precision of a model, and which to try first for whom.

A rule names the family of networks, the runtime and the architecture that it holds for, and rests
on what was measured or published; nobody has found one recipe that is best everywhere. Times are
of onnxruntime 1.32 on one core with AVX512-VNNI, batch 1, unless a rule says otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from hybridspec.ir.graph import ModelFacts
from hybridspec.ir.kernel import family
from hybridspec.ir.runtime import CPU as CPU
from hybridspec.ir.runtime import FIXED, open_sizes

ANY = "*"
PRODUCTS = ("Conv", "Gemm", "MatMul")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """One way to make a precision.

    `form` is the pass: `copy`, `clean` (constants and normalisations folded), `float16`, `static`
    (QDQ, ranges from calibration), `dynamic` (ranges at run time), `weights` (only stored
    smaller), and `made` by a hook. `activations` are `u8`, `s8` or `u16`, and symmetric around zero
    if it says so; `operators` are those to quantise, all if empty; `Gather` are
    embeddings. With `edges` the first and the last product stay as they are, if they are small.
    `preset` is the vendor's own set of rules. `calibrated` needs data. With `fixed` all sizes are
    fixed before anything else is done; the form `fix` does nothing else. It takes `slower` times as
    long as what the figures of its precision were published for.
    """

    id: str
    precision: str
    form: str
    why: str
    activations: str = "u8"
    symmetric: bool = False
    per_channel: bool = True
    operators: tuple[str, ...] = ()
    edges: bool = False
    reduced: bool = False
    ranges: str = "minmax"
    bits: int = 8
    block: int = 32
    preset: str = ""
    fixed: bool = False
    slower: tuple[int, int] = (1, 1)

    @property
    def calibrated(self) -> bool:
        """Whether samples of the inputs are needed to build it."""
        return self.form == "static"


RECIPES = (
    Recipe(id="fp32-as-written", precision="fp32", form="copy", why="the model as it was given"),
    Recipe(
        id="fp32-clean", precision="fp32", form="clean",
        why="constants and batch normalisation folded once, here, instead of at each start",
    ),
    Recipe(
        id="fp32-fixed", precision="fp32", form="fix", fixed=True,
        why="one sample of fixed sizes, which compilers for NPUs and microcontrollers ask for",
    ),
    Recipe(
        id="hook", precision="fp32", form="made",
        why="the user's own program pruned, distilled or retrained it",
    ),
    Recipe(
        id="fp16-keep-io", precision="fp16", form="float16",
        why="half of the size; faster where the hardware computes in 16 bit, slower on x86 CPUs",
    ),
    Recipe(
        id="fp16-fixed", precision="fp16", form="float16", fixed=True,
        why="half of the size in fixed sizes, for NPUs that compute in 16 bit",
    ),
    Recipe(
        id="int8-static-u8s8", precision="int8", form="static",
        why="convolutions: 1.95 times faster on a MobileNetV2, 3.3 times on a ResNet-50",
    ),
    Recipe(
        id="int8-static-u8s8-edges", precision="int8", form="static", edges=True,
        why="the first and the last product lose most: 1.7 dB more on a transformer, free on CNNs",
    ),
    Recipe(
        id="int8-static-u8s8-products", precision="int8", form="static",
        operators=(*PRODUCTS, "Gather"),
        why="transformers: 2 dB better and 8 % faster than quantising everything; CNNs lose by it",
    ),
    Recipe(
        id="int8-static-u8s8-percentile", precision="int8", form="static", ranges="percentile",
        why="outliers stretch no range: 0.4 dB better; calibrating takes 5 times longer",
    ),
    Recipe(
        id="int8-static-u8s8-reduced", precision="int8", form="static", reduced=True,
        why="weights of 7 bit, which cannot overflow 16 bit sums on x86 CPUs without VNNI",
    ),
    Recipe(
        id="int8-static-s8s8", precision="int8", form="static", activations="s8", symmetric=True,
        why="zero points are zero, as TensorRT wants; Arm CPUs take it too; half as fast on x86",
    ),
    Recipe(
        id="int8-static-qnn", precision="int8", form="static", preset="qnn", fixed=True,
        why="the rules of Qualcomm's HTP for 8 bit: 2.5 times faster than float in the median",
    ),
    Recipe(
        id="int8-static-qnn-u16", precision="int8", form="static", preset="qnn", activations="u16",
        fixed=True, slower=(251, 121),
        why="activations of 16 bit on Qualcomm's HTP: closer, and 1.2 times faster than float",
    ),
    Recipe(
        id="int8-dynamic", precision="int8", form="dynamic", operators=("MatMul", "Gather"),
        why="transformers: 2.3 times faster and 4 dB better than static; CNNs are 12 times slower",
    ),
    Recipe(
        id="int8-dynamic-recurrent", precision="int8", form="dynamic",
        operators=("MatMul", "Gather", "LSTM"),
        why="the only way to quantise an LSTM in onnxruntime",
    ),
    Recipe(
        id="int8-weights", precision="int8", form="weights", bits=8,
        why="a quarter of the size at 41 dB, for memory alone: slower than float on x86 CPUs",
    ),
    Recipe(
        id="int4-weights", precision="int4", form="weights", bits=4,
        why="an eighth of the size at 17 dB, for memory alone: slower than float on x86 CPUs",
    ),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """For whom these recipes are the ones to try, in this order; the first rule that fits holds."""

    precision: str
    recipes: tuple[str, ...]
    evidence: str
    runtimes: tuple[str, ...] = (ANY,)
    families: tuple[str, ...] = (ANY,)
    architectures: tuple[str, ...] = field(default=(ANY,))

    def fits(self, precision: str, family: str, runtime: str, architecture: str) -> bool:
        """Whether it is meant for these."""
        asked = ((self.families, family), (self.runtimes, runtime),
                 (self.architectures, architecture))  # fmt: skip
        return self.precision == precision and all(
            allowed == (ANY,) or one in allowed for allowed, one in asked
        )


RULES = (
    Rule(
        precision="fp32", recipes=("fp32-as-written", "fp32-fixed"), runtimes=FIXED,
        evidence="the HTP, the Neural Engine and TFLite's kernels are compiled for fixed sizes",
    ),
    Rule(
        precision="fp32", recipes=("fp32-as-written", "fp32-clean"),
        evidence="onnxruntime folds when it loads, so that folding before changes no time",
    ),
    Rule(
        precision="fp16", recipes=("fp16-fixed",), runtimes=("qnn", "coreml"),
        evidence="HTP and Neural Engine compute in 16 bit, and are compiled for fixed sizes",
    ),
    Rule(
        precision="fp16", recipes=("fp16-keep-io",), runtimes=("tensorrt", "openvino"),
        evidence="TensorRT fp16 is 1.4 to 1.9 times faster on a Jetson Nano (kentaroy47), 1.8 on "
        "an Orin Nano (Ultralytics)",
    ),
    Rule(
        precision="fp16", recipes=(),
        evidence="1.1 to 1.5 times slower than fp32 on the CPU of x86; its provider has no kernels",
    ),
    Rule(
        precision="int8", recipes=("int8-static-s8s8",), runtimes=("tensorrt",),
        evidence="TensorRT's explicit quantisation wants symmetric int8 with zero points of zero",
    ),
    Rule(
        precision="int8", recipes=("int8-static-qnn", "int8-static-qnn-u16"), runtimes=("qnn",),
        evidence="Qualcomm AI Hub: w8a8 2.51 times faster than float (median of 505), w8a16 1.21",
    ),
    Rule(
        precision="int8", recipes=("int8-static-u8s8", "int8-static-u8s8-edges"),
        runtimes=("openvino",), evidence="OpenVINO reads QDQ, and asks for u8 activations on x86",
    ),
    Rule(
        precision="int8", recipes=(), runtimes=("coreml", "edgetpu", "tflm"),
        evidence="their converters quantise themselves and read no QDQ of onnxruntime",
    ),
    Rule(
        precision="int8", families=("transformer",),
        recipes=("int8-dynamic", "int8-static-u8s8-products", "int8-static-u8s8-edges"),
        evidence="6 layers of 384, 128 tokens: fp32 23.3 ms, dynamic 10.0 ms at 34.4 dB, static "
        "12.0 ms at 30.3 dB",
    ),
    Rule(
        precision="int8", families=("recurrent",),
        recipes=("int8-dynamic-recurrent", "int8-dynamic"),
        evidence="onnxruntime has no static LSTM or GRU, and no dynamic GRU",
    ),
    Rule(
        precision="int8", architectures=("amd64",),
        recipes=("int8-static-u8s8", "int8-static-u8s8-edges", "int8-static-u8s8-percentile",
                 "int8-static-u8s8-reduced"),
        evidence="MobileNetV2: fp32 6.25 ms, u8s8 3.2 ms, s8s8 9.4 ms, dynamic 77 ms",
    ),
    Rule(
        precision="int8",
        recipes=("int8-static-u8s8", "int8-static-u8s8-edges", "int8-static-s8s8",
                 "int8-static-u8s8-percentile"),
        evidence="Arm CPUs have kernels for both signs; int8 is 1.2 to 1.4 times faster on A53 and "
        "A72 (ncnn)",
    ),
    Rule(
        precision="int4", recipes=("int4-weights",), runtimes=(CPU,),
        evidence="the encoder above: 55 to 19 MB, 35 ms instead of 23 ms",
    ),
)  # fmt: skip


def recipe(name: str) -> Recipe:
    """The recipe of that id.

    >>> recipe("int8-dynamic").operators
    ('MatMul', 'Gather')
    """
    return next(one for one in RECIPES if one.id == name)


def recipes(
    facts: ModelFacts, precision: str, runtime: str = CPU, architecture: str = "amd64", *,
    data: bool = True,
) -> tuple[Recipe, ...]:  # fmt: skip
    """What to try for a precision of a model, most promising first; none where nothing helps.

    Without `data` to calibrate with, only what needs none; sizes are fixed where some are open.
    """
    rule = _rule(facts, precision, runtime, architecture)
    found = [recipe(name) for name in rule.recipes] if rule else []
    return tuple(
        one for one in found
        if (data or not one.calibrated) and (one.form != "fix" or open_sizes(facts))
    )  # fmt: skip


def evidence(facts: ModelFacts, precision: str, runtime: str, architecture: str) -> str:
    """Why these recipes, or why none."""
    rule = _rule(facts, precision, runtime, architecture)
    return rule.evidence if rule else f"nobody has shown {precision} to pay with {runtime}"


def default(precision: str) -> Recipe:
    """The recipe of a precision where nothing is known of the device: the most general one."""
    return next(one for one in RECIPES if one.precision == precision)


def _rule(facts: ModelFacts, precision: str, runtime: str, architecture: str) -> Rule | None:
    kind = family(facts)
    return next((r for r in RULES if r.fits(precision, kind, runtime, architecture)), None)
