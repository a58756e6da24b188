"""By night: every creation of an example on each cloud fails once, and the engine dies at each.

What `up` does per cloud is driven here as it does it, on one build and with the SDK loaded once:
the compiler, which `test_interruptions.py` goes through, is not asked again for each of hundreds of
runs. Where the state and the cloud are afterwards what they were when `destroy` left nothing, it
would again leave nothing, and is not run again.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from engine.conftest import STACK, World
from engine.quick_host import quick_host

from hybridspec.base.errors import HybridspecError, ResourceFailed
from hybridspec.cli.clouds import Wish, apply
from hybridspec.deliver.engine import backend
from hybridspec.deliver.engine.command import find, run
from hybridspec.deliver.engine.project import Project
from hybridspec.deliver.stack import Stack
from hybridspec.ir.tree import FileTree

EXAMPLES = {"aws": "vibration-watch", "azure": "autonomous-shuttle", "gcp": "federated-hospitals"}

pytestmark = pytest.mark.skipif(
    not os.environ.get("HYBRIDSPEC_NIGHTLY"), reason="takes an hour a cloud: `make nightly`"
)


def silent(_: str) -> None:
    """Progress that nobody sees."""


@pytest.fixture(params=EXAMPLES)
def project(
    request: pytest.FixtureRequest, world: World, spec: Callable[[str], Path], tmp_path: Path,
    tools: Path,
) -> Iterator[Project]:  # fmt: skip
    """A cloud's project of an example, written where `up` writes it; nothing is applied yet."""
    cloud = request.param
    folder = spec(EXAMPLES[cloud])
    built = world.run("build", folder, "--stack", STACK)
    assert built.returncode == 0, built.stderr
    emitted = next((folder / "build").glob(f"*/stacks/{cloud}"))
    stack = Stack(spec=folder / "hybridspec.yaml", name=STACK)
    backend.prepare(stack)
    environment = backend.surroundings(stack, "", {**os.environ, **world.environment})
    made = Project(cloud=cloud, stack=STACK, folder=backend.folder(stack) / cloud,
                   cli=find(environment), environment=environment)  # fmt: skip
    made.write(FileTree({
        path.relative_to(emitted).as_posix(): path.read_bytes()
        for path in emitted.rglob("*") if path.is_file()
    }))  # fmt: skip
    executor = tools / "pulumi-language-python-exec"
    with quick_host(executor, tmp_path, *used(emitted)) as host:
        yield replace(made, environment={**environment, "PULUMI_DEBUG_LANGUAGES": host})


def used(emitted: Path) -> set[str]:
    """The modules of the SDK that an emitted project uses."""
    found = {"pulumi"}
    for path in emitted.glob("*.py"):
        text = path.read_text()
        for package, names in re.findall(r"^from (pulumi_\w+) import ([\w, ]+)$", text, re.M):
            found |= {f"{package}.{name.strip()}" for name in names.split(",")}
        if "import pulumi_aws as aws" in text:
            found |= {f"pulumi_aws.{name}" for name in re.findall(r"\baws\.([a-z]\w+)\.", text)}
    return found


Whole = tuple[frozenset[str], Mapping[str, Any]]
"""What exists in the cloud, and what the engine has written down of it, by URN."""


def written(project: Project) -> Mapping[str, Any]:
    """The state, but for when each resource was made; nothing may be open."""
    ran = run(project.cli, ["stack", "export", "--stack", STACK], project.folder,
              project.environment)  # fmt: skip
    deployment = json.loads(ran.out)["deployment"]
    assert not deployment.get("pending_operations")
    return {row["urn"]: plain({**row, "created": "", "modified": ""})
            for row in deployment["resources"]}  # fmt: skip


def plain(value: Any) -> Any:
    """A state without what is drawn by lot: identifiers of providers, and how secrets look."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    if "ciphertext" in value:
        return "a secret"
    made = {
        key: sorted(item) if key == "dependencies" else plain(item) for key, item in value.items()
    }
    if "propertyDependencies" in made:
        given = made["propertyDependencies"]
        made["propertyDependencies"] = {key: sorted(given[key] or ()) for key in given}
    if str(made.get("type", "")).startswith("pulumi:providers:"):
        made["id"] = "drawn by lot"
    if "provider" in made:
        made["provider"] = str(made["provider"]).rpartition("::")[0]
    return made


def whole(world: World, project: Project) -> Whole:
    """Everything that the example has, found out by making it; then it is destroyed."""
    apply(project, Wish(), "", silent)
    made = frozenset(world.cloud.things), written(project)
    assert len(made[0]) == world.cloud.created
    project.unprotect()
    project.destroy(silent)
    assert not world.cloud.things
    assert not project.state().real
    return made


def gone(world: World, project: Project, made: Whole) -> None:
    """Begin anew, after it is seen that all is as it was when `destroy` left nothing."""
    assert world.cloud.things.keys() == made[0]
    now = written(project)
    assert now.keys() == made[1].keys()
    for urn, row in now.items():
        changed = {k: (row.get(k), made[1][urn].get(k)) for k in {*row, *made[1][urn]}
                   if row.get(k) != made[1][urn].get(k)}  # fmt: skip
        assert not changed, urn
    world.cloud.things.clear()
    (state,) = (backend_of(project) / ".pulumi" / "stacks").rglob(f"{STACK}.json")
    state.unlink()
    state.with_name(f"{STACK}.json.bak").unlink(missing_ok=True)


def backend_of(project: Project) -> Path:
    """The folder that the state is kept in."""
    return project.folder.parent / "state"


def test_every_creation_fails_once(world: World, project: Project) -> None:
    made = whole(world, project)
    count = len(made[0])
    for at in range(1, count + 1):
        world.cloud.heal()
        world.cloud.fail_at = at
        with pytest.raises(ResourceFailed, match="internal error"):
            apply(project, Wish(), "", silent)
        assert len(world.cloud.things) < count, at
        world.cloud.heal()
        apply(project, Wish(), "", silent)
        gone(world, project, made)
        print(f"{project.cloud}: creation {at} of {count} failed, and the next run was whole")


def test_the_engine_dies_at_every_creation(world: World, project: Project) -> None:
    made = whole(world, project)
    count = len(made[0])
    for at in range(1, count + 1):
        world.cloud.heal()
        world.cloud.kill_at = at
        with pytest.raises(ResourceFailed, match="the engine was killed"):
            apply(project, Wish(), "", silent)
        world.cloud.heal()
        with pytest.raises(HybridspecError, match="cut off") as told:
            apply(project, Wish(), "", silent)
        assert not world.cloud.count("create")
        urns = [x.strip() for x in told.value.message.splitlines() if x.strip().startswith("urn:")]
        adopt = {urn: found for urn in urns if (found := world.cloud.identity(urn))}
        assert adopt, at
        apply(project, replace(Wish(), repair=True, adopt=adopt), "", silent)
        gone(world, project, made)
        print(f"{project.cloud}: the engine died at {at} of {count}, and the next run was whole")
