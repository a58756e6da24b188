"""Text that has to fit its model at once: catalogues and facts packs, which no user repairs."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import TypeVar

from pydantic import BaseModel

from hybridspec.base.diagnostic import Sink
from hybridspec.base.source import SourceFile
from hybridspec.load.bind import bind
from hybridspec.load.yaml import parse
from hybridspec.spec.quantity import DOLLARS

M = TypeVar("M", bound=BaseModel)


def bind_text(
    name: str, text: str, model: type[M], what: str, rates: Mapping[str, Fraction] = DOLLARS
) -> M:
    """The model of a YAML text; `what` it is, for one that is empty.

    Raises:
        ValueError: with the first fault and its place.
    """
    sink = Sink()
    document = parse(SourceFile(shown=name, name=name, text=text), sink)
    bound = None if document is None else bind(document, model, sink, rates=rates)
    if bound is None:
        fault = next(iter(sink.findings), None)
        where = fault.span.shown if fault and fault.span else f"{name}:1:1"
        raise ValueError(f"{where}: {fault.message if fault else f'{what} is empty'}")
    return bound
