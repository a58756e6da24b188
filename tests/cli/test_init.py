"""`init` starts something that validates, plans, builds and is refused where something lies."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from conftest import EXAMPLE, ROOT, Cli

from hybridspec.base.diagnostic import Severity
from hybridspec.base.errors import UsageError
from hybridspec.cli.adapt import Wishes, adapt
from hybridspec.cli.questions import ask
from hybridspec.cli.starter import is_valid, start, start_from_model, template
from hybridspec.cli.starter_model import STARTERS

WRITTEN = ["hybridspec.yaml", "hybridspec.schema.json", ".gitignore", "model/anomaly.onnx",
           "model/evaluation.npz"]  # fmt: skip


def test_a_new_folder_holds_a_spec_that_works(tmp_path: Path, cli: Cli) -> None:
    done = cli("init", "new place", "--name", "pump-watch", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"new place/{name}" for name in WRITTEN]
    folder = tmp_path / "new place"
    validated = cli("validate", folder)
    assert (validated.returncode, validated.stderr) == (0, "valid\n")
    planned = json.loads(cli("plan", folder, "--format", "json").stdout)
    assert planned["name"] == "pump-watch"
    assert {d["chosen"]["device"] for d in planned["decisions"]} == {"gateway"}
    built = cli("build", folder)
    assert built.returncode == 0
    assert (folder / "build" / "pump-watch" / "bundles" / "gateway" / "bundle.tar.zst").exists()
    ignored = (folder / ".gitignore").read_text().split()
    assert ignored == [".hybridspec/", "build/"]


def test_the_current_folder_is_the_default(tmp_path: Path, cli: Cli) -> None:
    done = cli("init", "--format", "json", cwd=tmp_path)
    document = json.loads(done.stdout)
    assert document == {"schemaVersion": "hybridspec.dev/init/v1", "written": WRITTEN,
                        "valid": True}  # fmt: skip
    assert cli("validate", cwd=tmp_path).returncode == 0


def test_nothing_is_overwritten(tmp_path: Path, cache: Path, cli: Cli) -> None:
    for name in WRITTEN:
        folder = tmp_path / name.replace("/", "-")
        (folder / name).parent.mkdir(parents=True)
        (folder / name).write_text("mine")
        with pytest.raises(UsageError, match="exists already"):
            start(folder, "minimal", Wishes(), cache)
        assert [p for p in folder.rglob("*") if p.is_file()] == [folder / name]
        assert (folder / name).read_text() == "mine"
    done = cli("init", folder)
    assert done.returncode == 2
    assert f"{folder / name} exists already" in done.stderr


def test_a_place_that_is_a_file_is_refused(tmp_path: Path, cli: Cli) -> None:
    (tmp_path / "file").write_text("mine")
    done = cli("init", tmp_path / "file")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert (tmp_path / "file").read_text() == "mine"


@pytest.mark.parametrize("kind", STARTERS)
def test_every_template_holds_and_lacks_at_most_the_documents_of_its_user(
    kind: str, tmp_path: Path, cache: Path
) -> None:
    done = start(tmp_path, kind, Wishes(name="our-system"), cache)
    assert is_valid(done)
    assert {f.code for f in done.findings} <= {"HS0336"}
    assert all(path.is_file() for path in done.written)
    text = (tmp_path / "hybridspec.yaml").read_text()
    assert "STARTER MODEL" in text
    assert "name: our-system" in text
    for key in ("evidence", "agreements"):  # the spec says where what it lacks has to stand
        if any(f".{key}: [{{kind" in finding.help for finding in done.findings):
            assert re.search(f"# .*`validate` names.*`{key}`", text)
    first = text.splitlines()[0].partition("$schema=")[2]
    assert (tmp_path / first).is_file()


@pytest.mark.parametrize(
    ("countries", "provider", "kind"),
    [("US", "aws", "bedside-monitoring"), ("GB", "aws", "retail-checkout"),
     ("FR,BE", "gcp", "city-traffic"), ("JP", "gcp", "minimal"), ("IN", "azure", "remote-farm")],
)  # fmt: skip
def test_wishes_are_written_where_they_belong(
    countries: str, provider: str, kind: str, tmp_path: Path, cache: Path
) -> None:
    listed = tuple(countries.split(","))
    wishes = Wishes(countries=listed, provider=provider, board="raspberry-pi-5", latency="700ms")
    done = start(tmp_path, kind, wishes, cache)
    errors = [f.message for f in done.findings if f.severity is Severity.ERROR]
    hipaa = "zone `hospitals`: hipaa:164.312-b asks for `audit-log`, and nothing shows it"
    assert errors == ([f"{hipaa} for sites in US"] if kind == "bedside-monitoring" else [])
    text = (tmp_path / "hybridspec.yaml").read_text()
    assert f"countries: [{', '.join(listed)}]" in text
    assert f"{provider}: {{provider: {provider}, regions: [" in text
    assert "board: raspberry-pi-5" in text
    assert "bound: 700ms" in text


@pytest.mark.parametrize(
    ("wishes", "said"),
    [(Wishes(name="Not A Name"), "lower-case letters"),
     (Wishes(countries=("Germany",)), "did you mean `DE`?"),
     (Wishes(board="rasberry-pi-5"), "did you mean `raspberry-pi-5`?"),
     (Wishes(provider="amazon"), "choose from: aws"),
     (Wishes(regions=("eu-centra-1",)), "did you mean `eu-central-1`?"),
     (Wishes(countries=("VA",)), "more countries"),
     (Wishes(latency="soon"), "write it like")],
)  # fmt: skip
def test_a_wish_that_cannot_be_is_refused_with_the_way_out(wishes: Wishes, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        adapt(template("minimal"), wishes)
    assert said in refused.value.help


def test_a_model_of_ones_own_gets_a_spec_that_holds(tmp_path: Path, cli: Cli) -> None:
    source = EXAMPLE / "model" / "bearing_fault.onnx"
    done = cli("init", tmp_path / "new", "--from-model", source, "--countries", "FR")
    assert done.returncode == 0, done.stderr
    folder = tmp_path / "new"
    text = (folder / "hybridspec.yaml").read_text()
    assert (folder / "model" / "bearing_fault.onnx").read_bytes() == source.read_bytes()
    assert "# input `window`: float32[1, 1, 1024]" in text
    assert "bearing-fault:" in text
    assert "size: 4096B" in text
    assert "SYNTHETIC DATA" in text
    assert text.count("REPLACE") >= 4
    assert cli("build", folder).returncode == 0


def test_a_model_that_lies_in_the_folder_is_not_copied(tmp_path: Path, cache: Path) -> None:
    model = tmp_path / "nets" / "bearing_fault.onnx"
    model.parent.mkdir()
    shutil.copy(EXAMPLE / "model" / "bearing_fault.onnx", model)
    done = start_from_model(tmp_path, model, Wishes(), cache)
    assert is_valid(done)
    assert "source: nets/bearing_fault.onnx" in (tmp_path / "hybridspec.yaml").read_text()
    assert not (tmp_path / "model").exists()


def test_a_file_that_is_no_model_is_refused_and_nothing_is_left(
    tmp_path: Path, cache: Path
) -> None:
    (tmp_path / "net.onnx").write_bytes(b"not a model")
    with pytest.raises(UsageError, match="cannot be used"):
        start_from_model(tmp_path / "new", tmp_path / "net.onnx", Wishes(), cache)
    assert not (tmp_path / "new").exists()


def test_contradictions_of_flags_are_said(tmp_path: Path, cache: Path, cli: Cli) -> None:
    both = cli("init", tmp_path, "--template", "minimal", "--from-model", "x.onnx")
    assert both.returncode == 2
    with pytest.raises(UsageError) as unknown:
        start(tmp_path, "moon-base", Wishes(), cache)
    assert "predictive-maintenance" in unknown.value.help
    harsh = cli("init", tmp_path / "harsh", "--latency", "1us")
    assert harsh.returncode == 5
    assert "HS0302" in harsh.stderr
    assert "the spec is written, but does not hold yet" in harsh.stderr


def test_on_a_terminal_it_asks_what_the_flags_left_open(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = {"What is it for?": "remote-farm", "Cloud": "gcp",
               "Countries or blocs where its data may be": "FR, BE"}  # fmt: skip
    asked = []

    def answer(question: str, **rest: object) -> object:
        asked.append(question)
        return answers.get(question, rest["default"])

    monkeypatch.setattr("rich.prompt.Prompt.ask", answer)
    kind, wishes = ask(None, Wishes(name="given"), named=True)
    assert (kind, wishes) == ("remote-farm", Wishes(name="given", countries=("FR", "BE"),
                                                    provider="gcp"))  # fmt: skip
    assert "Name of the system" not in asked
    asked.clear()
    assert ask("minimal", wishes, named=True) == ("minimal", wishes)
    assert asked == []


def test_the_templates_are_listed_and_packaged(cli: Cli) -> None:
    listed = cli("init", "--list").stdout.splitlines()
    assert [line.split()[0] for line in listed] == list(STARTERS)
    files = {path.stem for path in (ROOT / "hybridspec" / "cli" / "templates").glob("*.yaml")}
    assert files == {*STARTERS, "from-model"}


def test_shells_can_complete(cli: Cli) -> None:
    env = {"_HYBRIDSPEC_COMPLETE": "complete_bash", "COMP_WORDS": "hybridspec val",
           "COMP_CWORD": "1"}  # fmt: skip
    assert cli(env=env).stdout.split() == ["validate"]
    asked = {"SHELL": "/bin/bash", "_TYPER_COMPLETE_TEST_DISABLE_SHELL_DETECTION": "1"}
    shown = cli("--show-completion", "bash", env=asked)
    assert "_HYBRIDSPEC_COMPLETE" in shown.stdout
