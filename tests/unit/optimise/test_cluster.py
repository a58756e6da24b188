"""A Dask cluster does the same tasks, to the same bytes; what it loses is done again."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from unit.optimise.test_cache import forbid, way, whole
from unit.optimise.test_optimise import benign, network, saved

from hybridspec.base.errors import HybridspecError, UsageError
from hybridspec.ir.graph import Model
from hybridspec.optimise.candidate import task
from hybridspec.optimise.cluster import Cluster, address
from hybridspec.optimise.crew import together
from hybridspec.optimise.remote import perform
from hybridspec.optimise.workshop import Local

distributed: Any = pytest.importorskip(
    "distributed", reason="SKIPPED LOUDLY: no cluster is tested without `distributed`"
)


def silent(_: str) -> None:
    """Progress that nobody sees."""


@pytest.fixture(scope="module")
def farm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A scheduler and two worker processes, each with a folder of its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
            host="127.0.0.1", protocol="tcp", silence_logs=50, worker_dashboard_address=None,
            local_directory=str(tmp_path_factory.mktemp("farm")),
        )  # fmt: skip
        try:
            yield made
        finally:
            made.close(timeout=10)


@pytest.fixture
def net(tmp_path: Path) -> Model:
    return saved(tmp_path / "net", network(benign()))


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_artefacts_are_the_same_as_here(
    farm: Any, net: Model, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tasks = [task(net, way(variant)) for variant in ("fp32", "int8")]
    there = Cluster(farm.scheduler_address, tmp_path / "there", silent)
    assert there.width == 2
    here = Local(tmp_path / "here", silent)
    locals_ = [here.build(one) for one in tasks]
    forbid(monkeypatch)  # from now on nothing is built in this process
    remote = together([lambda one=one: there.build(one) for one in tasks], there, silent)  # type: ignore[misc]
    for mine, other in zip(locals_, remote, strict=True):
        assert other is not None
        assert contents(mine.folder) == contents(other.folder)
    assert [there.known(one) == entry for one, entry in zip(tasks, remote, strict=True)] == [
        True, True]  # fmt: skip
    whole(tmp_path / "there")
    there.end()


def test_a_lost_worker_costs_time_and_nothing_else(farm: Any, net: Model, tmp_path: Path) -> None:
    told: list[str] = []
    there = Cluster(farm.scheduler_address, tmp_path / "cache", told.append)
    one = task(net, way("fp32"))

    def kill() -> None:
        until = time.monotonic() + 30
        while time.monotonic() < until:
            busy = there._client.processing()
            for worker, tasks in busy.items():
                if tasks:
                    pid = there._client.run(os.getpid, workers=[worker], wait=True)[worker]
                    os.kill(pid, signal.SIGKILL)
                    return
            time.sleep(0.02)

    import threading

    killer = threading.Thread(target=kill)
    killer.start()
    entry = there.build(one)
    killer.join()
    assert (entry.folder / "model.onnx").read_bytes() == net.path.read_bytes()
    whole(tmp_path / "cache")
    there.end()


def test_a_file_that_changed_is_not_sent(farm: Any, net: Model, tmp_path: Path) -> None:
    there = Cluster(farm.scheduler_address, tmp_path / "cache", silent)
    net.path.write_bytes(b"other")
    with pytest.raises(HybridspecError, match="changed while they were read"):
        there.build(task(net, way("fp32")))
    whole(tmp_path / "cache")
    there.end()


def test_what_arrives_damaged_or_for_other_tools_is_not_done(net: Model) -> None:
    one = task(net, way("fp32"))
    digests = {file.role: file.digest for file in one.files}
    files = {file.role: file.path.read_bytes() for file in one.files}
    damaged = perform(one.key, one.job, digests, 1, "x", {**files, "source": b"x"})
    assert damaged == {"stopped": "its source arrived damaged"}
    assert "onnx" in perform("another key", one.job, digests, 1, "x", files)["foreign"]


def test_no_cluster_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hybridspec.optimise.cluster._CONNECT_S", 1)
    with pytest.raises(HybridspecError, match="does not answer"):
        Cluster("tcp://127.0.0.1:9", tmp_path, silent)


@pytest.mark.parametrize(
    "written",
    ["127.0.0.1:8786", "http://x:1", "tcp://x", "tcp://x:0", "tcp://x:99999", "inproc://x:1",
     "tcp://a b:1", "ucx://x:1", "tcp://x:1/../y"],
)  # fmt: skip
def test_only_addresses_of_schedulers_are_taken(written: str) -> None:
    with pytest.raises(UsageError):
        address(written)
