"""Artefacts: a model variant that was built, judged and is fit to ship, with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hybridspec.ir.graph import Model
from hybridspec.ir.plan import Estimate
from hybridspec.ir.runtime import Step

if TYPE_CHECKING:
    from hybridspec.ir.candidate import Search


@dataclass(frozen=True, slots=True, kw_only=True)
class Likeness:
    """How near one output of a variant is to the original's; see `Evidence`."""

    output: str
    cosine: float
    sqnr_db: float
    max_error: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What a gate measured; fractions are of 1, ratios are decibels, sizes bytes.

    `agreement` is the share of samples on which variant and original choose the same class, or
    say nearly the same number; `cosine` and `sqnr_db` compare the raw outputs, `max_error` is their
    largest difference in standard deviations of the original's. Every figure is rounded to six
    digits. They are those of the worst output; `outputs` has them all. `recipe` is how the variant
    was made.
    """

    metric: str
    samples: int
    original: float
    variant: float
    interval: float
    agreement: float
    cosine: float
    sqnr_db: float
    max_error: float = 0.0
    outputs: tuple[Likeness, ...] = ()
    recipe: str = ""
    original_size: int
    variant_size: int
    evaluation_digest: str
    calibration_digest: str = ""
    tools: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """Whether a variant may ship, with every reason against it, or what remains doubtful."""

    variant: str
    accepted: bool
    reasons: tuple[str, ...]
    evidence: Evidence
    cautions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Artefact:
    """The file that a device class gets for a model.

    `verdicts` lists all variants tried; `golden_inputs` and `golden_outputs` are `.npz` files
    whose arrays a device must reproduce within `absolute` and `relative` tolerance. `steps` build
    what the class's runtime loads, if that is not this file.
    `search` is what else was tried, in this plan and in those that its verdicts ruled out.
    """

    model: Model
    device_class: str
    variant: str
    path: Path
    digest: str
    size: int
    estimate: Estimate
    memory: int
    verdicts: tuple[Verdict, ...]
    golden_inputs: Path
    golden_outputs: Path
    absolute: float
    relative: float
    steps: tuple[Step, ...] = ()
    search: Search | None = None
