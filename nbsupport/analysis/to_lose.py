"""Whether "the same" had anything to lose, from the runs that it was judged by: see `room`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from nbsupport.analysis import worlds
from nbsupport.analysis.contrasts import gain
from nbsupport.analysis.roles import SCRATCH, role_of
from nbsupport.analysis.room import Room, weakest
from nbsupport.analysis.verdicts import Verdict

if TYPE_CHECKING:
    from nbsupport.analysis.cells import Cells
    from nbsupport.analysis.claims_file import Claim, Part
    from nbsupport.analysis.intervals import Contrast


def with_room(
    claim: Claim, verdict: Verdict, settings: Sequence[Cells], axis: str = "linear"
) -> Verdict:
    """The verdict with its room, and that of its parts, wherever "the same" is supported.

    settings: the runs of one setting, or of each world that the verdict is over. The word, the
    remark and all numbers stay as they are.
    """
    parts = verdict.parts or (verdict,)
    if claim.rule != "all" or len(parts) != len(claim.parts) or not any(map(_same, parts)):
        return verdict
    pairs = zip(claim.parts, parts, strict=True)
    told = tuple(
        replace(v, room=_room(claim, part, v.contrast, settings, axis))
        if _same(v) and v.contrast is not None
        else v
        for part, v in pairs
    )
    rooms = [v.room for v in told if v.room is not None]
    if not verdict.parts:
        return replace(verdict, room=rooms[0])
    return replace(
        verdict, parts=told, room=weakest(rooms) if verdict.word == "supported" else None
    )


def _same(verdict: Verdict) -> bool:
    return verdict.word == "supported" and verdict.kind == "same"


def _room(claim: Claim, part: Part, found: Contrast, settings: Sequence[Cells], axis: str) -> Room:
    excluded = max(abs(found.low), abs(found.high))
    if claim.statistic != "er":
        what = "drift" if claim.statistic == "epoch-trend" else "difference"
        return Room(excluded, what=what)
    full, scratch = claim.gap
    of_full = any(role_of(role).step == SCRATCH for role in part.compared)
    groups = (full,) if of_full else tuple(dict.fromkeys(part.compared))
    gains = [gain(cells, groups, scratch=scratch, gap=claim.gap, axis=axis) for cells in settings]
    over = gains[0] if len(gains) == 1 else worlds.over_worlds(gains)
    return Room(excluded, over, of_full)
