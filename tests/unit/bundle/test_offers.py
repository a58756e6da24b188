"""What a class is offered: counters, epochs, rollouts, reverts, and releases taken back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conformance.channels import CAMERA, Publisher, content
from hypothesis import given, settings
from hypothesis import strategies as st

from hybridspec.base.errors import UsageError
from hybridspec.bundle.archive import ArchiveDigest
from hybridspec.bundle.manifest import canonical_json, release_id
from hybridspec.bundle.offers import KEPT, ClassRelease, Offers, Wish, granting, offering


def release(bias: float, **changes: Any) -> ClassRelease:
    """A release that nobody packs."""
    manifest = canonical_json(content(bias).manifest)
    digest = ArchiveDigest(archive_sha256="a" * 64, archive_size=1, tar_sha256="b" * 64, tar_size=1)
    made = ClassRelease(
        device_class=CAMERA, release=release_id(manifest), manifest=manifest, bundle=Path("x"),
        digest=digest, install_size=1,
    )  # fmt: skip
    return replace(made, **changes)


RELEASES = [release(float(number)) for number in range(6)]


def offered(*steps: ClassRelease | Wish) -> Offers:
    """What is offered after some steps, each written and read back as metadata."""
    offers = Offers(device_class=CAMERA)
    for step in steps:
        after = granting(offers, step) if isinstance(step, Wish) else offering(offers, step)
        offers = Offers.of(CAMERA, after.role())
        assert offers.role().to_dict() == after.role().to_dict()
    return offers


def wish(**what: Any) -> Wish:
    return Wish(device_class=CAMERA, **what)


A, B, C = RELEASES[:3]
a, b, c = A.release, B.release, C.release


def test_a_rollout_has_the_release_before_for_the_others_until_all_have_it() -> None:
    offers = offered(A, replace(B, percent=20))
    assert (offers.current, offers.stable, offers.percent) == (b, a, 20)
    assert set(offers.role().targets) == {
        *(f"camera/{name}/{file}" for name in (a, b) for file in ("manifest.json",
                                                                  "bundle.tar.zst")),
        "camera/current/manifest.json", "camera/stable/manifest.json",
    }  # fmt: skip
    block = offers.block(b)
    assert block["rollout"] == {"id": f"camera/{b}/2", "percent": 20}
    wider = offered(A, replace(B, percent=20), replace(B, percent=60), replace(B, percent=20))
    assert (wider.percent, wider.stable) == (60, a)  # it never shrinks
    whole = offered(A, replace(B, percent=20), wish(percent=100))
    assert (whole.current, whole.stable, whole.block(b)["release_counter"]) == (b, "", 2)


def test_a_rollout_is_ended_before_the_next_one_begins() -> None:
    with pytest.raises(UsageError, match="20 %"):
        offered(A, replace(B, percent=20), replace(C, percent=20))
    assert offered(A, replace(B, percent=20), C).current == c  # which all devices get


def test_a_withdrawn_release_sends_devices_back_and_never_comes_again() -> None:
    offers = offered(A, B, wish(withdraw=b))
    block = offers.block(a)
    assert (offers.current, sorted(offers.listed)) == (a, [a])
    assert (block["release_counter"], block["rollback_allowed_to"]) == (1, 1)
    assert offered(A, B, wish(withdraw=b), wish(withdraw=b)) == offers
    with pytest.raises(UsageError, match="was withdrawn"):
        offered(A, B, wish(withdraw=b), B)
    after = offered(A, B, wish(withdraw=b), C)
    assert (after.current, after.block(c)["release_counter"]) == (c, 3)  # never a counter twice
    assert after.block(c)["rollback_allowed_to"] is None


@pytest.mark.parametrize("raising", [False, True])
def test_a_way_back_leads_to_no_release_that_only_a_part_was_offered(raising: bool) -> None:
    """A canary that was given up is nothing for all the others, by whatever counter it had."""
    back = offered(A, replace(B, percent=20), C, wish(withdraw=c, raise_epoch=raising))
    assert (back.current, back.stable, back.percent) == (a, "", 100)
    nothing = offered(replace(B, percent=20), C, wish(withdraw=c, raise_epoch=raising))
    assert (nothing.current, nothing.stable) == ("", "")


def test_withdrawing_under_a_new_epoch_bars_the_release_from_devices() -> None:
    offers = offered(A, B, wish(withdraw=b, raise_epoch=True))
    assert (offers.block(a)["security_epoch"], offers.epoch) == (1, 1)
    again = granting(offers, wish(withdraw=b, raise_epoch=True))
    assert again.role().to_dict() == offers.role().to_dict()
    assert offered(A, B, wish(withdraw=b, raise_epoch=True), C).block(c)["security_epoch"] == 1


def test_the_only_release_can_be_withdrawn_and_its_epoch_is_remembered() -> None:
    offers = offered(A, wish(withdraw=a, raise_epoch=True))
    assert (offers.current, offers.listed, offers.epoch) == ("", {}, 1)
    assert offered(A, wish(withdraw=a, raise_epoch=True), B).block(b)["security_epoch"] == 1


def test_a_revert_keeps_the_counter_and_allows_going_back_to_it() -> None:
    offers = offered(A, B, wish(revert=a))
    assert (offers.current, offers.block(a)["rollback_allowed_to"]) == (a, 1)
    forward = offered(A, B, wish(revert=a), wish(revert=b))
    assert (forward.current, forward.block(b)["release_counter"]) == (b, 2)
    with pytest.raises(UsageError, match="does not list"):
        offered(A, B, wish(revert="0" * 16))


def test_a_revert_does_not_cross_a_security_epoch() -> None:
    with pytest.raises(UsageError, match="does not list"):
        offered(A, replace(B, security_epoch=1), wish(revert=a))


def test_only_the_newest_releases_stay_listed() -> None:
    offers = offered(*RELEASES)
    assert set(offers.listed) == {one.release for one in RELEASES[-KEPT:]}
    assert len(offers.history) == len(RELEASES)


STEPS = st.one_of(
    st.builds(lambda r, p, e: replace(r, percent=p, security_epoch=e),
              st.sampled_from(RELEASES), st.sampled_from([20, 60, 100]), st.integers(0, 2)),
    st.builds(lambda r, k, e: wish(raise_epoch=e, **{k: r.release}), st.sampled_from(RELEASES),
              st.sampled_from(["withdraw", "revert"]), st.booleans()),
    st.builds(lambda p: wish(percent=p), st.integers(1, 100)),
)  # fmt: skip


@given(st.lists(STEPS, max_size=12))
@settings(max_examples=60, deadline=None)
def test_whatever_is_asked_counters_are_not_used_twice_and_epochs_do_not_fall(
    steps: list[ClassRelease | Wish],
) -> None:
    offers = Offers(device_class=CAMERA)
    for step in steps:
        try:
            after = granting(offers, step) if isinstance(step, Wish) else offering(offers, step)
        except UsageError:
            continue
        assert after.epoch >= offers.epoch
        assert after.highest >= offers.highest
        counters = [one.counter for one in after.history]
        assert len(counters) == len(set(counters))
        assert set(after.listed) >= {after.current, after.stable} - {""}
        assert not any(after.withdrawn(name) for name in after.listed)
        if after.current and after.current != offers.current:
            block = after.block(after.current)
            assert block["security_epoch"] == after.epoch
            assert block["release_counter"] > offers.highest or block["rollback_allowed_to"]
        offers = Offers.of(CAMERA, after.role())


def test_a_channel_without_history_is_read(tmp_path: Path) -> None:
    publisher = Publisher(tmp_path)
    publisher.offer(1.0)
    role = publisher.metadata("class-camera").signed
    role.unrecognized_fields.clear()
    assert [one.counter for one in Offers.of(CAMERA, role).history] == [1]


def test_no_way_back_leads_below_the_epoch_of_a_rollout_that_began() -> None:
    """The release before is still offered to those whom the rollout has not reached."""
    first, second = release(1), release(2, security_epoch=5, percent=10)
    rolling = offering(offering(Offers(device_class=CAMERA), first), second)
    assert rolling.stable == first.release
    with pytest.raises(UsageError, match="security epoch 0"):
        granting(rolling, Wish(device_class=CAMERA, revert=first.release))
    after = granting(rolling, Wish(device_class=CAMERA, withdraw=second.release))
    assert (after.current, after.stable, after.epoch) == ("", "", 5)
    raised = granting(rolling, Wish(device_class=CAMERA, withdraw=second.release, raise_epoch=True))
    assert (raised.current, raised.block(raised.current)["security_epoch"]) == (first.release, 6)
