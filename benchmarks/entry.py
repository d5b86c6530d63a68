"""One measurement: how fast we are, and how fast a named peer is at the same work."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

Rate = Callable[[], float]  # does the work once: units a second, so that more is better


@dataclass(frozen=True)
class Entry:
    """What we and a peer did: medians of rounds taken in turns, and the ratio of ours to theirs."""

    name: str
    peer: str
    unit: str
    ours: float
    theirs: float
    ratio: float
    least: float  # the ratio of the round that was worst for us
    most: float
    target: float | None  # None: nothing is aimed at
    remark: str = ""

    @property
    def met(self) -> bool:
        """Whether the ratio reaches what was aimed at."""
        return self.target is None or self.ratio >= self.target


def compared(
    name: str,
    unit: str,
    ours: Rate,
    peers: Mapping[str, Rate],
    *,
    rounds: int,
    target: float | Mapping[str, float] | None = None,
    remark: str = "",
) -> Iterator[Entry]:
    """An entry for each peer. All take turns, so that what else the machine does hits all of them.

    `target`: the ratio aimed at, of all peers or by peer; one that is not named has none.

    A first turn is not counted: libraries choose their kernels and fill their caches in it.
    """
    ways = {"": ours, **peers}
    for way in ways.values():
        way()
    turns = [{peer: way() for peer, way in ways.items()} for _ in range(rounds)]
    for peer in peers:
        ratios = sorted(turn[""] / turn[peer] for turn in turns)
        yield Entry(
            name,
            peer,
            unit,
            statistics.median(turn[""] for turn in turns),
            statistics.median(turn[peer] for turn in turns),
            statistics.median(ratios),
            ratios[0],
            ratios[-1],
            target.get(peer) if isinstance(target, Mapping) else target,
            remark,
        )


def thread_rate(units: int, work: Callable[[], object]) -> Rate:
    """Units per second of this thread, whatever turns other processes take."""
    return _rate(time.thread_time, units, work)


def clock_rate(units: int, work: Callable[[], object]) -> Rate:
    """Units per second by the clock on the wall, for work of several processes."""
    return _rate(time.perf_counter, units, work)


def _rate(clock: Callable[[], float], units: int, work: Callable[[], object]) -> Rate:
    def rate() -> float:
        began = clock()
        work()
        return units / (clock() - began)

    return rate
