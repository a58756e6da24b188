"""How much faster two workers of a Dask cluster are than one: eight models, int8, nothing cached.

`python benchmarks/optimise_cluster.py [--pairs N]` starts a scheduler and its workers on this
machine, once with one worker and once with two, in turns, and says how loaded it was.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
import warnings
from fractions import Fraction
from functools import partial
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from hybridspec.cli.model_search import Flags, model_of
from hybridspec.cli.model_subject import bare
from hybridspec.optimise.candidate import Way, task
from hybridspec.optimise.cluster import Cluster
from hybridspec.optimise.crew import together
from hybridspec.optimise.recipe import recipe
from hybridspec.optimise.task import Task

MODELS = 8
CHANNELS = 48


def network(seed: int) -> onnx.ModelProto:
    """Six convolutions over 48 x 48 pixels."""
    rng = np.random.default_rng(seed)
    nodes, weights, last, depth = [], [], "x", 3
    for layer in range(6):
        shape = (CHANNELS, depth, 3, 3)
        values = (rng.normal(size=shape) / np.sqrt(9 * depth)).astype(np.float32)
        weights.append(numpy_helper.from_array(values, f"w{layer}"))
        nodes.append(helper.make_node("Conv", [last, f"w{layer}"], [f"c{layer}"], pads=[1] * 4))
        nodes.append(helper.make_node("Relu", [f"c{layer}"], [f"r{layer}"]))
        last, depth = f"r{layer}", CHANNELS
    nodes.append(helper.make_node("GlobalAveragePool", [last], ["p"]))
    nodes.append(helper.make_node("Flatten", ["p"], ["y"]))
    graph = helper.make_graph(
        nodes, "net",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 3, 48, 48])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", CHANNELS])], weights,
    )  # fmt: skip
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


def tasks(folder: Path) -> list[Task]:
    """One int8 build for each model."""
    asked = Flags(
        subject=folder, model=None, device="host", runtime=None, evaluation=None,
        calibration=None, metric=None, floor=None, allowed_drop=None, budget=None, tries=None,
        jobs=None, cluster=None, cluster_tls=None, measure=False,
    )  # fmt: skip
    found = []
    for number in range(MODELS):
        path = folder / f"net{number}.onnx"
        path.write_bytes(network(number).SerializeToString())
        model = model_of(bare(path), asked)
        assert model.floor == Fraction(0)
        found.append(task(model, Way(variant="int8", recipe=recipe("int8-static-u8s8"))))
    return found


def seconds(workers: int, work: list[Task]) -> float:
    """How long a cluster of so many workers takes, started before and with an empty cache."""
    import distributed

    with tempfile.TemporaryDirectory() as place, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with distributed.LocalCluster(
            n_workers=workers, threads_per_worker=1, processes=True, dashboard_address=None,
            host="127.0.0.1", protocol="tcp", silence_logs=50, local_directory=place,
        ) as made:  # fmt: skip
            cluster = Cluster(made.scheduler_address, Path(place) / "cache", lambda _: None)
            began = time.monotonic()
            together([partial(cluster.build, one) for one in work], cluster, lambda _: None)
            taken = time.monotonic() - began
            cluster.end()
    return taken


def main() -> None:
    """Print each pair, and the median of their ratios."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3)
    pairs = parser.parse_args().pairs
    with tempfile.TemporaryDirectory() as folder:
        os.environ["HYBRIDSPEC_CACHE"] = folder
        work = tasks(Path(folder))
        ratios = []
        for number in range(pairs):
            one, two = seconds(1, work), seconds(2, work)
            ratios.append(one / two)
            print(f"pair {number + 1}: one worker {one:.1f} s, two {two:.1f} s, "
                  f"{ratios[-1]:.2f} times faster, load {os.getloadavg()[0]:.1f} on "
                  f"{len(os.sched_getaffinity(0))} cores", flush=True)  # fmt: skip
    print(f"median: {statistics.median(ratios):.2f} times faster")


if __name__ == "__main__":
    main()
