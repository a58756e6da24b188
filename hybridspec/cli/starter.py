"""`init`: a starting spec from a template or for a model, with what it needs to run at once."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from hybridspec.base.diagnostic import Diagnostic, Severity, SpecInvalid
from hybridspec.base.errors import UsageError
from hybridspec.base.units import format_bytes
from hybridspec.cli.adapt import Wishes, adapt, put, replaced
from hybridspec.cli.starter_model import STARTERS, train
from hybridspec.compiler import Options, validate_file
from hybridspec.editor.outline import outline
from hybridspec.ir.graph import ModelFacts, Tensor
from hybridspec.load.file import SPEC_NAME
from hybridspec.load.model import load_models
from hybridspec.schemas import text as schema_text
from hybridspec.spec.workload import Model

_BOUNDS = ("50ms", "200ms", "1s", "5s", "30s")
"""Latency bounds that are tried for a model of the user's, the first that holds is written."""

_SCHEMA = "hybridspec.schema.json"
_IGNORED = b".hybridspec/\nbuild/\n"


@dataclass(frozen=True, slots=True)
class Started:
    """What was written, and what the compiler says of it."""

    written: tuple[Path, ...]
    findings: tuple[Diagnostic, ...]


def template(name: str) -> str:
    """The text of a template."""
    return files("hybridspec.cli").joinpath("templates", f"{name}.yaml").read_text("utf-8")


def start(folder: Path, kind: str, wishes: Wishes, cache: Path) -> Started:
    """Write a template's spec with its schema, a small model and data; overwrites nothing."""
    if kind not in STARTERS:
        raise UsageError(f"there is no template `{kind}`", help=f"choose from: {_listed()}")
    spec = adapt(template(kind), wishes)
    starter, model = STARTERS[kind], folder / "model"
    with _new(folder, model / starter.file, model / "evaluation.npz") as written:
        _lay(folder, spec)
        train(model, starter)
    return Started(written, _judge(folder / SPEC_NAME, cache))


def start_from_model(folder: Path, source: Path, wishes: Wishes, cache: Path) -> Started:
    """Write a spec for a model of the user's; where the model lies elsewhere, it is copied.

    Raises:
        UsageError: the model cannot be read or run.
    """
    from hybridspec.optimise.synthetic import synthesise

    facts = _facts(source, cache)
    inside = source.resolve().is_relative_to(folder.resolve())
    model = source.resolve() if inside else folder / "model" / source.name
    named = model.relative_to(folder.resolve()) if inside else model.relative_to(folder)
    data = model.with_name("synthetic_evaluation.npz")
    spec = _for_model(template("from-model"), named.as_posix(), facts)
    made = [data] if inside else [model, data]
    with _new(folder, *made) as written:
        path = folder / SPEC_NAME
        _lay(folder, adapt(spec, wishes))
        model.parent.mkdir(parents=True, exist_ok=True)
        if not inside:
            shutil.copyfile(source, model)
        synthesise(model, facts.inputs, data)
        findings = _judge(path, cache)
        for bound in _BOUNDS if not wishes.latency else ():
            path.write_text(adapt(spec, replace(wishes, latency=bound)), encoding="utf-8")
            findings = _judge(path, cache)
            if not any(f.code == "HS0302" for f in findings):
                break
    return Started(written, findings)


def _listed() -> str:
    return ", ".join(STARTERS)


@contextmanager
def _new(folder: Path, *others: Path) -> Iterator[tuple[Path, ...]]:
    """The files to write, refused if one is there; taken away again if the writing fails."""
    ignore = folder / ".gitignore"
    paths = (folder / SPEC_NAME, folder / _SCHEMA, ignore, *others)
    for path in paths:
        if path.exists() or path.is_symlink():
            raise UsageError(f"{path} exists already", help="choose an empty folder")
    try:
        yield paths
    except BaseException:
        for path in paths:
            with suppress(OSError):
                path.unlink()
        raise


def _lay(folder: Path, spec: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / SPEC_NAME).write_text(spec, encoding="utf-8")
    (folder / _SCHEMA).write_text(schema_text("hybridspec"), encoding="utf-8")
    (folder / ".gitignore").write_bytes(_IGNORED)


def _judge(path: Path, cache: Path) -> tuple[Diagnostic, ...]:
    try:
        return validate_file(path, Options(cache=cache)).findings
    except SpecInvalid as invalid:
        return invalid.findings


def is_valid(started: Started) -> bool:
    """Whether the compiler takes what was written."""
    return not any(f.severity is Severity.ERROR for f in started.findings)


def _facts(source: Path, cache: Path) -> ModelFacts:
    """What the model's file holds, read in a process of its own."""
    asked = Model.model_validate({
        "source": source.name, "evaluation": source.name, "floor": 0.9, "allowed_drop": 0.05,
    })  # fmt: skip
    found = load_models({"model": asked}, source.parent, cache)["model"]
    if found.facts is None:
        raise UsageError(f"{source} cannot be used: {found.fault}",
                         help="name an ONNX file with all its weights inside")  # fmt: skip
    return found.facts


def _for_model(text: str, source: str, facts: ModelFacts) -> str:
    """The template with the model's name, file, sizes and shapes."""
    root = outline(text)
    models = root.at("models")
    entry = None if models is None else next(iter(models.entries), None)
    if entry is None:
        raise AssertionError("the template has no model")
    name = _name(Path(source).stem)
    folder, _, _ = source.rpartition("/")
    data = f"{folder}/synthetic_evaluation.npz".lstrip("/")
    stage = ("flows", "watch", "stages", "judge")
    edits = [
        (entry.start, entry.end, name),
        put(root, source, "models", "my-model", "source"),
        put(root, data, "models", "my-model", "evaluation"),
        put(root, name, *stage, "model"),
        put(root, f"{_bytes(facts.outputs)}B", *stage, "size"),
        put(root, f"{_bytes(facts.inputs)}B", "data", "input", "size"),
    ]
    told = [f"# {way} `{t.name}`: {t.dtype}{[n if n >= 0 else 'any' for n in t.shape]}".replace(
        "'", "") for way, tensors in (("input", facts.inputs), ("output", facts.outputs))
        for t in tensors]  # fmt: skip
    size = f"# {source}: {format_bytes(facts.size)}, {facts.parameters:,} parameters"
    return replaced(text, edits).replace("# MODEL", "\n".join([size, *told]), 1)


def _name(stem: str) -> str:
    """A file's name as a name of the spec."""
    plain = "".join(c if c.isascii() and c.isalnum() else "-" for c in stem.lower())
    plain = "-".join(part for part in plain.split("-") if part).lstrip("0123456789-")[:40]
    return plain.rstrip("-") or "my-model"


_WIDTHS = {"float64": 8, "int64": 8, "float32": 4, "int32": 4, "float16": 2, "int16": 2,
           "uint16": 2}  # fmt: skip


def _bytes(tensors: tuple[Tensor, ...]) -> int:
    """Bytes of one sample; a free dimension counts once."""
    total = 0
    for tensor in tensors:
        size = _WIDTHS.get(tensor.dtype, 1)
        for length in tensor.shape:
            size *= max(1, length)
        total += size
    return max(1, total)
