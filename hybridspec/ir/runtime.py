"""Runtimes that devices run models with: what each takes, and the commands that build it there.

onnxruntime runs what a bundle carries. All others compile it for the chip they find, so that a
bundle carries the model in the form that their compiler wants, and the steps that remain.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass

from hybridspec.ir.graph import ModelFacts

CPU = "onnxruntime"
"""The runtime that the agent brings."""
RUNTIMES = (CPU, "tensorrt", "openvino", "qnn", "coreml", "edgetpu", "tflm")


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

    A model alone lies in `model.onnx`, and what is made of it in `built/`.
    """
    if runtime == CPU:
        return ()
    places = ("model.onnx", "built") if alone else (f"model/{model}/model.onnx", f"built/{model}")
    wanted = _Wanted(*places, variant, facts)
    return tuple(
        Step(model=model, variant=variant, where=where, command=command, inputs=read,
             outputs=written, needs=needs, why=why, source=source)
        for where, command, read, written, needs, why, source in
        _BUILDERS[runtime](wanted)
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Wanted:
    """The file that a bundle carries, the folder for what is built of it, and what it is."""

    shipped: str
    made: str
    variant: str
    facts: ModelFacts


_Row = tuple[str, str, tuple[str, ...], tuple[str, ...], str, str, str]


def _shapes(facts: ModelFacts, between: str, around: str) -> str:
    """Every input with its shape for one sample; `SIZE` stands where the model leaves it open."""
    parts = []
    for tensor in facts.inputs:
        dims = ["1", *(str(n) if n > 0 else "SIZE" for n in tensor.shape[1:])]
        parts.append(f"{tensor.name}{around[0]}{between.join(dims)}{around[1:]}")
    return ",".join(parts)


def _sized(needs: str, facts: ModelFacts) -> str:
    """What a command needs, the sizes that only the user knows included."""
    if all(n > 0 for tensor in facts.inputs for n in tensor.shape[1:]):
        return needs
    return f"{needs}, and your own size for each SIZE, which the model leaves open"


def _tensorrt(of: _Wanted) -> list[_Row]:
    engine = f"{of.made}/model.engine"
    shapes = shlex.quote(_shapes(of.facts, "x", ":"))
    command = f"trtexec --onnx={of.shipped} --saveEngine={engine} --stronglyTyped --shapes={shapes}"
    return [(
        "device", command, (of.shipped,), (engine,),
        _sized("TensorRT 10 or newer", of.facts),
        "an engine holds kernels that were timed on this very GPU, so that it is built on it; "
        "strong typing keeps the types of the model, quantisation included",
        "https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/"
        "quantized-types-explicit-quantization.html",
    )]  # fmt: skip


def _openvino(of: _Wanted) -> list[_Row]:
    graph, weights = f"{of.made}/model.xml", f"{of.made}/model.bin"
    shapes = shlex.quote(_shapes(of.facts, ",", "[]"))
    half = "False" if of.variant.startswith("fp32") else "True"
    return [
        ("device", f"ovc {of.shipped} --output_model {graph} --input {shapes} "
         f"--compress_to_fp16={half}", (of.shipped,), (graph, weights),
         _sized("openvino", of.facts),
         "NPUs take fixed shapes; the IR loads faster than ONNX",
         "https://docs.openvino.ai/2025/openvino-workflow/model-preparation/convert-model-to-ir.html"),
        ("device", f"benchmark_app -m {graph} -d AUTO -hint latency", (graph,), (),
         "openvino", "its median and 95th percentile are what `measured` asks for",
         "https://docs.openvino.ai/2025/get-started/learn-openvino/openvino-samples/"
         "benchmark-tool.html"),
    ]  # fmt: skip


def _qnn(of: _Wanted) -> list[_Row]:
    fixed, context = f"{of.made}/fixed.onnx", f"{of.made}/model_ctx.onnx"
    program = (
        "import onnxruntime as o, onnxruntime_qnn as q; n = 'QNNExecutionProvider'; "
        "o.register_execution_provider_library(n, q.get_library_path()); "
        "s = o.SessionOptions(); s.add_session_config_entry('ep.context_enable', '1'); "
        f"s.add_session_config_entry('ep.context_file_path', '{context}'); "
        "s.add_session_config_entry('session.disable_cpu_ep_fallback', '1'); "
        "s.add_provider_for_devices([d for d in o.get_ep_devices() if d.ep_name == n], "
        f"{{'backend_type': 'htp'}}); o.InferenceSession('{fixed}', s)"
    )
    page = "https://github.com/onnxruntime/onnxruntime-qnn/blob/main/docs/execution_providers/"
    fixing = "python3 -c " + shlex.quote(_fix(of.shipped, fixed))
    return [
        ("device", fixing, (of.shipped,), (fixed,), "onnx",
         "the HTP compiles graphs of fixed shapes only",
         "https://onnxruntime.ai/docs/tutorials/mobile/helpers/make-dynamic-shape-fixed.html"),
        ("device", "python3 -c " + shlex.quote(program), (fixed,), (context,),
         "onnxruntime-qnn", "compiles the graph for the HTP once; it fails where a node would run "
         "on the CPU instead, which otherwise nobody notices",
         page + "QNN-ExecutionProvider.md"),
    ]  # fmt: skip


def _fix(shipped: str, fixed: str) -> str:
    """A program that sets the free first dimension of every input to one sample.

    It fails where a size stays open, so that no compiler gets what it cannot take.
    """
    return (
        f"import onnx; m = onnx.load('{shipped}'); "
        "[setattr(v.type.tensor_type.shape.dim[0], 'dim_value', 1) for v in "
        "[*m.graph.input, *m.graph.output]]; del m.graph.value_info[:]; "
        "m = onnx.shape_inference.infer_shapes(m); "
        "assert all(d.HasField('dim_value') for v in [*m.graph.input, *m.graph.output, "
        "*m.graph.value_info] for d in v.type.tensor_type.shape.dim), 'a size is still open'; "
        f"onnx.save(m, '{fixed}')"
    )


def _coreml(of: _Wanted) -> list[_Row]:
    program = (
        f"import onnxruntime as o; o.InferenceSession('{of.shipped}', providers=["
        "('CoreMLExecutionProvider', {'ModelFormat': 'MLProgram', "
        f"'RequireStaticInputShapes': '0', 'ModelCacheDirectory': '{of.made}'}})])"
    )
    return [(
        "device", "python3 -c " + shlex.quote(program), (of.shipped,), (of.made,), "onnxruntime",
        "the provider compiles for the chip it finds; coremltools reads no ONNX since version 6, "
        "so that it would need the model in its training framework",
        "https://onnxruntime.ai/docs/execution-providers/CoreML-ExecutionProvider.html",
    )]  # fmt: skip


def _tflite(of: _Wanted) -> list[_Row]:
    name = f"{of.made}/model_full_integer_quant.tflite"
    return [(
        "build host", f"onnx2tf -i {of.shipped} -o {of.made} -oiqt", (of.shipped,), (name,),
        "onnx2tf, tensorflow; `-cind` with samples of every input that is no picture",
        "its kernels are TFLite's, whose converter quantises by itself and reads no quantised "
        "ONNX; judge the result on the evaluation data before it is used",
        "https://github.com/PINTO0309/onnx2tf",
    )]  # fmt: skip


def _edgetpu(of: _Wanted) -> list[_Row]:
    (row,) = _tflite(of)
    quantised, compiled = row[3][0], f"{of.made}/model_full_integer_quant_edgetpu.tflite"
    return [row, (
        "build host", f"edgetpu_compiler -s -o {of.made} {quantised}", (quantised,), (compiled,),
        "edgetpu_compiler, which runs on Debian on amd64 only",
        "maps operators to the Edge TPU; `-s` lists those that stay on the CPU. Above about 8 MB "
        "of weights each inference loads them anew",
        "https://coral.ai/docs/edgetpu/compiler/",
    )]  # fmt: skip


def _tflm(of: _Wanted) -> list[_Row]:
    (row,) = _tflite(of)
    quantised, source = row[3][0], f"{of.made}/model.cc"
    return [row, (
        "build host", f"xxd -i {quantised} > {source}", (quantised,), (source,), "xxd",
        "a microcontroller has no file system: the model is linked into the firmware",
        "https://ai.google.dev/edge/litert/microcontrollers/build_convert",
    )]  # fmt: skip


_BUILDERS = {
    "tensorrt": _tensorrt, "openvino": _openvino, "qnn": _qnn, "coreml": _coreml,
    "edgetpu": _edgetpu, "tflm": _tflm,
}  # fmt: skip
