"""The figures of a page by its recorded runs: nothing is trained, and no book need be built.

A notebook asks for a figure with `number=`, so its figures are known from its text. To draw one,
its assignments are executed, with the recorded runs in place of those that it would train.
"""

import ast
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from nbsupport.analysis.charts import Figure
from nbsupport.display.figure_request import FigureRequest, anchor
from nbsupport.display.html import Html
from nbsupport.display.tabs import Tabs
from nbsupport.display.tabs_of_runs import LIVE, recorded_figure
from nbsupport.errors import UserError
from nbsupport.evidence import recorded
from nbsupport.pages import page_named, pages
from nbsupport.pages.open_page import OpenPage
from nbsupport.pages.page import Page
from nbsupport.pages.request import PageRequest
from nbsupport.parameters import code_cells

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.display.tabs import Display

RUNS = "runs"  # the name under which every notebook keeps what it trained


def numbers(page_id: str) -> list[str]:
    """The numbers of a page's figures ("Figure 4 (left)"), in their order; nothing is executed."""
    return [number for number in map(_number, _statements(page_named(page_id))) if number]


def recorded_figures(
    page_id: str, number: str = "", *, profile: str = "demo", world: int | None = None
) -> list[Figure]:
    """A page's figures by its recorded runs, those on real images too; or those of one number.

    number: as the page writes it, with or without "Figure", in capital letters or not. world: only
    what is recorded in this one; None: what the page itself shows.

    Raises UserError for an unknown page, profile, number or world, and for a page without figures.
    """
    wanted = _chosen(page_id, number)
    names: dict[str, Any] = {"__name__": "__main__"}
    given = {"profile": profile} | ({} if world is None else {"world": world})
    shown: list[Any] = []
    for statement in _needed(_statements(page_named(page_id)), wanted):
        target = _target(statement)
        if isinstance(statement, ast.Expr):
            shown.append(_evaluated(statement, names))
        elif target == RUNS:
            names[RUNS] = names["page"].recorded(names["page"].study.world)
        elif target in given:
            names[target] = given[target]
        else:
            _execute(statement, names)
            if target == "page" and world is not None:
                names["page"] = OneWorld(names["page"].request, world)
    if not (found := list(figures_in(shown))):
        raise UserError(
            f"page {page_id} has no chart of recorded runs as {', '.join(sorted(wanted))}: it is "
            "drawn of other parts, or nothing is recorded"
        )
    return found


class OneWorld(OpenPage):
    """A page that shows what is recorded in one world, and nothing else.

    Raises UserError where nothing is.
    """

    def __init__(self, request: PageRequest, world: int) -> None:
        super().__init__(request)
        runs = recorded.own(self.study.profile)
        if runs.points(world).empty:
            held = ", ".join(map(str, runs.settings))
            raise UserError(f"nothing is recorded in world {world}: recorded are {held}")
        self.runs = recorded.Recorded(runs.profile, runs.points(world))

    def figure(self, runs: "pd.DataFrame | None", request: FigureRequest) -> "Display":
        """The figure of that world's recorded runs."""
        return recorded_figure(self.view, self.runs, request, own=True)


def figures_in(shown: Iterable[Any]) -> Iterator[Figure]:
    """Every figure in what a page shows; of tabs those of live runs are left out."""
    for each in shown:
        if isinstance(each, Figure):
            yield each
        elif isinstance(each, Tabs):
            yield from figures_in(s for title, s in each.panels.items() if title != LIVE)
        elif isinstance(each, Html):
            yield from figures_in(each.parts)


def _chosen(page_id: str, number: str) -> set[str]:
    """The numbers of the page that are meant: all of them, or the one."""
    found = numbers(page_id)
    if not found:
        having = ", ".join(name for name in pages() if numbers(name))
        raise UserError(f"page {page_id} has no numbered figure: these pages have: {having}")
    if not number:
        return set(found)
    named = {anchor(number), anchor(f"figure {number}")}
    chosen = {each for each in found if anchor(each) in named}
    if not chosen:
        raise UserError(f"page {page_id} has no figure {number!r}: it has {', '.join(found)}")
    return chosen


# the notebook -------------------------------------------------------------------------------------
def _statements(page: Page) -> Iterator[ast.stmt]:
    for cell in code_cells(page.notebook):
        yield from ast.parse(cell.code).body


def _needed(statements: Iterable[ast.stmt], wanted: set[str]) -> list[ast.stmt]:
    """The statements that ask for these figures, and those that give them their names; in order.

    The parameters and the page are given in any case: a page gives its other names what it needs.
    """
    names, kept = {"page", "profile", "world"}, []
    for statement in reversed(list(statements)):
        own = _given_names(statement)
        if _number(statement) in wanted or own & names:
            kept.append(statement)
            names |= {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return kept[::-1]


def _given_names(statement: ast.stmt) -> set[str]:
    """The names that a statement gives a meaning to."""
    if isinstance(statement, ast.Import | ast.ImportFrom):
        return {(alias.asname or alias.name).partition(".")[0] for alias in statement.names}
    if isinstance(statement, ast.FunctionDef | ast.ClassDef):
        return {statement.name}
    nodes = () if isinstance(statement, ast.Expr) else ast.walk(statement)
    stores = (n for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store))
    return {node.id for node in stores}


def _number(statement: ast.stmt) -> str:
    """The number of the figure that a statement asks for; nothing where it asks for none."""
    if not isinstance(statement, ast.Expr) or not isinstance(statement.value, ast.Call):
        return ""
    given = {keyword.arg: keyword.value for keyword in statement.value.keywords}
    number = given.get("number")
    return str(number.value) if isinstance(number, ast.Constant) else ""


def _target(statement: ast.stmt) -> str:
    """The name that a statement gives a value to, the first of several."""
    if isinstance(statement, ast.AnnAssign):
        first: ast.expr = statement.target
    elif isinstance(statement, ast.Assign):
        first = statement.targets[0]
        first = first.elts[0] if isinstance(first, ast.Tuple) else first
    else:
        return ""
    return first.id if isinstance(first, ast.Name) else ""


def _execute(statement: ast.stmt, names: dict[str, Any]) -> None:
    exec(compile(ast.Module([statement], []), "<page>", "exec"), names)


def _evaluated(statement: ast.stmt, names: dict[str, Any]) -> Any:
    assert isinstance(statement, ast.Expr)
    return eval(compile(ast.Expression(statement.value), "<page>", "eval"), names)
