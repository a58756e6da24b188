"""The cache of variants: work is done once, and what is left if something kills it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from unit.optimise.test_optimise import benign, hostile, network, run, samples, saved

from hybridspec.base.errors import HybridspecError, TimedOut
from hybridspec.ir.graph import Model
from hybridspec.ir.tree import digest_of
from hybridspec.optimise import task as tasks
from hybridspec.optimise.candidate import Way, task
from hybridspec.optimise.recipe import default
from hybridspec.optimise.store import RECORD, find, made
from hybridspec.optimise.task import Children
from hybridspec.optimise.workshop import Local

Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


def forbid(monkeypatch: pytest.MonkeyPatch) -> None:
    """Any process is a fault from now on."""

    def never(*_: object, **__: object) -> None:
        raise AssertionError("work was done twice")

    monkeypatch.setattr(Children, "run", never)


def instead(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Every child runs this instead of its own program."""
    real: Run = Children.run
    monkeypatch.setattr(Children, "run", lambda self, _, **options: real(
        self, [sys.executable, "-c", program], **options))  # fmt: skip


def way(variant: str) -> Way:
    return Way(variant=variant, recipe=default(variant))


def variant_folder(net: Model, variant: str, cache: Path, said: Any = lambda _: None) -> Path:
    """What one variant comes to, built now if it was not."""
    return Local(cache, said).build(task(net, way(variant))).folder


def test_a_second_run_does_no_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    first = run(net, cache)[0]
    forbid(monkeypatch)
    assert run(net, cache)[0] == first


def test_a_rejection_is_remembered_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    net, cache = saved(tmp_path, network(hostile())), tmp_path / "cache"
    first = run(net, cache)
    forbid(monkeypatch)
    again = run(net, cache)
    assert again[1] == first[1]
    assert again[2].findings == first[2].findings


@pytest.mark.parametrize("what", ["m.onnx", "e.npz"])
def test_another_content_is_built_anew(tmp_path: Path, what: str) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    before = variant_folder(net, "fp32", cache, lambda _: None)
    weights = [weight * np.float32(1.5) for weight in benign()]
    arrays = samples(network(benign()), rng_seed=8)
    other = saved(tmp_path, network(weights) if what == "m.onnx" else network(benign()), arrays)
    assert variant_folder(other, "fp32", cache, lambda _: None) != before


def test_a_file_that_changes_under_way_is_not_kept_under_its_old_name(tmp_path: Path) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    net.path.write_bytes(network([w * np.float32(2) for w in benign()]).SerializeToString())
    with pytest.raises(HybridspecError, match="changed"):
        run(net, cache)
    net.path.write_bytes(network(benign()).SerializeToString())
    assert [a.variant for a in run(net, cache)[0]] == ["int8"]


def whole(cache: Path) -> None:
    """Every folder in the cache is finished."""
    for folder in (cache / "variants").iterdir():
        assert not folder.name.startswith(".work-"), "a half-written folder is left"
        assert (folder / "figures.json").exists()


@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM])
def test_a_killed_worker_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kill: signal.Signals
) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    with monkeypatch.context() as patched:
        instead(patched, f"import os; os.kill(os.getpid(), {int(kill)})")
        with pytest.raises(HybridspecError, match="was stopped"):
            run(net, cache)
    whole(cache)
    assert [a.variant for a in run(net, cache)[0]] == ["int8"]
    whole(cache)


def test_a_crash_is_a_verdict_and_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    instead(monkeypatch, f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})")
    first = run(net, cache)[2].findings
    assert [f.code for f in first] == ["HS0601"]
    forbid(monkeypatch)
    assert run(net, cache)[2].findings == first


def test_what_a_crash_says_names_no_folder_of_this_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, cache = saved(tmp_path / "my models", network(benign())), tmp_path / "a cache"
    where = f"{net.path} {cache / 'variants' / 'ab' / 'made.onnx'} /etc/x/passwd"
    instead(monkeypatch, f"raise OSError({where!r})")
    (finding,) = run(net, cache)[2].findings
    assert "OSError" in finding.message
    assert "m.onnx" in finding.message
    assert "passwd" in finding.message
    kept = b"".join(path.read_bytes() for path in cache.rglob("figures.json"))
    for text in (finding.message, kept.decode()):
        assert str(tmp_path) not in text
        assert "/etc" not in text


DRIVER = """
import sys
from pathlib import Path
sys.path[:0] = {path!r}
from unit.optimise import test_cache, test_optimise as t
folder = Path({folder!r})
net = t.saved(folder, t.network(t.benign()))
test_cache.variant_folder(net, "int8", folder / "cache", lambda text: print(text, flush=True))
"""


def test_a_killed_compiler_leaves_nothing_half_written(tmp_path: Path) -> None:
    """Killed with its worker while it works; the next run finishes as if nothing had been."""
    tests = str(Path(__file__).parents[2])
    script = DRIVER.format(path=[tests, str(Path(tests).parent)], folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, start_new_session=True
    ) as running:
        assert running.stdout is not None
        assert running.stdout.readline().startswith(b"building int8")
        variants = tmp_path / "cache" / "variants"
        until = time.monotonic() + 60
        while not list(variants.glob(".work-*/job.json")) and time.monotonic() < until:
            time.sleep(0.005)
        os.killpg(running.pid, signal.SIGKILL)
    folders = list((tmp_path / "cache" / "variants").iterdir())
    assert all(f.name.startswith(".work-") or (f / "figures.json").exists() for f in folders)
    net = saved(tmp_path, network(benign()))
    made = variant_folder(net, "int8", tmp_path / "cache", lambda _: None)
    figures = json.loads((made / "figures.json").read_bytes())
    assert figures["broken"] is False
    assert not (made / "job.json").exists()


def test_two_runs_at_once_agree(tmp_path: Path) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    found: list[Path] = []
    threads = [
        threading.Thread(
            target=lambda: found.append(variant_folder(net, "fp32", cache, lambda _: None))
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    whole(cache)


def test_folders_that_come_and_go_stop_nobody(tmp_path: Path) -> None:
    faults: list[HybridspecError] = []

    def once(cache: Path) -> None:
        try:
            made(cache, "k", lambda folder, _: folder.joinpath("f").touch(), wait=lambda: None)
        except HybridspecError as fault:
            faults.append(fault)

    for number in range(200):
        cache = tmp_path / str(number)
        threads = [threading.Thread(target=once, args=[cache]) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert faults == []


def test_a_worker_that_never_ends_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    monkeypatch.setattr(tasks, "SECONDS", 0.5)
    instead(monkeypatch, "import time; time.sleep(60)")
    started = time.monotonic()
    with pytest.raises(TimedOut, match="longer than"):
        run(net, cache)
    whole(cache)
    assert time.monotonic() - started < 50


@pytest.mark.parametrize("spoil", ["cut", "changed", "gone", "record", "extra"])
def test_a_spoilt_entry_is_found_and_made_again(tmp_path: Path, spoil: str) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    folder = variant_folder(net, "fp32", cache)
    model, whole_digest = folder / "model.onnx", digest_of(folder / "model.onnx")
    match spoil:
        case "cut":
            model.write_bytes(model.read_bytes()[:-100])
        case "changed":
            content = bytearray(model.read_bytes())
            content[-1] ^= 1
            model.write_bytes(content)
        case "gone":
            (folder / "golden_inputs.npz").unlink()
        case "record":
            (folder / RECORD).write_text('{"model.onnx": 7}', encoding="utf-8")
        case _:
            (folder / "more.bin").write_bytes(b"x")
    key = task(net, way("fp32")).key
    assert find(cache, key) is None
    assert variant_folder(net, "fp32", cache) == folder
    assert digest_of(model) == whole_digest
    entry = find(cache, key)
    assert entry is not None
    assert entry.digests["model.onnx"] == whole_digest
    whole(cache)


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    net, cache = saved(tmp_path, network(benign())), tmp_path / "cache"
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(HybridspecError, match="cannot be written"):
        variant_folder(net, "fp32", tmp_path / "file")
    folder = variant_folder(net, "fp32", cache)
    shutil.rmtree(folder)
    (cache / "variants" / f".work-{folder.name}").write_text("in the way", encoding="utf-8")
    with pytest.raises(HybridspecError, match="cannot be written"):
        variant_folder(net, "fp32", cache)


def test_an_orphan_does_not_outlive_the_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`confine` ties a child to its parent, and refuses one that is gone already."""
    program = "from hybridspec.optimise.limits import confine; confine(parent=1); print('alive')"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")
