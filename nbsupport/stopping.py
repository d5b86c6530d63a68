"""TERM, HUP and a time limit end a command as Ctrl-C does: what it started ends with it, what is
done is kept."""

import os
import signal
import stat
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType

# Windows has neither of the last two: there is no hang-up there, and no time limit.
HANG_UP, ALARM = getattr(signal, "SIGHUP", None), getattr(signal, "SIGALRM", None)
NUMBERS = tuple(n for n in (signal.SIGTERM, HANG_UP, ALARM) if n is not None)
GO_ON = 75  # the status where the time was up: sysexits.h's "try again", and no signal's


class Stopping:
    """Which signal ended the command; Ctrl-C where none of the others came."""

    def __init__(self) -> None:
        self.number: int = signal.SIGINT

    @property
    def status(self) -> int:
        """The exit status by convention: 128 and the signal's number; GO_ON at a time limit."""
        return GO_ON if self.number == ALARM else 128 + self.number

    def stop(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: once, for the work to be put down takes a moment."""
        self.number = number
        for each in NUMBERS:
            signal.signal(each, signal.SIG_IGN)
        if number == HANG_UP:
            _leave_the_terminal()
        raise KeyboardInterrupt


def _leave_the_terminal() -> None:
    """It has gone: what would be printed there goes nowhere, and is no error."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        with suppress(OSError):  # it is closed
            if stat.S_ISCHR(os.fstat(descriptor).st_mode):  # no longer a terminal, by `isatty`
                os.dup2(nowhere, descriptor)
    os.close(nowhere)


@contextmanager
def stopping(limit: float | None = None) -> Iterator[Stopping]:
    """Within it TERM and HUP raise KeyboardInterrupt, unless ignored (nohup) or handled; so does
    the end of `limit` seconds."""
    state = Stopping()
    taken = [n for n in NUMBERS if _in_main() and signal.getsignal(n) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, state.stop)
    timed = limit is not None and ALARM in taken
    if timed:
        signal.setitimer(signal.ITIMER_REAL, limit or 0)
    try:
        yield state
    finally:
        if timed:
            signal.setitimer(signal.ITIMER_REAL, 0)
        for number in taken:
            signal.signal(number, signal.SIG_DFL)


def _in_main() -> bool:
    """Whether this thread may say what signals do."""
    return threading.current_thread() is threading.main_thread()


@contextmanager
def put_off() -> Iterator[Callable[[], bool]]:
    """Within it these signals end nothing at once: what it gives says whether one came, so that
    work can be put down first. Afterwards the signal does what it would have done."""
    came: list[int] = []
    before = {n: signal.getsignal(n) for n in NUMBERS if _in_main()}
    taken = {n: how for n, how in before.items() if how not in (signal.SIG_IGN, None)}
    for number in taken:
        signal.signal(number, lambda number, _: came.append(number))
    try:
        yield lambda: bool(came)
    finally:
        for number, how in taken.items():
            signal.signal(number, how)
        if came:
            signal.raise_signal(came[0])
