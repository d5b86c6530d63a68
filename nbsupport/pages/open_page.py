"""A page of the book as its notebook uses it: its parameters, study and groups, and what it shows.

A notebook opens its page once, `page = nb.open_page("04_1_quantity", globals())`, and then asks it
for a table, a figure or a verdict in one line each.
"""

import json
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.display import found, html, tables, tabs_of_runs, titles
from nbsupport.display import numbers as page_numbers
from nbsupport.display.figure_request import FigureInput, FigureRequest, anchor
from nbsupport.display.figures import TRAINED, PageView
from nbsupport.display.live_check import LiveCheck, live_check
from nbsupport.display.said import headline, outcome, says
from nbsupport.display.tabs import together
from nbsupport.display.where_possible import shown_where_possible
from nbsupport.errors import NotHereError, UserError, said
from nbsupport.evidence.recorded import families_by_seeds
from nbsupport.evidence.records import read_records
from nbsupport.pages import page_named
from nbsupport.pages.registering import note_of
from nbsupport.pages.request import PageRequest
from nbsupport.parameters import Parameter, check_parameters, command_line

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure
    from nbsupport.data.subsets.subset import Subset
    from nbsupport.display.tabs import Display


def open_page(page_id: str, namespace: Mapping[str, Any]) -> "OpenPage":
    """The page of a notebook, with the parameter values found in `namespace` (its globals()).

    Raises UserError for an unknown page, a value of the wrong type, or one that is not allowed.
    """
    # timm brings in tqdm, which misses ipywidgets in a notebook and would say so on the page
    warnings.filterwarnings("ignore", message="IProgress not found")
    page = page_named(page_id)
    if not isinstance(namespace, Mapping):
        raise UserError(f"open_page({page_id!r}, {said(namespace)}): give globals()")
    request = PageRequest(page, {})
    found = [p for p in request.declared if p.name in namespace]
    return OpenPage(request.other(**{p.name: _read(p, namespace[p.name]) for p in found}))


def _read(parameter: Parameter, value: Any) -> Any:
    """A list that came as text: `papermill -p sizes '[250,1000]'` hands over the text."""
    if parameter.type.startswith("list") and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError as error:
            raise UserError(
                f"parameter {parameter.name}={value!r} does not read as {parameter.type}: "
                f"write it as JSON, such as '[1,2]' or '[\"resnet\"]'"
            ) from error
    return value


class OpenPage:
    """One page under its parameters: `study`, `groups`, and what four pages or more show."""

    def __init__(self, request: PageRequest) -> None:
        self.request, self.page = request, request.page
        self.study, self.groups = request.study, request.groups
        self.view = PageView(
            request.page.id, self.study, self.groups, request.declared, request.values
        )
        self.glued: dict[str, str] = {}  # what the prose may quote, by name

    @property
    def axis(self) -> str:
        """The axes that lines are fitted on."""
        return self.view.axis

    def mask(self) -> str:
        """What stands in place of verdicts where runs are no evidence, else nothing."""
        return self.view.mask()

    def live(self, runs: "pd.DataFrame | None") -> "pd.DataFrame | None":
        """These runs where the page trains what it shows; None where it shows records alone."""
        return None if self.view.recorded_only else runs

    # data ---------------------------------------------------------------------------------------
    @shown_where_possible
    def grid(self, source: "str | Subset", *, count: int = 16, caption: str = "") -> Any:
        """Random images of a source ("imagenet", "inaturalist") or a role, each another class."""
        from nbsupport.display import images as page_images
        from nbsupport.display import widgets

        images, titles = page_images.sample_of_classes(self.subset(source), count)
        return widgets.image_grid(images, titles, caption)

    def subset(self, of: "str | Subset | Callable[[], Subset]") -> "Subset":
        """What a notebook names: a role of the page, a source of the study, or a subset itself."""
        if callable(of):
            return of()
        if not isinstance(of, str):
            return of
        own = {g.role: g.subset for g in self.groups if g.subset is not None}
        if of in own:
            return own[of]
        if "/" in of:
            raise NotHereError(f"profile {self.study.profile.name} has no group {of}")
        found: Subset = getattr(self.study, of)
        return found

    # what was found -------------------------------------------------------------------------------
    def found(self, *claim_ids: str) -> html.Html:
        """What recorded runs say on the page's claims (or on those named), in words: what holds,
        what comes out otherwise than in the paper and why it may, what is open."""
        return found.found(self.study.profile, claim_ids or self.page.claims)

    # tables ---------------------------------------------------------------------------------------
    def parameters(self) -> html.Html:
        """The page's parameters: type, value, meaning."""
        return tables.parameter_table(self.request.declared, self.request.values)

    def training(self) -> html.Html:
        """What each group is pre-trained on, for how many epochs and updates."""
        return tables.training_table(self.study, self.groups)

    def verdicts(self, runs: "pd.DataFrame") -> "Display":
        """Each claim of the page, in tabs: as recorded, by these live runs, and on real images.

        Above them stands when the page was registered, where somebody did (`register`).
        """
        own = self.live(runs)
        tabs = tabs_of_runs.verdict_tabs(
            self.study.profile,
            self.page.claims,
            self.axis,
            None if own is None else {c: self.view.verdict(c, own) for c in self.page.claims},
            masked=self.mask(),
            live_first=self.view.other_groups,
        )
        registered = note_of(self.request)
        return together(html.note(registered), tabs) if registered else tabs

    def answer(self, claim_id: str, options: Mapping[str, str]) -> html.Html:
        """The reader's guess beside what the recorded runs say on a claim.

        options: the option that is right where the claim is "supported" or "negligible", and where
        it is proven to be wrong because a difference is "higher" or "lower", of a composite with
        the names of the two groups ("lower fractaldb/full scratch"); an outcome without an option
        is open.
        """
        from nbsupport.display.widgets import compare_prediction

        verdict, _ = headline(self.study.profile, claim_id, self.axis)
        ways = (outcome(verdict), outcome(verdict, named=True), verdict.word)
        right = next((options[way] for way in ways if way in options), "")
        told = says(self.study.profile, claim_id, self.axis)
        text = (
            f"{right}; the claim is {told}"
            if right
            else f"none of the answers is settled: the claim is {told}"
        )
        return compare_prediction(claim_id, text, right)

    # figures --------------------------------------------------------------------------------------
    def trend(
        self,
        runs: "pd.DataFrame | None",
        source: str | None = None,
        *,
        claim: str,
        number: str,
        caption: str,
        roles: Sequence[str] = (),
        lines: tuple[str, str] = (FULL, SCRATCH),
        axis_titles: tuple[str, str] | None = None,
    ) -> "Display":
        """OOD against ID scores of a source's groups, between two reference lines.

        runs: the live ones; the recorded ones are added. roles: only these groups of the page; a
        role that it does not compare is left out. Without a source, each group is named by its own.
        lines: the two reference lines, the upper one first. axis_titles: what ID and OOD are.
        """
        from nbsupport.analysis.charts import trend_figure

        def draw(given: FigureInput) -> "Figure":
            return trend_figure(
                given.points,
                given.roles,
                given.words,
                labels=given.labels,
                full=lines[0],
                reference=lines[1],
                margin=given.margin,
                ordered=None if source else False,
                axis_titles=axis_titles or given.axis_titles,
                **given.drawn_with,
            )

        known = {group.role for group in self.groups}.difference(lines)
        own = [role for role in roles or self.view.roles(source) if role in known]
        every = list(dict.fromkeys([lines[0], *own, lines[1]]))
        request = FigureRequest(claim, number, caption, draw, every, lines, source)
        return self.figure(runs, request)

    def figure(self, runs: "pd.DataFrame | None", request: FigureRequest) -> "Display":
        """A figure in tabs: of the recorded runs, of these live ones, and of real images."""
        return tabs_of_runs.figure_tabs(self.view, runs, request)

    def class_sizes(self, *, number: str, caption: str) -> "Figure":
        """Images in each class of the natural sources that there are, largest class first."""
        from nbsupport.analysis.charts import Words, class_histogram

        counts = {
            name: s.drawn.counts() for name, s in page_numbers.natural_sources(self.study).items()
        }
        return class_histogram(
            {name: found.tolist() for name, found in counts.items()},
            Words(
                title=titles.class_sizes(*counts.values()),
                number=number,
                caption=caption,
                name=anchor(number),
            ),
        )

    # records --------------------------------------------------------------------------------------
    def recorded(self, world: int = 1) -> "pd.DataFrame":
        """The recorded runs of this page's groups on a world; empty where there are none."""
        table = read_records(self.study.profile.name)
        roles = {group.role for group in self.groups}
        own = (table["world"] == world) & table["role"].isin(roles)
        return table[own].reset_index(drop=True)

    def live_check(self, runs: "pd.DataFrame") -> "LiveCheck | html.Html":
        """Live scores against the recorded ones of the same job: equal, or another draw."""
        if self.view.recorded_only:
            told = "These are recorded runs alone. To train live ones: "
            return html.note(told + self.view.command())
        return live_check(runs, self.recorded(self.study.world), self.study.store)

    # numbers in the prose -------------------------------------------------------------------------
    def glue_sources(self) -> None:
        """Glue the sizes of sources and task, for the prose to quote."""
        self.glue(page_numbers.source_numbers(self.study) | page_numbers.task_numbers(self.study))

    def glue_gains(self, runs: "pd.DataFrame", roles: Mapping[str, str]) -> None:
        """Glue the effective robustness of roles over scratch as `gain-NAME`, and as `gain-runs`
        what runs it is of: the recorded ones of this world where they hold all, else the live."""
        held = self.recorded(self.study.world)
        whole = {FULL, SCRATCH, *roles.values()} <= set(held["role"])
        points, kind = (held, "recorded") if whole else (runs, "live")
        of = f"{kind} runs ({families_by_seeds(points)})"
        found = page_numbers.gain_numbers(points, roles, self.axis)
        live = page_numbers.gain_numbers(runs, {}, self.axis)
        self.glue(found | live | {"gain-runs": of})

    def glue_says(self, *claim_ids: str) -> None:
        """Glue what the recorded runs say on claims as `says-ID`; default: on those of the page."""
        profile = self.study.profile
        for claim_id in claim_ids or self.page.claims:
            self.glue({f"says-{claim_id}": says(profile, claim_id, self.axis)})

    def glue(self, numbers: Mapping[str, str]) -> None:
        """Glue each text under its name, for the prose to quote."""
        from nbsupport.display.widgets import glue

        self.glued |= numbers
        for name, value in numbers.items():
            glue(name, value)

    # rerunning ------------------------------------------------------------------------------------
    def rerun(self, **values: Any) -> html.Html:
        """The command that trains this page with other values, ready to copy."""
        declared = self.request.declared
        given = self.request.values | TRAINED | check_parameters(declared, values)
        return html.command(command_line(self.page.id, declared, given))
