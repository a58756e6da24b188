"""Writes what the product knows besides boards: how devices vary, and the constants of the cloud.

Both are modules of `hybridspec/optimise`, made by `estimator.ship` from the published table.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from textwrap import wrap

import numpy as np
from estimator.boards import RATIO
from estimator.judge import calibrated, fit_group, groups
from estimator.product import measured_devices, rates, timed, variation
from estimator.table import Config, Table

from hybridspec.ir.graph import Rates
from hybridspec.optimise.measured import learned
from hybridspec.optimise.posterior import Variation

FOLDER = Path(__file__).parents[2] / "hybridspec/optimise"
PROXY = ("AMD Ryzen 5700G", 1)
"""The published x86 core of a server's instruction set whose single thread is known."""
HERE = {
    "fp32": {"mobilenet_v2": 6.25, "encoder_6x384": 23.3, "resnet50": 55.7},
    "int8": {"mobilenet_v2": 3.2, "encoder_6x384": 10.0, "resnet50": 17.0},
}
"""Milliseconds of onnxruntime 1.32 on one core with AVX512-VNNI of a virtual machine."""
CLOUD_SPREAD = 100
"""Percent: cores of a cloud differ by half again, and a vCPU may be half a core."""
_SOURCE = (
    "one thread of an AMD Ryzen 5700G, Tencent/ncnn benchmark at a4d2ea1, drawn kind by kind to "
    "{} measured on one core with AVX512-VNNI; which core a cloud gives is not known"
)


def variations(table: Table) -> dict[str, Variation]:
    """By precision, with the interval that three measured networks leave to another one."""
    cpu, _, int8 = groups(table)
    return {
        precision: variation(
            fit_group(table, group).prior, *calibrated(measured_devices(table, group))
        )
        for precision, group in (("fp32", cpu), ("int8", int8))
    }


def cloud(table: Table, known: Mapping[str, Variation]) -> list[Rates]:
    """One row for each precision."""
    cpu, _, int8 = groups(table)
    found = []
    for precision, group in (("fp32", cpu), ("int8", int8)):
        fits = fit_group(table, group).fits
        fit = next(fit for config, fit in fits.items() if _proxy(config))
        middle = _onnxruntime(rates(fit.mean + np.log(RATIO[precision]), precision))
        took = [timed(net, precision, ms) for net, ms in HERE[precision].items()]
        correction = learned(middle, took, known[precision])
        assert correction is not None
        found.append(correction.rates)
    return found


def _onnxruntime(row: Rates) -> Rates:
    """Products with weights cost as much as 1x1 convolutions, and those of two tensors twice."""
    one = row.pointwise_ps or row.conv_ps
    return replace(row, gemm_ps=one, attention_ps=2 * one,
                   recurrent_ps=max(one, row.recurrent_ps or 0))  # fmt: skip


def _proxy(config: Config) -> bool:
    return (config.device, config.threads) == PROXY


def write_variation(known: Mapping[str, Variation]) -> None:
    """`variation.py`."""
    rows = "".join(_entry(precision, one) for precision, one in known.items())
    (FOLDER / "variation.py").write_text(
        '"""How the speeds of devices vary together, by precision; made by benchmarks/estimator.\n'
        "\nThe axes of a covariance are those of `measured.AXES`; logarithms throughout. From the\n"
        "Tencent/ncnn benchmark at a4d2ea1, read 2026-11.\n"
        '"""\n\nfrom __future__ import annotations\n\n'
        "from hybridspec.optimise.posterior import Variation\n\n"
        f"VARIATION = {{\n{rows}}}  # fmt: skip\n",
        encoding="utf-8",
    )


def _entry(precision: str, one: Variation) -> str:
    lines = "".join(
        f"            ({', '.join(_short(x) for x in row[:5])},\n"
        f"             {', '.join(_short(x) for x in row[5:])}),\n"
        for row in one.covariance
    )
    return (
        f'    "{precision}": Variation(\n        (\n{lines}        ),\n'
        f"        noise={_short(one.noise)}, low={_short(one.low)}, "
        f"high={_short(one.high)},\n    ),\n"
    )


def _short(value: float) -> str:
    return f"{value:.5f}".rstrip("0").rstrip(".")


def write_cloud(rows: Sequence[Rates]) -> None:
    """`cloud_rates.py`."""
    names = [field.name for field in fields(Rates) if field.name.endswith(("_ps", "_us"))]
    entries = "".join(
        f'    Rates(\n        runtime="onnxruntime", precision="{row.precision}", threads=1, '
        f"spread={CLOUD_SPREAD}, source=SOURCE,\n" + _lines(row, names) + "    ),\n"
        for row in rows
    )
    text = _SOURCE.format("a MobileNetV2, a ResNet-50 and a transformer of 6 x 384")
    said = "\n".join(f'    "{line}"' for line in wrap(text, 88, drop_whitespace=False))
    (FOLDER / "cloud_rates.py").write_text(
        '"""Constants of one core of a cloud; made by benchmarks/estimator."""\n\n'
        "from __future__ import annotations\n\nfrom fractions import Fraction\n\n"
        "from hybridspec.ir.graph import Rates\n\n"
        f"SOURCE = (\n{said}\n)\nCLOUD_RATES = (\n{entries})  # fmt: skip\n",
        encoding="utf-8",
    )


def _lines(row: Rates, names: Sequence[str]) -> str:
    cells = [f"{name}={_fraction(getattr(row, name))}" for name in names]
    return "".join(f"        {', '.join(cells[i : i + 3])},\n" for i in range(0, len(cells), 3))


def _fraction(value: object) -> str:
    number = f"{float(f'{float(value):.3g}'):g}"  # type: ignore[arg-type]
    return number if number.isdigit() else f'Fraction("{number}")'
