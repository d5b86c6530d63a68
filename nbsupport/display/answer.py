"""The book's answer at a glance: three sentences, and a grid of findings by kinds of evidence.

Both are computed from the recorded verdicts. A finding is several claims, and a cell of the grid
says how many of them hold. Published models have words of their own: nobody drew them at random.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from html import escape

from nbsupport.analysis import claims
from nbsupport.display import line_sides
from nbsupport.display.html import MINUS, Html, note
from nbsupport.display.sides import FAILS, HOLDS, NONE, OPEN, decided, listed, side
from nbsupport.evidence.judged import Judged
from nbsupport.evidence.published.verdicts import AGAINST, FOR, PublishedVerdict

PART, NEAR, UNSURE = "in part", "near chance", "controls open"
LETTERS = {HOLDS: "H", PART: "P", FAILS: "F", OPEN: "O", NONE: "\N{EN DASH}"}
WORDS = {
    HOLDS: "holds",
    PART: "in part",
    FAILS: "fails",
    OPEN: "open",
    NONE: "no evidence",
}
LEANS = {FOR: ("leans for", "L+", "for"), AGAINST: ("leans against", f"L{MINUS}", "against")}
COLUMNS = ("Simulated worlds", "Real images", "Published models")
HEADS = ("What holds up", "What does not", "What is open")
MAIN = "1"  # the section of the claims on what matters most: the paper sums itself up there
UNTESTED = ("calibrated", "measured", "not run")  # words that judge nothing


@dataclass(frozen=True)
class Row:
    """One of the paper's findings: what a reader calls it, and its name in claims.toml."""

    name: str
    finding: str

    @property
    def claims(self) -> tuple[str, ...]:
        """Its claims: all for which the paper has a result, as the paper words them. Left out are
        readings of a claim that were added later."""
        own = (claims.load()[key] for key in claims.of_finding(self.finding))
        return tuple(c.id for c in own if c.since == 1 and c.kind != "measured")

    @property
    def page(self) -> str:
        """The page that shows most of its claims."""
        return Counter(claims.load()[key].page for key in self.claims).most_common(1)[0][0]


ROWS = (
    Row("Data quantity", "quantity"),
    Row("Label detail", "granularity"),
    Row("Label semantics", "semantics"),
    Row("Image diversity", "diversity"),
    Row("Data sources", "source"),
    Row("Captions", "captions"),
    Row("Other shifts", "shifts"),
)


@dataclass(frozen=True)
class GridCell:
    """What one kind of evidence says on a finding: a state, and how many claims hold of those that
    it judges."""

    state: str
    holds: int
    judged: int
    why: str = ""  # what keeps it open

    @property
    def letter(self) -> str:
        """The state as a letter, so that colour alone never tells it."""
        return LETTERS[self.state]

    @property
    def count(self) -> str:
        """ "2 of 3"; nothing where nothing is judged."""
        if self.why:
            return self.why
        return f"{self.holds} of {self.judged}" if self.judged else ""


def cell(sides: Sequence[str], why: str = "") -> GridCell:
    """The state of several claims by their sides; those without evidence are left out.

    why: what keeps them open, where they are.
    """
    seen = [each for each in sides if each != NONE]
    holds, fails = seen.count(HOLDS), seen.count(FAILS)
    if not seen:
        return GridCell(NONE, 0, 0)
    if holds == len(seen):
        state = HOLDS
    elif holds:
        state = PART
    else:
        state = FAILS if fails else OPEN
    return GridCell(state, holds, len(seen), why if state == OPEN else "")


def sound(controls: Iterable[Judged]) -> set[int]:
    """The shifts between real images on which every control that was run came out as it should."""
    run = [each.real for each in controls if any(v.word != "not run" for v in each.real.values())]
    if not run:
        return set()
    return {shift for shift in run[0] if all(side(real[shift]) == HOLDS for real in run)}


def on_real(entry: Judged, shifts: Collection[int] | None = None) -> str:
    """The side of real images: of the shifts that can tell, all on one side; else open.

    `shifts` are those whose controls came out as they should; None: all.
    """
    sides = {n: side(verdict) for n, verdict in entry.real.items() if side(verdict) != NONE}
    told = {each for n, each in sides.items() if shifts is None or n in shifts} - {OPEN}
    if not sides:
        return NONE
    return told.pop() if len(told) == 1 else OPEN


def _near_chance(entries: Sequence[Judged]) -> bool:
    """Whether what keeps real images from telling is, on most shifts, that scores are chance's."""
    words = [v.word for e in entries for v in e.real.values() if v.word != "not run"]
    return 2 * words.count("at the floor") > len(words)


class Answer:
    """What the recorded verdicts say on the paper's claims, at a glance."""

    def __init__(
        self, entries: Iterable[Judged], published: dict[str, PublishedVerdict], worlds: str
    ) -> None:
        every = list(entries)
        self.entries = {e.claim.id: e for e in every if not e.claim.control}
        self.published, self.worlds = published, worlds
        self.sound = sound(e for e in every if e.claim.control)

    # sentences ------------------------------------------------------------------------------------
    @property
    def tested(self) -> list[Judged]:
        """The claims that recorded runs judge."""
        return [e for e in self.entries.values() if e.headline.word not in UNTESTED]

    def of(self, wanted: str) -> list[Judged]:
        """The tested claims on one side."""
        return [e for e in self.tested if side(e.headline) == wanted]

    def html(self) -> Html:
        """The three sentences and the grid; a sentence where nothing is recorded."""
        if not self.tested:
            return note("No runs are recorded yet, so there is no answer.")
        sentences = dict(zip(HEADS, self.sentences(), strict=True))
        items = "".join(
            f'<p class="nb-answer-{place}"><strong>{head}.</strong> {escape(text)}</p>'
            for place, (head, text) in enumerate(sentences.items())
        )
        plain = "\n".join(f"{head}. {text}" for head, text in sentences.items())
        html = f'<div class="nb-answer"><div>{items}</div>{self._grid()}</div>'
        return Html(html, f"{plain}\n{self._plain()}")

    def sentences(self) -> tuple[str, str, str]:
        """What holds up, what does not, what is open: with counts."""
        return self._holds(), self._fails(), self._open()

    def _holds(self) -> str:
        held = self.of(HOLDS)
        everywhere = [e for e in held if e.counted and e.supporting == len(e.counted)]
        of_first = len(self._counted()) > 1 and not any(e.over_worlds for e in self.tested)
        where = f"the first of {len(self._counted())} {self.worlds}" if of_first else self.worlds
        text = f"Of {len(self.tested)} claims {len(held)} hold in {where}"
        text += f", {len(everywhere)} of them in every world that counts" if held else ""
        whole, part = self._rows(HOLDS), self._rows(PART)
        told = [f"in full on {listed(whole)}"] if whole else []
        told += [f"in part on {listed(part)}"] if part else []
        return f"{text}. The paper's findings hold {', and '.join(told)}." if told else f"{text}."

    def _counted(self) -> set[int]:
        """The worlds that count for any claim."""
        return {world for entry in self.tested for world in entry.counted}

    def _rows(self, wanted: str) -> list[str]:
        own = [row for row in ROWS if self.cells(row)[0].state == wanted]
        return [row.name[0].lower() + row.name[1:] for row in own]

    def _fails(self) -> str:
        failed = self.of(FAILS)
        if not failed:
            return "No claim comes out otherwise than in the paper."
        what = "; ".join(map(_clause, failed))
        verb = "comes" if len(failed) == 1 else "come"
        small = sum(e.headline.word == "negligible" for e in failed)
        split = (
            f" ({len(failed) - small} contradicted, {small} too small to count)" if small else ""
        )
        return f"{len(failed)} {verb} out otherwise than in the paper{split}: {what}."

    def _open(self) -> str:
        left = self.of(OPEN)
        text = f"{len(left)} {'is' if len(left) == 1 else 'are'} not settled by these runs"
        main = [e.claim.matter for e in left if e.claim.section == MAIN and e.claim.since == 1]
        text += f", among them {listed(main)}." if main else "."
        text += self._of_real_images()
        words = [verdict.word for verdict in self.published.values()]
        if words:
            text += (
                f" Published models lean for {words.count(FOR)} claims and against "
                f"{words.count(AGAINST)}."
            )
        return text

    def _of_real_images(self) -> str:
        real = [each for e in self.tested if (each := self.on_real(e)) != NONE]
        if not real:
            return ""
        if not self.sound:
            near = sum(_near_chance([e]) for e in self.tested if self.on_real(e) == OPEN)
            return (
                f" Real images settle none of the {len(real)} claims run on them: on no shift do "
                f"all controls come out as they should; for {near} claims scores are near chance."
            )
        text = (
            f" Real images settle {len(real) - real.count(OPEN)} of the {len(real)} claims run "
            f"on them, {real.count(HOLDS)} for and {real.count(FAILS)} against"
        )
        near = sum(_near_chance([e]) for e in self.tested if self.on_real(e) == OPEN)
        return text + (f"; on {near} scores are too near chance to tell." if near else ".")

    def on_real(self, entry: Judged) -> str:
        """The side of real images, of the shifts whose controls came out as they should."""
        return on_real(entry, self.sound)

    # the grid -------------------------------------------------------------------------------------
    def cells(self, row: Row) -> tuple[GridCell, GridCell]:
        """What simulated worlds and real images say on a finding."""
        own = [e for e in self.tested if e.claim.id in row.claims]
        simulated = cell([side(e.headline) for e in own])
        why = NEAR if _near_chance(own) else "" if self.sound else UNSURE
        return simulated, cell([self.on_real(e) for e in own], why)

    def _grid(self) -> str:
        head = "".join(f'<th scope="col">{name}</th>' for name in ("Finding on", *COLUMNS))
        body = "".join(self._row(row) for row in ROWS)
        key = "H holds, P holds in part, F comes out otherwise than in the paper, O open"
        told = (
            f"{key}; L+ and L{MINUS}: models of others lean for or against. Numbers: claims that "
            f"hold, of those tested{self._beside()}. Each cell leads to its page. {self.apart()}"
        ).rstrip()
        return (
            f'<table class="nb-evidence"><thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
            f"<caption>{escape(told)}</caption></table>"
        )

    def apart(self) -> str:
        """The claims that kinds of evidence put on opposite sides of a line, a sentence each."""
        told = (
            line_sides.short(e.claim, line_sides.kinds(e, self._said(e), self.worlds))
            for e in self.tested
        )
        return " ".join(filter(None, told))

    def _said(self, entry: Judged) -> PublishedVerdict | None:
        return self.published.get(entry.claim.id)

    def _beside(self) -> str:
        """How many tested claims belong to no row, and which world decides."""
        named = {key for row in ROWS for key in row.claims}
        rest = sum(e.claim.id not in named for e in self.tested)
        told = f"; {rest} more {'is' if rest == 1 else 'are'} in All claims" if rest else ""
        if not any(e.over_worlds for e in self.tested):
            told += "; until five worlds count, the words are those of world 1"
        return told

    def _row(self, row: Row) -> str:
        link = f"{row.page}.html#found"
        cells = [
            _cell(link, f"{row.name}, {name.lower()}", c.state, c.letter, WORDS[c.state], c.count)
            for name, c in zip(COLUMNS, self.cells(row), strict=False)
        ]
        name = f'<th scope="row"><a href="{link}">{escape(row.name)}</a></th>'
        return f"<tr>{name}{''.join(cells)}{self._of_published(row)}</tr>"

    def _of_published(self, row: Row) -> str:
        found = [self.published[key].word for key in row.claims if key in self.published]
        said = [LEANS[word] for word in dict.fromkeys(found) if word in LEANS]
        about = f"{row.name}, {COLUMNS[2].lower()}"
        if len(said) != 1:  # nothing, or one way and the other
            word, letter = (WORDS[OPEN], LETTERS[OPEN]) if found else (WORDS[NONE], LETTERS[NONE])
            state = OPEN if found else NONE
            return _cell("published_models.html", about, state, letter, word, "")
        word, letter, kind = said[0]
        return _cell("published_models.html", about, f"leans-{kind}", letter, word, "")

    def _plain(self) -> str:
        lines = []
        for row in ROWS:
            told = [f"{WORDS[c.state]} {c.count}".strip() for c in self.cells(row)]
            lines.append(f"{row.name}: {told[0]} | real images: {told[1]}")
        return "\n".join([*lines, *filter(None, [self.apart()])])


def _cell(link: str, about: str, state: str, letter: str, word: str, count: str) -> str:
    kind = state.replace(" ", "-")
    inner = (
        f'<span class="nb-evidence-about">{escape(about)}: </span>'
        f'<b aria-hidden="true">{letter}</b><span class="nb-evidence-word">{escape(word)}</span>'
    )
    near = ' class="nb-evidence-near"' if count in (NEAR, UNSURE) else ""
    small = f" <small{near}>{escape(count)}</small>" if count else ""
    return (
        f'<td class="nb-evidence-{kind}"><a href="{link}" title="{escape(about, quote=True)}">'
        f"{inner}{small}</a></td>"
    )


def _clause(entry: Judged) -> str:
    """What comes out otherwise, as a clause: of the part that decided, where parts have words."""
    part = decided(entry.claim, entry.headline)
    text = part.fails if part else entry.claim.fails.rstrip(".")
    told = text if part else text[0].lower() + text[1:]
    failing = sum(side(entry.worlds[n]) == FAILS for n in entry.counted)
    among = f" ({failing} of {len(entry.counted)} worlds)" if failing < len(entry.counted) else ""
    return told + among
