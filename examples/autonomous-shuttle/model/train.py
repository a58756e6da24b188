# /// script
# requires-python = ">=3.11"
# dependencies = ["numpy", "onnx"]
# ///
"""Trains the obstacle classifier of this example on simulated lidar, with numpy alone.

A lidar 1.8 m above the road sweeps the path ahead; what it hits is cut into clusters, and each
cluster becomes a picture of 32 x 32 cells, 5 m wide and 3 m high, with two bytes a cell: how far
the hit lies behind the front of the cluster (2 cm a step), and how strongly it came back. The
simulator casts rays at bodies made of boxes, cylinders and ellipsoids of real sizes in metres. As
in a real sensor the beams are 0.33 degrees apart vertically and 0.2 horizontally, so that far
obstacles leave gaps between rows; ranges and strengths are noisy, and rays get lost. `harmless` is
what a shuttle may drive through: spray, exhaust, leaves. The evaluation set is drawn from larger
distances, more noise and more lost rays than the training set.

Run `uv run train.py` or `python train.py`; it writes `obstacle.onnx`, `evaluation.npz` and
`calibration.npz`.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1]))
import small_network as net  # noqa: E402

SIDE, WIDE, HIGH, MOUNT = 32, 5.0, 3.0, 1.8
CLASSES = ("pedestrian", "cyclist", "vehicle", "structure", "harmless")
BEAM = (np.radians(0.33), np.radians(0.2))

Array = np.ndarray


@dataclass(frozen=True)
class Conditions:
    """Ranges that one data set is drawn from: distance and noise in metres, share of lost rays."""

    distance: tuple[float, float]
    noise: tuple[float, float]
    lost: tuple[float, float]


TRAINING = Conditions(distance=(4, 28), noise=(0.01, 0.04), lost=(0.0, 0.15))
EVALUATION = Conditions(distance=(4, 30), noise=(0.012, 0.045), lost=(0.02, 0.18))


@dataclass(frozen=True)
class Body:
    """A solid: kind, centre across, along and up, half sizes of the same, and how it reflects."""

    kind: str
    at: tuple[float, float, float]
    half: tuple[float, float, float]
    shine: float


def scene(label: str, rng: np.random.Generator) -> list[Body]:
    """The bodies of one obstacle, its front at along 0 or a little behind."""
    shift, cloth = rng.uniform(-0.6, 0.6), rng.uniform(0.2, 0.8)
    if label == "pedestrian":
        return _person(shift, 0.25, rng.uniform(1.1, 1.95), cloth, rng)
    if label == "cyclist":
        side = rng.random() < 0.6
        reach = (0.85, 0.06) if side else (0.22, 0.85)
        frame = Body("box", (shift, 0.6, 0.5), (*reach, 0.33), rng.uniform(0.3, 0.9))
        axle = reach[0] * 0.7 * side
        wheels = [Body("box", (shift + s * axle, 0.6, 0.34), (0.04, 0.05, 0.34), 0.3)
                  for s in (-1, 1)]  # fmt: skip
        rider = [Body("ellipsoid", (shift, 0.6, 1.2), (0.25, 0.3, 0.38), cloth),
                 Body("ellipsoid", (shift, 0.5, 1.65), (0.12, 0.12, 0.14), 0.5)]  # fmt: skip
        return [frame, *wheels, *rider]
    if label == "vehicle":
        half = (rng.uniform(0.8, 1.0), rng.uniform(1.8, 2.3))
        half = half if rng.random() < 0.6 else half[::-1]
        low, paint = rng.uniform(0.4, 0.5), rng.uniform(0.1, 0.9)
        cabin = (half[0] * 0.8, half[1] * 0.55, rng.uniform(0.25, 0.9))
        return [
            Body("box", (shift, half[1], 0.25 + low), (*half, low), paint),
            Body("box", (shift, half[1], 0.25 + 2 * low + cabin[2] * 0.5), cabin, 0.15),
        ]
    if label == "structure":
        return _structure(shift, rng)
    return []


def _person(
    shift: float, along: float, tall: float, cloth: float, rng: np.random.Generator
) -> list[Body]:
    spread = rng.uniform(0.06, 0.2)
    half = tall * 0.24
    legs = [Body("cylinder", (shift + s * spread, along, half), (0.08, 0.08, half), 0.3)
            for s in (-1, 1)]  # fmt: skip
    torso = Body("ellipsoid", (shift, along, tall * 0.66), (0.24, 0.15, tall * 0.2), cloth)
    head = Body("ellipsoid", (shift, along, tall * 0.92), (0.1, 0.11, tall * 0.08), 0.5)
    bag = Body("box", (shift + rng.choice([-1, 1]) * 0.33, along, 0.6), (0.1, 0.14, 0.18), 0.4)
    return [*legs, torso, head] + ([bag] if rng.random() < 0.3 else [])


def _structure(shift: float, rng: np.random.Generator) -> list[Body]:
    """A post, a sign, a wall or a bollard."""
    shine, pick = rng.uniform(0.3, 1.0), rng.integers(4)
    if pick == 0:
        return [Body("cylinder", (shift, 0.1, 1.5), (r := rng.uniform(0.05, 0.15), r, 1.6), shine)]
    if pick == 1:
        plate = Body("box", (shift, 0.05, rng.uniform(1.9, 2.4)), (0.32, 0.02, 0.32), 1.0)
        return [Body("cylinder", (shift, 0.08, 1.2), (0.04, 0.04, 1.2), shine), plate]
    if pick == 2:
        tall = rng.uniform(0.4, 1.5)
        return [Body("box", (shift * 2, 0.2, tall), (rng.uniform(0.8, 3.0), 0.15, tall), shine)]
    tall = rng.uniform(0.35, 0.6)
    return [Body("cylinder", (shift, 0.15, tall), (r := rng.uniform(0.08, 0.25), r, tall), shine)]


def picture(label: str, where: Conditions, rng: np.random.Generator) -> Array:
    """The two bytes of every cell: depth behind the front, and strength; 0 where nothing is."""
    distance = rng.uniform(*where.distance)
    rows, columns = BEAM[0] * distance, BEAM[1] * distance
    up = np.arange(0.05 + rng.uniform(0, rows), HIGH, rows)
    across = np.arange(-WIDE / 2 + rng.uniform(0, columns), WIDE / 2, columns)
    x, z = (grid.ravel() for grid in np.meshgrid(across, up))
    if label == "harmless":
        depth, shine = _cloud(x, z, rng)
    else:
        depth, shine = _cast(scene(label, rng), x, z, distance)
    lost = rng.random(len(depth)) < rng.uniform(*where.lost)
    seen = np.isfinite(depth) & ~lost & (depth < 5)
    depth = depth[seen] + rng.normal(0, rng.uniform(*where.noise), int(seen.sum()))
    strong = shine[seen] * rng.uniform(0.7, 1.1) * rng.uniform(0.85, 1.15, len(depth))
    image = np.zeros((2, SIDE, SIDE), np.uint8)
    if len(depth):
        row = SIDE - 1 - (z[seen] / HIGH * SIDE).astype(int)
        column = ((x[seen] + WIDE / 2) / WIDE * SIDE).astype(int)
        steps = np.clip((depth - depth.min()) / 0.02, 0, 247)
        image[0, row, column] = 8 + steps.astype(np.uint8)
        image[1, row, column] = np.clip(strong * 31, 1, 31).astype(np.uint8) * 8
    return image


def _cast(bodies: list[Body], x: Array, z: Array, distance: float) -> tuple[Array, Array]:
    """Where rays from the sensor through the plane at along 0 first hit a body, and its shine."""
    ray = np.stack([x, np.full_like(x, distance), z - MOUNT], axis=1) / distance
    depth, shine = np.full(len(x), np.inf), np.zeros(len(x))
    for body in bodies:
        at = np.array([body.at[0], body.at[1] + distance, body.at[2] - MOUNT])
        hit = _box(ray, at, body.half) if body.kind == "box" else _round(ray, at, body)
        nearer = hit - distance < depth
        depth = np.where(nearer, hit - distance, depth)
        shine = np.where(nearer, body.shine, shine)
    return depth, shine


def _box(ray: Array, at: Array, half: tuple[float, float, float]) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        one, two = (at - half) / ray, (at + half) / ray
    enter, leave = np.minimum(one, two).max(axis=1), np.maximum(one, two).min(axis=1)
    return np.where(enter < leave, enter, np.inf)


def _round(ray: Array, at: Array, body: Body) -> Array:
    """An ellipsoid, or an upright cylinder without its lids."""
    axes = np.array(body.half)
    if body.kind == "cylinder":
        axes[2] = 1e9
    way, centre = ray / axes, at / axes
    a, b = (way**2).sum(axis=1), (way * centre).sum(axis=1)
    root = b**2 - a * ((centre**2).sum() - 1)
    hit = (b - np.sqrt(np.maximum(root, 0))) / a
    level = np.abs(hit * ray[:, 2] - at[2]) <= body.half[2]
    return np.where((root > 0) & level, hit, np.inf)


def _cloud(x: Array, z: Array, rng: np.random.Generator) -> tuple[Array, Array]:
    """Spray, exhaust or leaves: some rays come back, from anywhere in a loose volume."""
    centre = (rng.uniform(-0.6, 0.6), rng.uniform(0.2, 1.3))
    size = (rng.uniform(0.3, 1.4), rng.uniform(0.2, 0.8))
    near = np.exp(-(((x - centre[0]) / size[0]) ** 2 + ((z - centre[1]) / size[1]) ** 2))
    back = rng.random(len(x)) < near * rng.uniform(0.25, 0.8)
    depth = np.where(back, rng.uniform(0, rng.uniform(0.5, 2.5), len(x)), np.inf)
    return depth, rng.uniform(0.03, rng.uniform(0.1, 0.5), len(x))


def dataset(count: int, where: Conditions, seed: int) -> tuple[Array, Array]:
    """`count` pictures of shape [count, 2, SIDE, SIDE] in balanced classes, and their labels."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(CLASSES)
    pictures = np.stack([picture(CLASSES[label], where, rng) for label in labels])
    return pictures, labels.astype(np.int64)


def main() -> None:
    """Generate, train, export, and print what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=HERE)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--epochs", type=int, default=14)
    options = parser.parse_args()
    pictures, labels = dataset(5000, TRAINING, options.seed)
    held, held_labels = dataset(500, EVALUATION, options.seed + 1)
    rng = np.random.default_rng(options.seed)
    layers: list[net.Layer] = [
        net.Bytes(), net.Conv(2, 16, (4, 4), 2, rng), net.Conv(16, 32, (3, 3), 1, rng),
        net.Conv(32, 48, (3, 3), 2, rng), net.Flat(),
        net.Dense(1728, len(CLASSES), rng, last=True),
    ]  # fmt: skip
    net.train(layers, pictures, labels, epochs=options.epochs, seed=options.seed, mirror=True)
    accuracy = (net.run(layers, held).argmax(axis=1) == held_labels).mean()
    print(f"accuracy {accuracy:.4f} on {len(held)} held-out pictures")
    net.export(layers, options.out / "obstacle.onnx", name="obstacle", shape=(2, SIDE, SIDE),
               source="picture", outputs=len(CLASSES))  # fmt: skip
    net.write_arrays(options.out / "evaluation.npz", {"picture": held, "label": held_labels})
    net.write_arrays(options.out / "calibration.npz", {"picture": pictures[:60]})


if __name__ == "__main__":
    main()
