"""IEC 62443: what devices can do beside what the target level of their zone asks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from sovereignty.regimes.security_cases import Case, asked

PAPERS = ("zone-conduit-drawing", "audit-log")
PLANT = Case(cites="IEC 62443", home="DE", region="eu-central-1", evidence=PAPERS,
             category="system.operations", regimes=("iec-62443",))  # fmt: skip
ROLE = ("iec-62443-asset-owner",)

MET = [
    replace(PLANT, cites="4-2 EDR 3.14, CR 4.1: the boxes can and do"),
    replace(PLANT, cites="4-2: a TPM is not asked", security=("secure-boot", "encrypted-storage")),
    replace(PLANT, cites="2-1: an asset owner", regimes=(), roles=ROLE),
    replace(PLANT, cites="2-1: nobody claims it", regimes=(), evidence=(), security=()),
    replace(PLANT, cites="3-3 SR 4.1: conduits are encrypted", evidence=(*PAPERS, "dpia")),
]  # fmt: skip

ASKED = [
    (replace(PLANT, cites="4-2 EDR 3.14: no secure boot", security=("encrypted-storage",)),
     ("iec-62443:4-2-edr-3.14",)),
    (replace(PLANT, cites="4-2 CR 4.1: open disks", security=("secure-boot",)),
     ("iec-62443:4-2-cr-4.1",)),
    (replace(PLANT, cites="3-2: no drawing", evidence=PAPERS[1:]), ("iec-62443:3-2",)),
    (replace(PLANT, cites="3-3 SR 2.8: no audit", evidence=PAPERS[:1]), ("iec-62443:3-3-sr-2.8",)),
    (replace(PLANT, cites="2-1: an asset owner", regimes=(), roles=ROLE, security=()),
     ("iec-62443:4-2-cr-4.1", "iec-62443:4-2-edr-3.14")),
]  # fmt: skip


@pytest.mark.parametrize("case", MET, ids=str)
def test_nothing_is_asked(case: Case) -> None:
    assert asked(case) == ()


@pytest.mark.parametrize(("case", "rules"), ASKED, ids=str)
def test_the_rule_is_named(case: Case, rules: tuple[str, ...]) -> None:
    assert asked(case) == rules
