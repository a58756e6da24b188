"""The command `show`: the spec as the compiler sees it, put together from all of its parts."""

from __future__ import annotations

import sys
from pathlib import Path

from hybridspec.cli import output
from hybridspec.cli.flags import ShowFlag, ShowFormat, SpecPath, StackFlag


def show(
    spec: SpecPath = Path(), stack: StackFlag = "local", format: ShowFlag = ShowFormat.YAML
) -> None:
    """Print the spec as the compiler sees it: includes, overlay, variables and tables put in."""
    from hybridspec.base.diagnostic import Sink
    from hybridspec.load.dump import dump, ordered
    from hybridspec.load.load import load

    options, sink = output.options(stack), Sink()
    loaded = load(spec, options.cache, sink, stack=stack, environment=options.environment)
    sink.stop_if_errors()
    if loaded is None:
        raise AssertionError("load returned neither a spec nor a finding")
    value = loaded.document.value
    if format is ShowFormat.JSON:
        output.document({"schemaVersion": "hybridspec.dev/show/v1", "stack": stack,
                         "digest": loaded.spec_digest, "spec": ordered(value)})  # fmt: skip
        return
    sys.stdout.write(dump(value))
