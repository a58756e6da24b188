"""Where a command has variants built: the flags, and the workshop that they mean."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hybridspec.cli import output

if TYPE_CHECKING:
    from hybridspec.optimise.workshop import Workshop

JobsFlag = Annotated[
    int | None,
    typer.Option("--jobs", min=1, max=256, help="Tasks at once; default: as many as cores."),
]
ClusterFlag = Annotated[
    str | None, typer.Option("--cluster", help="Dask scheduler to use, as tcp://host:port.")
]
TlsFlag = Annotated[
    str | None, typer.Option("--cluster-tls", help="Files of authority, certificate and key: a,b,c")
]


@contextmanager
def workshop_of(
    jobs: int | None, cluster: str | None, cluster_tls: str | None
) -> Iterator[Workshop]:
    """The cores of this machine, or the workers of a cluster for as long as it lasts."""
    from hybridspec.base.errors import UsageError
    from hybridspec.optimise.workshop import Local

    if cluster is None:
        if cluster_tls is not None:
            raise UsageError("`--cluster-tls` is for a cluster", help="add `--cluster tls://…`")
        yield Local(output.cache_folder(), output.say, jobs=jobs)
        return
    from hybridspec.optimise.cluster import Certificates, Cluster

    tls = None
    if cluster_tls is not None:
        paths = [Path(one) for one in cluster_tls.split(",")]
        if len(paths) != 3 or not all(path.is_file() for path in paths):
            raise UsageError(
                "`--cluster-tls` wants three files: authority, certificate, key",
                help="write `--cluster-tls ca.pem,cert.pem,key.pem`",
            )
        tls = Certificates(authority=paths[0], certificate=paths[1], key=paths[2])
    workers = Cluster(cluster, output.cache_folder(), output.say, tls=tls)
    try:
        yield workers
    finally:
        workers.end()
