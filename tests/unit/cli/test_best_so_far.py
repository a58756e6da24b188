"""`plan --best-so-far`: the first Ctrl-C is a wish, the second one an interruption as ever."""

from __future__ import annotations

import os
import signal

import pytest

from hybridspec.cli.plan import interruptible


def test_the_first_ctrl_c_asks_for_the_best_so_far_and_the_second_one_interrupts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible() as stop:
        assert not stop()
        os.kill(os.getpid(), signal.SIGINT)
        assert stop()
        assert "best plan so far" in capsys.readouterr().err
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGINT)
    assert signal.getsignal(signal.SIGINT) is before


def test_outside_the_search_ctrl_c_is_what_it_was() -> None:
    before = signal.getsignal(signal.SIGINT)
    with interruptible():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
