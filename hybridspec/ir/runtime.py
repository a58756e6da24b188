"""Runtimes that devices run models with: what each takes, and the commands that build it there.

onnxruntime runs what a bundle carries. All others compile it for the chip they find, so that a
bundle carries the model in the form that their compiler wants, and the steps that remain.
"""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from dataclasses import dataclass

from hybridspec.ir.graph import ModelFacts, Tensor

CPU = "onnxruntime"
"""The runtime that the agent brings."""
RUNTIMES = (CPU, "tensorrt", "openvino", "qnn", "coreml", "edgetpu", "tflm")

FIXED = ("qnn", "coreml", "edgetpu", "tflm")
"""Runtimes whose compilers take fixed sizes alone, or are slow and partly elsewhere without."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A command that makes what a runtime loads, and where it is run.

    Paths are relative to the root of the bundle; what is made lies in `built/`, beside it.
    """

    model: str
    variant: str
    where: str
    command: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    needs: str
    why: str
    source: str


def steps(
    runtime: str, model: str, variant: str, facts: ModelFacts, *, alone: bool = False
) -> tuple[Step, ...]:
    """What has to be done after a bundle, or a model `alone`, has arrived; nothing for onnxruntime.

    A model alone lies in `model.onnx` beside its golden files, and what is made of it in `built/`.
    """
    if runtime == CPU:
        return ()
    folder = "" if alone else f"model/{model}/"
    places = f"{folder}model.onnx", f"{folder}golden", "built" if alone else f"built/{model}"
    wanted = _Wanted(*places, variant, facts)
    return tuple(
        Step(model=model, variant=variant, where=where, command=command, inputs=read,
             outputs=written, needs=needs, why=why, source=source)
        for where, command, read, written, needs, why, source in
        _BUILDERS[runtime](wanted)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The file that a bundle carries, its golden files, the folder for what is built of it."""

    shipped: str
    golden: str
    made: str
    variant: str
    facts: ModelFacts


_Row = tuple[str, str, tuple[str, ...], tuple[str, ...], str, str, str]


def open_sizes(facts: ModelFacts) -> bool:
    """Whether a model leaves the size of an input open, be it the first dimension alone."""
    left = any(size < 1 for tensor in facts.inputs for size in tensor.shape)
    return left or bool(facts.free_batch or facts.open)


def _dims(tensor: Tensor, size: str) -> list[str]:
    """The shape of one sample; `size` stands where the model leaves it open."""
    return ["1", *(str(n) if n > 0 else size for n in tensor.shape[1:])]


def _open(facts: ModelFacts) -> bool:
    """Whether a size stays open even for one sample."""
    return any(n < 1 for tensor in facts.inputs for n in tensor.shape[1:])


def _sized(needs: str, facts: ModelFacts, words: str) -> str:
    """What a command needs, the sizes that only the user knows included."""
    return f"{needs}, and your own sizes for {words}, which the model leaves open" if _open(
        facts) else needs  # fmt: skip


def _tensorrt(of: _Wanted) -> list[_Row]:
    engine = f"{of.made}/model.engine"
    free = [one for one in of.facts.inputs
            if of.facts.open or one.name in of.facts.free_batch or min(one.shape) < 1]  # fmt: skip
    profile = "".join(
        " " + shlex.quote(f"--{edge}Shapes=" + ",".join(
            f"{_named(one.name)}:{'x'.join(_dims(one, size))}" for one in free))
        for edge, size in (("min", "SMALLEST"), ("opt", "USUAL"), ("max", "LARGEST")) if free
    )  # fmt: skip
    weak = {"fp16": "`--fp16`", "int8": "`--int8`"}.get(of.variant.partition("-")[0])
    older = f"{weak} in place of `--stronglyTyped`" if weak else "without `--stronglyTyped`"
    command = f"trtexec --onnx={of.shipped} --saveEngine={engine} --stronglyTyped{profile}"
    return [(
        "device", command, (of.shipped,), (engine,),
        _sized(f"TensorRT 10 or newer (8, the last for Jetson Nano and Xavier: {older})", of.facts,
               "SMALLEST, USUAL and LARGEST"),
        "an engine holds kernels that were timed on this very GPU, so that it is built on it; "
        "strong typing keeps the types of the model, quantisation included",
        "https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/"
        "quantized-types-explicit-quantization.html",
    )]  # fmt: skip


def _named(name: str) -> str:
    """The name of an input, in quotes if it holds what separates names and shapes."""
    return f"'{name}'" if {":", ","} & set(name) else name


def _openvino(of: _Wanted) -> list[_Row]:
    graph, weights = f"{of.made}/model.xml", f"{of.made}/model.bin"
    shapes = shlex.quote(_bracketed(of.facts, "SMALLEST..LARGEST"))
    half = "False" if of.variant.startswith("fp32") else "True"
    data = f" -data_shape {shlex.quote(_bracketed(of.facts, 'USUAL'))}" if _open(of.facts) else ""
    return [
        ("device", f"ovc {of.shipped} --output_model {graph} --input {shapes} "
         f"--compress_to_fp16={half}", (of.shipped,), (graph, weights),
         _sized("openvino", of.facts, "SMALLEST and LARGEST (one number for an NPU)"),
         "NPUs take fixed shapes; the IR loads faster than ONNX",
         "https://docs.openvino.ai/2025/openvino-workflow/model-preparation/convert-model-to-ir.html"),
        ("device", f"benchmark_app -m {graph} -d AUTO -hint latency{data}", (graph,), (),
         _sized("openvino", of.facts, "USUAL"),
         "its median and 95th percentile are what `measured` asks for",
         "https://docs.openvino.ai/2025/get-started/learn-openvino/openvino-samples/"
         "benchmark-tool.html"),
    ]  # fmt: skip


def _bracketed(facts: ModelFacts, size: str) -> str:
    """Every input with its shape for one sample, as OpenVINO's tools want it."""
    return ",".join(f"{one.name}[{','.join(_dims(one, size))}]" for one in facts.inputs)


def _qnn(of: _Wanted) -> list[_Row]:
    context = f"{of.made}/model_ctx.onnx"
    program = (
        'import onnxruntime as o, onnxruntime_qnn as q; n = "QNNExecutionProvider"; '
        "o.register_execution_provider_library(n, q.get_library_path()); "
        's = o.SessionOptions(); s.add_session_config_entry("ep.context_enable", "1"); '
        f's.add_session_config_entry("ep.context_file_path", "{context}"); '
        's.add_session_config_entry("session.disable_cpu_ep_fallback", "1"); '
        "s.add_provider_for_devices([d for d in o.get_ep_devices() if d.ep_name == n], "
        f'{{"backend_type": "htp"}}); o.InferenceSession("{of.shipped}", s)'
    )
    page = "https://github.com/onnxruntime/onnxruntime-qnn/blob/main/docs/execution_providers/"
    return [(
        "device", "python3 -c " + shlex.quote(program), (of.shipped,), (context,),
        "onnxruntime-qnn", "compiles the graph, whose sizes are fixed, for the HTP once; it fails "
        "where a node would run on the CPU instead, which otherwise nobody notices",
        page + "QNN-ExecutionProvider.md",
    )]  # fmt: skip


def _coreml(of: _Wanted) -> list[_Row]:
    program = (
        f'import onnxruntime as o; o.InferenceSession("{of.shipped}", providers=['
        '("CoreMLExecutionProvider", {"ModelFormat": "MLProgram", '
        f'"RequireStaticInputShapes": "1", "ModelCacheDirectory": "{of.made}"}})])'
    )
    return [(
        "device", "python3 -c " + shlex.quote(program), (of.shipped,), (of.made,), "onnxruntime",
        "the provider compiles for the chip it finds; coremltools reads no ONNX since version 6, "
        "so that it would need the model in its training framework",
        "https://onnxruntime.ai/docs/execution-providers/CoreML-ExecutionProvider.html",
    )]  # fmt: skip


def _tflite(of: _Wanted) -> list[_Row]:
    """Samples for the converter, the converter, and how near its result is to what was judged."""
    name = f"{of.made}/model_full_integer_quant.tflite"
    alike = f"{of.made}/model_integer_quant.tflite"
    samples = [f"{of.made}/input{i}.npy" for i in range(len(of.facts.inputs))]
    names = [one.name for one in of.facts.inputs]
    program = (
        f'import numpy as n; d = n.load("{of.golden}_inputs.npz"); '
        f"[n.save(f, d[k]) for k, f in zip({_list(names)}, {_list(samples)})]"
    )
    data = (part for one, file in zip(names, samples, strict=True)
            for part in ("-cind", one, file, "[0.0]", "[1.0]"))  # fmt: skip
    words = ["onnx2tf", "-i", of.shipped, "-o", of.made, "-oiqt",
             "-kat", *names, *data]  # fmt: skip
    return [
        ("build host", "python3 -c " + shlex.quote(program), (f"{of.golden}_inputs.npz",),
         tuple(samples), "numpy",
         "the converter sets ranges by samples; more of your own make better ranges",
         "https://github.com/PINTO0309/onnx2tf"),
        ("build host", shlex.join(words), (of.shipped, *samples), (name, alike),
         f"onnx2tf, tensorflow, onnxsim{_recurrent(of.facts)}",
         "its kernels are TFLite's, whose converter quantises by itself and reads no quantised "
         "ONNX; inputs keep their shapes, so that the golden files stay true", "https://github.com/PINTO0309/onnx2tf"),
        ("build host", "python3 -c " + shlex.quote(_nearness(alike, samples, of.golden)),
         (alike, *samples, f"{of.golden}_outputs.npz"), (), "numpy, tensorflow",
         "prints how near the first output is to what was judged here, as a cosine; below 0.99 "
         "judge it on the evaluation data, or train with quantisation",
         "https://ai.google.dev/edge/litert/inference"),
    ]  # fmt: skip


def _recurrent(facts: ModelFacts) -> str:
    """What is to be known of a model with recurrent operators."""
    found = [kind for kind, _ in facts.kinds if kind in ("LSTM", "GRU", "RNN")]
    if not found:
        return ""
    return (f"; it failed on an LSTM where it was tried: if it does on this {found[0]}, export the "
            "model to TFLite from its training framework")  # fmt: skip


def _nearness(model: str, samples: list[str], golden: str) -> str:
    """A program that runs a model of 8 bit on the samples and compares its first output."""
    return "\n".join((
        "import numpy as n, tensorflow as t",
        f'i = t.lite.Interpreter("{model}"); i.allocate_tensors()',
        f'g = n.load("{golden}_outputs.npz")["output_000"]',
        f"f = [n.load(p) for p in {_list(samples)}]",
        'o = [x for x in i.get_output_details() if n.prod(x["shape"]) == g[0].size][0]',
        "def run(k):",
        "    for x in i.get_input_details():",
        '        (s,) = [s for s in f if s.shape[1:] == tuple(x["shape"][1:])][:1]',
        '        i.set_tensor(x["index"], s[k:k + 1])',
        '    i.invoke(); return i.get_tensor(o["index"]).ravel()',
        "r = n.concatenate([run(k) for k in range(len(g))]); w = g.ravel()",
        'print("cosine", float(r @ w / (n.linalg.norm(r) * n.linalg.norm(w))))',
    ))  # fmt: skip


def _list(names: Sequence[str]) -> str:
    """A list of texts for a program, in double quotes, so that it reads well in a shell."""
    return json.dumps(list(names), ensure_ascii=False)


def _edgetpu(of: _Wanted) -> list[_Row]:
    rows = _tflite(of)
    quantised, compiled = rows[1][3][0], f"{of.made}/model_full_integer_quant_edgetpu.tflite"
    return [*rows, (
        "build host", f"edgetpu_compiler -s -o {of.made} {quantised}", (quantised,), (compiled,),
        "edgetpu_compiler, which runs on Debian on amd64 only",
        "maps operators to the Edge TPU; `-s` lists those that stay on the CPU. Above about 8 MB "
        "of weights each inference loads them anew",
        "https://coral.ai/docs/edgetpu/compiler/",
    )]  # fmt: skip


def _tflm(of: _Wanted) -> list[_Row]:
    rows = _tflite(of)
    quantised, source = rows[1][3][0], f"{of.made}/model.cc"
    return [*rows, (
        "build host", f"xxd -i {quantised} > {source}", (quantised,), (source,), "xxd",
        "a microcontroller has no file system: the model is linked into the firmware",
        "https://ai.google.dev/edge/litert/microcontrollers/build_convert",
    )]  # fmt: skip


_BUILDERS = {
    "tensorrt": _tensorrt, "openvino": _openvino, "qnn": _qnn, "coreml": _coreml,
    "edgetpu": _edgetpu, "tflm": _tflm,
}  # fmt: skip
