"""The emitted policy packs under the real engine: what is emitted passes, a fault is refused."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest
from emitted.packs import interpreter
from engine.conftest import STACK, World

from hybridspec.base.errors import PolicyBroken
from hybridspec.deliver.engine import python_environment
from hybridspec.deliver.engine.command import Ran
from hybridspec.deliver.engine.fault import raise_for


class Fault(NamedTuple):
    """An example on a cloud, and what is changed in a module so that a policy says no."""

    example: str
    module: str
    old: str
    new: str
    policy: str


FAULTS = {
    "aws": Fault("vibration-watch", "keys.py", "enable_key_rotation=True",
                 "enable_key_rotation=False", "customer-key"),
    "azure": Fault("autonomous-shuttle", "store.py", "allow_shared_key_access=False",
                   "allow_shared_key_access=True", "no-public-access"),
    "gcp": Fault("federated-hospitals", "channel.py", 'public_access_prevention="enforced"',
                 'public_access_prevention="inherited"', "no-public-access"),
}  # fmt: skip


@pytest.fixture
def policy_python() -> Path:
    """An environment with `pulumi-policy`, which cannot live beside the SDKs."""
    found = interpreter()
    if not found:
        pytest.skip("NOT RUN: no Python with pulumi-policy; `make policy` installs one in .tools/")
    return Path(found).parent.parent


def previewed(world: World, project: Path) -> subprocess.CompletedProcess[str]:
    """The engine's own preview of an emitted project, with its pack, as a reviewer runs it."""
    environment = {
        **world.environment, "PULUMI_BACKEND_URL": f"file://{project.parent}",
        "PULUMI_CONFIG_PASSPHRASE": "", "PULUMI_SKIP_UPDATE_CHECK": "true",
    }  # fmt: skip
    for words in (["stack", "select", "--create", STACK], ["preview", "--policy-pack", "policy"]):
        done = subprocess.run(
            ["pulumi", *words, "--non-interactive", "--color", "never"], cwd=project,
            env={**os.environ, **environment}, capture_output=True, text=True, timeout=300,
            check=False,
        )  # fmt: skip
        if done.returncode != 0:
            break
    return done


@pytest.mark.parametrize("cloud", FAULTS)
def test_what_is_emitted_passes_and_a_fault_is_refused(
    cloud: str, world: World, spec: Callable[[str], Path], policy_python: Path
) -> None:
    fault = FAULTS[cloud]
    folder = spec(fault.example)
    built = world.run("build", folder, "--stack", STACK)
    assert built.returncode == 0, built.stderr
    project = next((folder / "build").glob(f"*/stacks/{cloud}"))
    python_environment.make(project / "venv")
    (project / "policy" / ".venv").symlink_to(policy_python.resolve())

    good = previewed(world, project)
    assert good.returncode == 0, good.stdout + good.stderr
    assert f"hybridspec-{fault.example}-{cloud}" in good.stdout

    module = project / fault.module
    text = module.read_text()
    assert fault.old in text
    module.write_text(text.replace(fault.old, fault.new))
    bad = previewed(world, project)
    assert bad.returncode != 0, bad.stdout
    assert f"[{fault.policy}" in bad.stdout + bad.stderr
    with pytest.raises(PolicyBroken, match="policy of the engine"):
        raise_for(Ran(bad.returncode, bad.stdout, bad.stderr), cloud, "preview")
    assert not world.cloud.things
