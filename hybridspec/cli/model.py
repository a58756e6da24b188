"""`hybridspec model`: one model file, or the models of a spec, looked at on their own."""

from __future__ import annotations

import typer

from hybridspec.cli import (
    model_compare,
    model_estimate,
    model_hook,
    model_inspect,
    model_measure,
    model_optimise,
)

app = typer.Typer(
    help="Look at a model: what it holds, how fast and how large it is, and where.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.command()(model_inspect.inspect)
app.command()(model_estimate.estimate)
app.command()(model_measure.measure)
app.command()(model_optimise.optimise)
app.command()(model_compare.compare)
app.command()(model_hook.hook)
