"""TERM and HUP end a command as Ctrl-C does: what it started ends with it, what is done is kept."""

import os
import signal
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from types import FrameType

NUMBERS = (signal.SIGTERM, signal.SIGHUP)


class Stopping:
    """Which signal ended the command; Ctrl-C where none of the others came."""

    def __init__(self) -> None:
        self.number: int = signal.SIGINT

    @property
    def status(self) -> int:
        """The exit status by convention: 128 and the signal's number."""
        return 128 + self.number

    def stop(self, number: int, _: FrameType | None) -> None:
        """Handle a signal: once, for the work to be put down takes a moment."""
        self.number = number
        for each in NUMBERS:
            signal.signal(each, signal.SIG_IGN)
        if number == signal.SIGHUP:
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
def stopping() -> Iterator[Stopping]:
    """Within it TERM and HUP raise KeyboardInterrupt, unless ignored (nohup) or handled."""
    state = Stopping()
    main = threading.current_thread() is threading.main_thread()
    taken = [n for n in NUMBERS if main and signal.getsignal(n) is signal.SIG_DFL]
    for number in taken:
        signal.signal(number, state.stop)
    try:
        yield state
    finally:
        for number in taken:
            signal.signal(number, signal.SIG_DFL)
