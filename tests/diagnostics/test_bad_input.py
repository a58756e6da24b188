"""Bad input as users meet it: the real command line names the place, the fault and the way out."""

from __future__ import annotations

import json
import re
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from conftest import Cli
from diagnostics.expectations import bare
from diagnostics.small_models import linear, samples, wide, write_models

from hybridspec.cli.app import run
from hybridspec.optimise.data import write_arrays

SPEC = bare("clean_model_and_store")
SECTIONS = [line.split(":")[0] for line in SPEC.splitlines() if line and line[0] not in " #"]
HEAD = re.compile(r"hybridspec\.yaml:(\d+):(\d+): error\[(HS\d{4})\]: (.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One change to a fixture, and what has to be said about it."""

    fixture: str = "clean_model_and_store"
    old: str
    new: str
    code: str
    exit: int = 2
    line: str
    under: str = ""
    message: str
    help: str
    command: str = "validate"


MODEL = "source: model/tiny.onnx"
DATA = "evaluation: model/tiny.npz"


def model(source: str, message: str) -> Case:
    return Case(old=MODEL, new=f"source: {source}", code="HS0225", line=f"source: {source}",
                message=message, help="the path is relative to the spec")  # fmt: skip


def data(evaluation: str, message: str, **fields: str) -> Case:
    return Case(
        old=DATA, new=f"evaluation: {evaluation}", code="HS0226", line=f"evaluation: {evaluation}",
        **{"message": message, "help": "the arrays `x`, `label`", **fields},
    )  # fmt: skip


CASES = {
    "a key written twice": Case(
        old="flows:", new="zones: {}\nflows:", code="HS0104", line="zones: {}",
        message="`zones` is written twice", help="keep one of the two"),
    "a misspelt key": Case(
        old="board:", new="bord:", code="HS0201", line="bord: raspberry-pi-5", under="bord",
        message="`bord` is not a key of `devices.box`", help="did you mean `board`?"),
    "a number as key": Case(
        old="flows:", new="42: {}\nflows:", code="HS0201", line="42: {}",
        message="`42` is not a key of the spec", help="choose from: "),
    "a key left out": Case(
        old="    board: raspberry-pi-5\n", new="", code="HS0202", line="box:",
        message="`devices.box` has no `board`", help="add `board: raspberry-pi-5`"),
    "a duration without its unit": Case(
        old="max_offline: P1D", new="max_offline: 3", code="HS0204", line="max_offline: 3",
        message="`max_offline` needs a duration with a unit, not `3`", help="40ms, 12h or P30D"),
    "a size in seconds": Case(
        old="size: 64B", new="size: 64s", code="HS0204", line="size: 64s", under="64s",
        message="`size` needs a size, not `64s`", help="4KiB or 2MB"),
    "a negative count": Case(
        old="{box: 1}", new="{box: -1}", code="HS0205", line="{box: -1}", under="-1",
        message="`box` is `-1`, but has to be at least 1", help="write at least 1"),
    "an infinite count": Case(
        old="{box: 1}", new="{box: .inf}", code="HS0203", line="{box: .inf}",
        message="`box` needs a whole number, not `.inf`", help="write it like `1`"),
    "a floor that is no number": Case(
        old="floor: 0.9", new="floor: .nan", code="HS0204", line="floor: .nan",
        message="`floor` needs a share, not `.nan`", help="0.95 or 95%"),
    "a floor without end": Case(
        old="floor: 0.9", new="floor: 1e999", code="HS0204", line="floor: 1e999",
        message="`floor` needs a share, not `1e999`", help="0.95 or 95%"),
    "a name of emoji": Case(
        old="  watch:", new="  👀:", code="HS0207", line="👀:",
        message="`👀` is not a usable name", help="lower-case letters, digits and hyphens"),
    "another version": Case(
        old="hybridspec.dev/v1", new="hybridspec.dev/v2", code="HS0208", line="apiVersion",
        message="cannot read apiVersion `hybridspec.dev/v2`", help="`apiVersion: hybridspec.dev"),
    "an unknown device class": Case(
        old="{box: 1}", new="{bax: 1}", code="HS0220", line="{bax: 1}",
        message="there is no device class `bax`", help="did you mean `box`?"),
    "an unknown zone": Case(
        old="zone: eu", new="zone: moon", code="HS0220", line="zone: moon",
        message="there is no zone `moon`", help="choose from: `eu`"),
    "an unknown model": Case(
        old="model: m,", new="model: mm,", code="HS0220", line="model: mm",
        message="there is no model `mm`", help="did you mean `m`?"),
    "stages that feed each other": Case(
        old="inputs: [readings], size: 16B", new="inputs: [readings, daily], size: 16B",
        code="HS0221", line="inputs: [readings, daily]", under="daily",
        message="`judge` -> `daily` -> `judge`", help="`feedback: [daily]`"),
    "a country by its other name": Case(
        old="country: DE", new="country: UK", code="HS0222", line="country: UK", under="UK",
        message="`UK` is not a known country", help="did you mean `GB`?"),
    "an unknown board": Case(
        old="board: raspberry-pi-5", new="board: rasberry-pi-5", code="HS0223",
        line="board: rasberry-pi-5", message="there is no board `rasberry-pi-5`",
        help="did you mean `raspberry-pi-5`?"),
    "an unknown region": Case(
        old="eu-central-1", new="eu-centrall-1", code="HS0224", line="eu-centrall-1",
        message="there is no region `eu-centrall-1`", help="did you mean `eu-central-1`?"),
    "a country outside the zone": Case(
        old="country: DE", new="country: NO", code="HS0301", exit=5, line="country: NO",
        message="site `plant` stands in NO, which zone `eu` does not allow",
        help="add `NO` to the countries of `eu`"),
    "a latency that cannot be met": Case(
        old="bound: 50ms", new="bound: 1ms", code="HS0302", exit=5, line="bound: 1ms",
        message="1.49 ms over the bound of 1 ms", help="raise the bound to "),
    "a model larger than the board": Case(
        fixture="memory_exceeded", old="raspberry-pi-5", new="raspberry-pi-4", code="HS0303",
        exit=5, line="source: model/wide.onnx", message="but Raspberry Pi 4 Model B, 4 GB has",
        help="use a board with "),
    "a model that is text": model("model/text.onnx", "it is not an ONNX file"),
    "half a model": model("model/half.onnx", "it is not an ONNX file, or it is truncated"),
    "an absent model": model("model/absent.onnx", "there is no such file"),
    "a folder as model": model("model", "it is not a regular file"),
    "a model behind a link": model("model/link.onnx", "the path leaves the folder of the spec"),
    "a model above": model("../secret.onnx", "the path leaves the folder of the spec"),
    "a model by its full path": model("/etc/passwd", "the path leaves the folder of the spec"),
    "a model in pieces": model("model/pieces.onnx", "its weights are in external files"),
    "data of another shape": data(
        "model/narrow.npz", "`x` is float32[8, 3], but the model takes float32[N, 4]"),
    "data without labels": data("model/unlabelled.npz", "the array `label` is missing"),
    "pickled objects": data("model/objects.npz", "the array `x` is object[8]"),
    "data of no samples": data("model/none.npz", "it holds no sample"),
    "data of unequal length": data("model/unequal.npz", "different numbers of samples"),
    "data that is a model": data("model/tiny.onnx", "it is not a `.npz` file of arrays"),
    "data above": data("../secret.npz", "the path leaves the folder of the spec"),
    "data with holes": data(
        "model/nan.npz", "the array `x` holds NaN or infinity", command="plan",
        help="write the evaluation data again, with finite numbers only"),
}  # fmt: skip


def pieces() -> bytes:
    """`linear` with its weights in another file."""
    made = linear()
    tensor = made.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = tensor.EXTERNAL
    tensor.external_data.add(key="location", value="weights.bin")
    return made.SerializeToString()


@pytest.fixture(scope="session")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the cases name, beside what the fixtures name."""
    root = tmp_path_factory.mktemp("bad-input")
    folder, good = write_models(root / "spec" / "model"), samples()
    (root / "secret.onnx").write_bytes(linear().SerializeToString())
    write_arrays(root / "secret.npz", good)
    (folder / "half.onnx").write_bytes(wide().SerializeToString()[:100])
    (folder / "pieces.onnx").write_bytes(pieces())
    (folder / "weights.bin").write_bytes(bytes(32))
    (folder / "link.onnx").symlink_to(root / "secret.onnx")
    np.savez(folder / "objects.npz", x=np.array([{}] * 8, dtype=object), label=good["label"])
    write_arrays(folder / "none.npz", {name: array[:0] for name, array in good.items()})
    write_arrays(folder / "unequal.npz", {**good, "label": good["label"][:-1]})
    write_arrays(folder / "nan.npz", {**good, "x": np.full_like(good["x"], np.nan)})
    return root / "spec"


@pytest.fixture
def main(
    cache: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> Iterator[Callable[..., tuple[int, str, str]]]:
    """The command line in this process: code, stdout and stderr."""
    monkeypatch.setenv("HYBRIDSPEC_CACHE", str(cache))
    before = signal.getsignal(signal.SIGTERM)

    def call(*arguments: str | Path) -> tuple[int, str, str]:
        code = run([str(argument) for argument in arguments])
        return (code, *capfd.readouterr())

    yield call
    signal.signal(signal.SIGTERM, before)


def write(folder: Path, case: Case) -> Path:
    text = bare(case.fixture)
    assert text.count(case.old) == 1, case.old
    path = folder / "hybridspec.yaml"
    path.write_text(text.replace(case.old, case.new), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", CASES)
def test_people_read_place_fault_and_way_out(models: Path, cli: Cli, name: str) -> None:
    case = CASES[name]
    write(models, case)
    done = cli(case.command, "hybridspec.yaml", cwd=models)
    assert done.returncode == case.exit, done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("building ")]
    head = HEAD.fullmatch(lines[0])
    assert head, lines[0]
    number, column, code, message = int(head[1]), int(head[2]), head[3], head[4]
    assert (code, case.message in message) == (case.code, True), message
    assert case.line in lines[1]
    assert lines[1].startswith(f"  {number} | ")
    assert lines[1].partition("| ")[2].lstrip()
    assert re.fullmatch(rf"  {' ' * len(str(number))} \| {' ' * (column - 1)}\^+", lines[2])
    start = lines[2].index("^")
    assert case.under in ("", lines[1][start : len(lines[2])])
    help = [line for line in lines if line.startswith("  help: ")]
    assert len(help) == 1
    assert case.help in help[0]


@pytest.mark.parametrize("name", [n for n, case in CASES.items() if case.command == "validate"])
def test_machines_read_the_same(
    models: Path, main: Callable[..., tuple[int, str, str]], name: str
) -> None:
    case = CASES[name]
    path = write(models, case)
    code, out, _ = main("validate", path, "--format", "json")
    document = json.loads(out)
    (found,) = (f for f in document["findings"] if f["severity"] == "error")
    assert (code, found["code"]) == (case.exit, case.code)
    assert case.message in found["message"]
    assert case.help in found["help"]
    place = f"{found['location']['line']}:{found['location']['column']}"
    code, out, err = main("validate", path, "--format", "concise")
    assert (code, out) == (case.exit, "")
    assert f"{path}:{place}: error[{case.code}]: {found['message']} (help: " in err
    line, column = place.split(":")
    code, out, _ = main("validate", path, "--format", "github")
    assert code == case.exit
    assert f"::error file={path},line={line},col={column},title={case.code} " in out


def test_the_clean_spec_is_valid_in_every_format(
    models: Path, main: Callable[..., tuple[int, str, str]]
) -> None:
    path = models / "hybridspec.yaml"
    path.write_text(SPEC, encoding="utf-8")
    assert main("validate", path) == (0, "", "valid\n")
    assert main("validate", path, "--format", "concise") == (0, "", "")
    assert main("validate", path, "--format", "github") == (0, "", "")
    code, out, err = main("validate", path, "--format", "json")
    assert (code, json.loads(out)["findings"], err) == (0, [], "")


@pytest.mark.parametrize("value", ["", "~", "[]", "[a]", "text", "42", "true", "{a: }", "{1: 2}"])
@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_of_the_wrong_kind_is_said_at_its_line(
    models: Path, main: Callable[..., tuple[int, str, str]], section: str, value: str
) -> None:
    pattern = rf"(?m)^{section}:.*\n(?: .*\n)*"
    text = re.sub(pattern, f"{section}: {value}\n", SPEC)
    path = models / "hybridspec.yaml"
    path.write_text(text, encoding="utf-8")
    code, out, _ = main("validate", path, "--format", "json")
    findings = json.loads(out)["findings"]
    assert code == 2
    line = text.splitlines().index(f"{section}: {value}") + 1
    here = [f for f in findings if f["location"]["line"] == line]
    assert here
    assert all(f["message"] and f["help"] for f in findings)


def test_nothing_but_nulls_is_a_fault_for_each(
    models: Path, main: Callable[..., tuple[int, str, str]]
) -> None:
    path = models / "hybridspec.yaml"
    path.write_text("".join(f"{section}:\n" for section in SECTIONS), encoding="utf-8")
    code, _, err = main("validate", path)
    assert code == 2
    assert err.count("error[HS02") == len(SECTIONS)


def test_norway_is_a_country(models: Path, main: Callable[..., tuple[int, str, str]]) -> None:
    path = models / "hybridspec.yaml"
    path.write_text(bare("clean_norway"), encoding="utf-8")
    assert main("validate", path)[0] == 0


@pytest.mark.parametrize("command", ["plan", "explain", "build", "report", "preview", "up"])
def test_every_command_ends_alike_on_a_bad_spec(
    models: Path, main: Callable[..., tuple[int, str, str]], command: str
) -> None:
    for name in ("an unknown zone", "a country outside the zone"):
        case = CASES[name]
        path = write(models, case)
        code, out, err = main(command, path)
        assert (code, out) == (case.exit, "")
        assert f"error[{case.code}]" in err
        assert "  help: " in err
    assert not (models / "build").exists()
