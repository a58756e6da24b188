"""The report as one self-contained HTML page: no network, no script, every value escaped."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from jinja2 import BaseLoader, Environment, StrictUndefined
from markupsafe import Markup

from hybridspec.base.source import printable
from hybridspec.report.plot import plot


def _shown(value: Any) -> Any:
    """Text without characters that a reader does not see, or that turn it around."""
    return printable(value, keep="\n") if type(value) is str else value


_ENVIRONMENT = Environment(
    finalize=_shown,
    loader=BaseLoader(),
    undefined=StrictUndefined,
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
)

_ENVIRONMENT.globals["plot"] = lambda search: Markup(plot(search, alone=False))  # noqa: S704 - it escapes


def page(report: Mapping[str, Any]) -> str:
    """The whole report as HTML."""
    template = files("hybridspec.report").joinpath("templates", "report.html.j2")
    return _ENVIRONMENT.from_string(template.read_text(encoding="utf-8")).render(r=report)
