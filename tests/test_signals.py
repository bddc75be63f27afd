"""Signals are heard for a while, and do then what they did; what the system refuses is told with a reason."""

from __future__ import annotations

import signal

import pytest

from dlcli.errors import ResourceError, Stopped
from dlcli.signals import ENDING, WATCHED, heard, unmasked_interruption
from dlcli.unexpected import refused_by_system


def test_signals_are_heard_for_a_while_but_for_those_that_are_ignored() -> None:
    told = list[int]()
    before = {each: signal.getsignal(each) for each in WATCHED}
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with heard(WATCHED, lambda number, frame: told.append(number)):
            for each in WATCHED:
                signal.raise_signal(each)
        assert told == [each for each in WATCHED if each != signal.SIGHUP]
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before[signal.SIGHUP])
    assert {each: signal.getsignal(each) for each in WATCHED} == before
    assert {*WATCHED} - {*ENDING} == {signal.SIGINT}


def test_what_is_refused_without_a_reason_of_the_system_has_its_own_words() -> None:
    assert refused_by_system(OSError("AF_UNIX path too long")).message == "cannot write: AF_UNIX path too long"
    assert refused_by_system(OSError(28, "No space left")).message == "cannot write: No space left"


def masked(error: Exception, interruption: BaseException, *, told: bool) -> None:
    """Raises an error as who catches an interruption does, telling of it or not."""
    try:
        raise interruption
    except BaseException as caught:
        raise error from (caught if told else None)


@pytest.mark.parametrize("told", [True, False])
@pytest.mark.parametrize(
    "error", [ImportError("initialization failed"), ResourceError("cannot import", kind="not_writable")]
)
def test_an_error_that_an_interruption_led_to_is_that_interruption(error: Exception, told: bool) -> None:
    interruption = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt) as caught, unmasked_interruption():
        masked(error, interruption, told=told)
    assert caught.value is interruption


@pytest.mark.parametrize(
    ("error", "behind"),
    [(ImportError("initialization failed"), OSError()), (Stopped(signal.SIGINT, "stopped"), KeyboardInterrupt())],
)
def test_other_errors_stay_what_they_are(error: Exception, behind: BaseException) -> None:
    with pytest.raises(type(error)) as caught, unmasked_interruption():
        masked(error, behind, told=True)
    assert caught.value is error
