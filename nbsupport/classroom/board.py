"""The board of a class: what the cells that are in say so far, as one HTML file, drawn anew.

It names no address and runs no script: it works from a disk, on the screen of a lecture room.
"""

import base64
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from html import escape
from pathlib import Path

from nbsupport.analysis import claims
from nbsupport.analysis.charts.figure import Figure, Words
from nbsupport.analysis.claims import Claim
from nbsupport.analysis.verdicts import Verdict
from nbsupport.classroom.board_figure import class_figure, class_rows
from nbsupport.classroom.board_style import STYLE
from nbsupport.classroom.merge import Merged, merge, places
from nbsupport.classroom.plan import ClassPlan, read_plan
from nbsupport.display import titles
from nbsupport.evidence.ledger import masked, unit
from nbsupport.evidence.recorded import Recorded
from nbsupport.evidence.records import COLUMNS, replace_file
from nbsupport.study.profiles import PROFILES

BOARD = "board.html"
NOTHING = "No file has been accepted yet."


@dataclass(frozen=True)
class Board:
    """What a class has found by a day; `refresh`: after how many seconds a browser looks again."""

    merged: Merged
    today: date
    refresh: int = 0

    @property
    def plan(self) -> ClassPlan:
        """What was fixed."""
        return self.merged.plan

    @property
    def claim(self) -> Claim:
        """The claim that the class settles."""
        return claims.named(self.plan.claim)

    @property
    def final(self) -> bool:
        """Whether the stopping rule lets the verdict count."""
        return self.plan.may_judge(len(self.merged.done), self.today)

    @cached_property
    def runs(self) -> Recorded:
        """The rows that count, as records."""
        return Recorded(PROFILES[self.plan.profile], self.merged.table[COLUMNS])

    @cached_property
    def verdicts(self) -> dict[int, Verdict]:
        """The verdict in each world of the plan, as the cells so far give it."""
        own = self.plan.claim
        return {world: self.runs.verdicts([own], world)[own] for world in self.plan.worlds}

    @property
    def over_worlds(self) -> Verdict | None:
        """The verdict over worlds, where at least two count."""
        found = self.runs.over_worlds([self.plan.claim]).get(self.plan.claim)
        return found[1] if found and found[0].worlds else None

    def said(self, verdict: Verdict) -> str:
        """A verdict in words; those of runs that are no evidence are masked."""
        return masked(self.plan.profile) or verdict.text

    def summary(self) -> str:
        """One line for a terminal."""
        words = ", ".join(f"world {w}: {self.said(v)}" for w, v in self.verdicts.items())
        state = "the verdict" if self.final else "so far, not the verdict"
        return f"{len(self.merged.done)} of {self.plan.counted} are in; {state}: {words}"

    # figures --------------------------------------------------------------------------------------
    def figure(self, world: int) -> Figure | None:
        """The cells of a world in a figure; None where none can be compared."""
        verdict = self.verdicts[world]
        contrast = verdict.contrast
        if contrast is None or not contrast.cells:
            return None
        cells = [cell for cell in self.merged.done if cell.world == world]
        rows = class_rows(self.claim, contrast, self.runs.points(world), cells)
        words = Words(
            title=self._title(verdict),
            subtitle=f"{contrast.name} in {self.runs.profile.setting_name(world)}",
            number=f"World {world}",
            name=f"world-{world}",
        )
        margin = contrast.margin if contrast.margin > 0 else None
        return class_figure(rows, words, margin=margin, unit=unit(self.claim))

    def _title(self, verdict: Verdict) -> str:
        if text := masked(self.plan.profile):
            return f"{text}: these runs show that everything works"
        found = titles.title(self.plan.claim, verdict)
        return found if self.final else f"So far, and not the verdict: {found}"

    # the page -------------------------------------------------------------------------------------
    def html(self) -> str:
        """The whole page."""
        refresh = f'<meta http-equiv="refresh" content="{self.refresh}">' if self.refresh else ""
        return (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            f"{refresh}<title>{escape(self.plan.claim)}: a class settles a claim</title>"
            f"<style>{STYLE}</style></head><body><main>{''.join(self._parts())}</main></body></html>\n"
        )

    def _parts(self) -> Iterator[str]:
        done, count = len(self.merged.done), len(self.plan.cells)
        yield f"<p class=kicker>A class settles a claim: {escape(self.plan.claim)}</p>"
        yield f"<h1>{escape(self.plan.statement)}</h1>"
        yield (
            f"<p class=count><strong>{done}</strong> of {self.plan.counted} are in</p>"
            f'<progress max="{count}" value="{done}">{done} of {count}</progress>'
        )
        yield from self._state()
        for world, verdict in self.verdicts.items():
            yield self._world(world, verdict)
        yield from self._details()
        when = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
        yield f"<p class=quiet>Drawn {when}. Plan {self.plan.hash[:12]}.</p>"

    def _state(self) -> Iterator[str]:
        """The stopping rule and whether it is met."""
        state = (
            "The rule is met: what stands here is the verdict."
            if self.final
            else "The rule is not met: what stands here is a look, and not the verdict."
        )
        yield (
            f'<div class="rule{" met" * self.final}"><strong>Fixed on {self.plan.made[:10]}.'
            f"</strong> {escape(self.plan.stopping)} <strong>{state}</strong></div>"
        )
        if (over := self.over_worlds) is not None:
            yield _verdict(
                "Over worlds", self.said(over), "" if masked(self.plan.profile) else over.remark
            )

    def _world(self, world: int, verdict: Verdict) -> str:
        remark = "" if masked(self.plan.profile) else verdict.remark
        figure = self.figure(world)
        shown = _picture(figure) if figure else f"<p>{NOTHING}</p>"
        return f"<section>{_verdict(f'World {world}', self.said(verdict), remark)}{shown}</section>"

    def _details(self) -> Iterator[str]:
        held = {cell.place for cell in self.merged.done}
        waiting = [
            f"{cell}: {', '.join(cell.students)}"
            for cell in self.plan.cells
            if cell.place not in held
        ]
        shared = [
            f"{cell}: {pair.one} and {pair.other} {pair.told}"
            for cell, pairs in self.merged.pairs.items()
            for pair in pairs
        ]
        made = [f"{name}: {runs} runs" for name, runs in places(self.merged).items()]
        yield _list("Still to come", waiting)
        yield _list("Refused", [f"{name}: {why}" for name, why in self.merged.refused.items()])
        yield _list("Cells of several students", shared)
        yield _list("Where the runs were made", made)


def _verdict(name: str, word: str, remark: str) -> str:
    told = f"<span class=remark>{escape(remark)}</span>" if remark else ""
    return f"<h2>{escape(name)}: <span class=word>{escape(word)}</span></h2>{told}"


def _list(title: str, items: list[str]) -> str:
    if not items:
        return ""
    rows = "".join(f"<li>{escape(item)}</li>" for item in items)
    return f"<h2>{escape(title)}</h2><ul>{rows}</ul>"


def _picture(figure: Figure) -> str:
    """A figure for a wide window and a narrow one, in light and in dark."""
    sources = "".join(
        f'<source media="(prefers-color-scheme: {theme}) and (max-width: {most}px)" '
        f'srcset="{_address(figure.png(theme, layout, titled=False))}">'
        for layout, most in (("narrow", 700), ("wide", 99_999))
        for theme in ("dark", "light")
    )
    still = _address(figure.png("light", "wide", titled=False))
    told = escape(figure.description, quote=True)
    return (
        f"<figure><figcaption><strong>{escape(figure.title)}</strong><br>"
        f"<span class=quiet>{escape(figure.subtitle)}</span></figcaption>"
        f'<picture>{sources}<img src="{still}" alt="{told}"></picture></figure>'
    )


def _address(png: bytes) -> str:
    return f"data:image/png;base64,{base64.b64encode(png).decode()}"


# drawing it ---------------------------------------------------------------------------------------
def draw(plan_file: Path, folder: Path, out: Path, refresh: int = 0) -> Board:
    """Check the files of a folder and write the board. UserError where it cannot be written."""
    board = Board(merge(read_plan(plan_file), folder), date.today(), refresh)
    replace_file(out, board.html())
    return board


def watch(
    folder: Path, draw_now: Callable[[], None], wait: Callable[[], None], rounds: int | None = None
) -> None:
    """Draw, then again whenever a file of the folder has come, gone or changed.

    rounds: how many looks at the folder; None: until it is stopped.
    """
    seen: object = None
    while rounds is None or rounds > 0:
        if (now := _state_of(folder)) != seen:
            draw_now()
            seen = now
        wait()
        rounds = None if rounds is None else rounds - 1


def _state_of(folder: Path) -> list[tuple[str, int, int]]:
    """The files that a board is made of: names, sizes and times."""
    found = []
    for path in sorted(folder.glob("*.csv")):
        with suppress(FileNotFoundError):  # it may be replaced at this moment
            told = path.stat()
            found.append((path.name, told.st_size, told.st_mtime_ns))
    return found
