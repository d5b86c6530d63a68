"""A page of the book as its notebook uses it: its parameters, study and groups, and what it shows.

A notebook opens its page once, `page = nb.open_page("04_1_quantity", globals())`, and then asks it
for a table, a figure or a verdict in one line each.
"""

import json
import shlex
import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbsupport.data.tasks import SPLITS
from nbsupport.display import html, tables, tabs_of_runs
from nbsupport.display import numbers as page_numbers
from nbsupport.display.figures import CELLS, PageFigures
from nbsupport.display.live_check import LiveCheck, live_check
from nbsupport.display.where_possible import shown_where_possible
from nbsupport.errors import NotHereError, UserError, said, unknown
from nbsupport.evidence.records import read_records
from nbsupport.pages import (
    Page,
    background,
    diversity,
    groups_of,
    labels,
    page_named,
    pair_tables,
    setup,
    sources,
    study_for,
)
from nbsupport.parameters import Parameter, check_parameters
from nbsupport.study.study import Group, Study
from nbsupport.training.families import FAMILIES

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.verdicts import Verdict
    from nbsupport.data.subsets.subset import Subset
    from nbsupport.data.tasks import Task
    from nbsupport.display.tabs import Shown

FRACTAL_PX = 256


def open_page(page_id: str, namespace: Mapping[str, Any]) -> "OpenPage":
    """The page of a notebook, with the parameter values found in `namespace` (its globals()).

    Raises UserError for an unknown page, a value of the wrong type, or one that is not allowed.
    """
    # timm brings in tqdm, which misses ipywidgets in a notebook and would say so on the page
    warnings.filterwarnings("ignore", message="IProgress not found")
    page = page_named(page_id)
    if not isinstance(namespace, Mapping):
        raise UserError(f"open_page({page_id!r}, {said(namespace)}): give globals()")
    declared = page.parameters()
    given = {p.name: _read(p, namespace[p.name]) for p in declared if p.name in namespace}
    return OpenPage(page, declared, check_parameters(declared, given))


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


class OpenPage(PageFigures):
    """One page under its parameters: `study`, `groups`, `values`, and what it shows."""

    def __init__(self, page: Page, declared: list[Parameter], values: dict[str, Any]) -> None:
        self.page, self.declared = page, declared
        self.values = {p.name: p.default for p in declared} | values
        self.study: Study = study_for(page.id, **self.values)
        self.groups: list[Group] = groups_of(page.id, self.study, **self.values)

    # data ---------------------------------------------------------------------------------------
    @shown_where_possible
    def grid(self, source: "str | Subset", *, count: int = 16, caption: str = "") -> Any:
        """Random images of a source ("imagenet", "inaturalist") or a role, each another class."""
        from nbsupport.display import images as page_images
        from nbsupport.display import widgets

        images, titles = page_images.sample_of_classes(self._subset(source), count)
        return widgets.image_grid(images, titles, caption)

    def mixed_grid(
        self, role: str, *, count: int = 16, replaced: int = 4, caption: str = ""
    ) -> Any:
        """Images of a group, some of which show another class than their label, as titles say."""
        from nbsupport.display import images as page_images
        from nbsupport.display import widgets

        images, titles = page_images.sample_with_replaced(self._subset(role), count, replaced)
        return widgets.image_grid(images, titles, caption)

    def subclass_grids(self, source: str, *, count: int = 12) -> html.Html:
        """The same superclass at each share p of its subclasses, from few to many."""
        return diversity.subclass_grids(self.groups, source, count)

    def _subset(self, of: "str | Subset | Callable[[], Subset]") -> "Subset":
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

    def test_grid(self, split: str, *, role: str = "", count: int = 16, caption: str = "") -> Any:
        """Images of a split of the downstream task, each from another location.

        role: a group of the page whose task is shown, where it is not the page's own.
        """
        from nbsupport.display import images as page_images
        from nbsupport.display import widgets

        images, titles = page_images.sample_of_split(self.task_of(role), split, count)
        return widgets.image_grid(images, titles, caption)

    @shown_where_possible
    def plate(
        self,
        of: "str | Subset | Callable[[], Subset]",
        *,
        role: str = "",
        count: int = 8,
        px: int = 144,
        caption: str = "",
    ) -> Any:
        """A source or a split of the task, large: a simulated world is drawn anew at that size.

        of: as in `grid`, or what makes a subset. role: as in `test_grid`.
        """
        from nbsupport.display import images as page_images
        from nbsupport.display import widgets

        simulated = self.study.profile.simulated
        if isinstance(of, str) and of in SPLITS:
            task = self.task_of(role)
            if simulated:
                images, titles = page_images.large_traps(self.study, of, count, px, task)
            else:
                images, titles = page_images.sample_of_split(task, of, count)
        elif simulated:
            images, titles = page_images.large_photos(self.study, self._subset(of), count, px)
        else:
            images, titles = page_images.sample_of_classes(self._subset(of), count)
        return widgets.image_grid(images, titles, caption, size=px)

    @shown_where_possible
    def plate_elsewhere(self, split: str, *, count: int = 4) -> Any:
        """A split of the task in another world of the profile, large."""
        profile = self.study.profile
        others = [world for world in profile.worlds if world not in (0, self.study.world)]
        if not others:
            raise NotHereError(f"profile {profile.name} has no other world than {self.study.world}")
        other = OpenPage(self.page, self.declared, self.values | {"world": others[0]})
        name = self.world_name(others[0])
        return other.plate(split, count=count, caption=f"Camera traps of {name}")

    @shown_where_possible
    def styles(self, *, count: int = 8, px: int = 32, caption: str = "") -> Any:
        """The same animals and things in all five styles of the domain pairs, side by side."""
        from nbsupport.display import images as page_images
        from nbsupport.display import widgets

        images, titles = page_images.in_all_styles(self.study, count, px)
        return widgets.image_grid(images, titles, caption, size=300)

    def task_of(self, role: str) -> "Task":
        """The downstream task of a group of the page; of none: the study's own."""
        if not role:
            return self.study.task
        groups = {group.role: group for group in self.groups}
        if role not in groups:
            raise unknown("group", role, groups)
        return self.study.task_of(groups[role])

    def fractal_growth(self, category: int, counts: Sequence[int], *, caption: str = "") -> Any:
        """A category of FractalDB at 256 px, with more and more points."""
        from nbsupport.display import images as page_images
        from nbsupport.display import widgets

        images, titles = page_images.growing_fractal(category, counts, FRACTAL_PX)
        return widgets.image_grid(images, titles, caption, size=144)

    def fractal_variations(self, category: int, *, count: int = 8, caption: str = "") -> Any:
        """Images of one category of FractalDB at 256 px, which share a label."""
        from nbsupport.display import images as page_images
        from nbsupport.display import widgets

        images, titles = page_images.fractal_variations(category, count, FRACTAL_PX)
        return widgets.image_grid(images, titles, caption, size=144)

    def fractal_maps(self, category: int) -> html.Html:
        """The numbers behind a category of FractalDB: a row for each of its maps."""
        return sources.fractal_table(category)

    # tables ---------------------------------------------------------------------------------------
    def parameters(self) -> html.Html:
        """The page's parameters: type, value, meaning."""
        return tables.parameter_table(self.declared, self.values)

    def training(self) -> html.Html:
        """What each group is pre-trained on, for how many epochs and updates."""
        return tables.training_table(self.study, self.groups)

    def label_paths(self, source: str = "imagenet", *, count: int = 4) -> html.Html:
        """What each group calls some classes of a source: labels at every depth of the tree."""
        return labels.path_table(self.groups, source, count)

    @shown_where_possible
    def superclasses(self, source: str) -> html.Html:
        """The superclasses of Section 4.4.2, and which subclasses are used at each share p."""
        return diversity.superclass_table(self.groups, source)

    def verdicts(self, runs: "pd.DataFrame") -> "Shown":
        """Each claim of the page: the paper, live, and as recorded on worlds 1 and 2; in a tab, as
        recorded on real images."""
        from nbsupport.display.widgets import verdict_table

        profile = self.study.profile
        columns = {"Live": self._judged(runs)}
        for world in (w for w in profile.recorded if w > 0):
            name = profile.shifts.get(world, f"world {world}")
            columns[f"Recorded, {name}"] = self._judged(self.recorded(world))
        own = verdict_table(self.page.claims, columns, masked=self.mask())
        return tabs_of_runs.verdict_tabs(profile.name, own, self.page.claims, self.axis)

    def sensitivity(self, claim_id: str, points: "pd.DataFrame") -> html.Html:
        """A claim's verdict on other axes and at other margins."""
        if self.mask():
            return html.note(f"{self.mask()}: no table.")
        return tables.sensitivity_table(claim_id, points)

    def pair_table(self, points: "pd.DataFrame") -> html.Html:
        """The contrast of every domain pair, with its Holm-corrected verdict."""
        if self.mask():
            return html.note(f"{self.mask()}: no table.")
        return pair_tables.pair_table(points, self.study, self.axis)

    def _judged(self, points: "pd.DataFrame") -> "dict[str, Verdict | None]":
        return {claim: self.verdict(claim, points) for claim in self.page.claims}

    # records --------------------------------------------------------------------------------------
    def recorded(self, world: int = 1) -> "pd.DataFrame":
        """The recorded runs of this page's groups on a world; empty where there are none."""
        table = read_records(self.study.profile.name)
        roles = {group.role for group in self.groups}
        own = (table["world"] == world) & table["role"].isin(roles)
        return table[own].reset_index(drop=True)

    def live_check(self, runs: "pd.DataFrame") -> LiveCheck:
        """Live scores against the recorded ones of the same job: equal, or another draw."""
        return live_check(runs, self.recorded(self.study.world), self.study.store)

    # numbers in the prose -------------------------------------------------------------------------
    def glue_sources(self) -> None:
        """Glue the sizes of sources and task, for the prose to quote."""
        self.glue(page_numbers.source_numbers(self.study) | page_numbers.task_numbers(self.study))

    def glue_gains(self, runs: "pd.DataFrame", roles: Mapping[str, str]) -> None:
        """Glue the effective robustness of roles over scratch as `gain-NAME`."""
        self.glue(page_numbers.gain_numbers(runs, roles, self.axis))

    def glue_labels(self) -> None:
        """Glue how many labels there are at each depth that plays a role in Section 4.2."""
        self.glue(labels.label_numbers(self.study))

    def glue_pairs(self) -> None:
        """Glue the sizes of the domain pairs' task."""
        self.glue(pair_tables.pair_numbers(self.study))

    def glue_positions(self, runs: "pd.DataFrame", pairs: Mapping[str, tuple[str, str]]) -> None:
        """Glue how much further right the first of two roles lies, as `position-NAME`."""
        self.glue(page_numbers.position_numbers(runs, pairs, self.axis))

    def glue_semantics(self) -> None:
        """Glue the sizes of the animal and object halves of Section 4.3."""
        self.glue(diversity.semantics_numbers(self.study))

    def glue_trades(self) -> None:
        """Glue the classes and images on both sides of the trades of Section 4.4.1."""
        self.glue(diversity.trade_numbers(self.study))

    def glue_within(self) -> None:
        """Glue the superclasses, subclasses and images of Section 4.4.2."""
        self.glue(diversity.within_numbers(self.study))

    def glue_setup(self) -> None:
        """Glue how the stand-ins compare with the paper's data in size."""
        self.glue(setup.setup_numbers(self.study))

    def glue_example(self, runs: "pd.DataFrame") -> None:
        """Glue the worked example of Section 2 and an exercise on its line."""
        self.glue(background.example_numbers(runs, self.axis))

    def glue(self, numbers: Mapping[str, str]) -> None:
        """Glue each text under its name, for the prose to quote."""
        from nbsupport.display.widgets import glue

        for name, value in numbers.items():
            glue(name, value)

    # Section 2, worked on the page's own points ---------------------------------------------------
    def example_point(self, runs: "pd.DataFrame") -> "pd.Series":
        """The record that Figure 2 explains."""
        return background.example_point(runs, self.axis)

    def worked_example(self, runs: "pd.DataFrame") -> html.Html:
        """Effective robustness of that record, step by step."""
        return background.worked_table(runs, self.axis)

    def published(self) -> html.Html:
        """What WILDS publishes for the real iWildCam."""
        return background.published_table()

    # rerunning ------------------------------------------------------------------------------------
    def command(self, row: "Mapping[str, Any] | pd.Series | None" = None) -> str:
        """The command that runs this page again, or of it only the cell of one record."""
        values = dict(self.values)
        if row is not None:
            profile = str(row.get("profile", values["profile"]))
            if profile != values["profile"]:  # recorded at the defaults of the page
                values = {name: values[name] for name in CELLS if name in values}
            values |= {"profile": profile, "world": int(row["world"]), "seeds": [int(row["seed"])]}
            if row["family"] in FAMILIES:  # the others come with their groups, whatever is asked
                values["families"] = [str(row["family"])]
        return command_line(self.page.id, self.declared, values)

    def rerun(self, **values: Any) -> html.Html:
        """The command that runs this page with other values, ready to copy."""
        given = self.values | check_parameters(self.declared, values)
        return html.command(command_line(self.page.id, self.declared, given))

    def example(self) -> dict[str, Any]:
        """Other parameters to try: sizes that fit the profile, three seeds, one family."""
        sizes = page_numbers.example_sizes(self.study)
        return {"sizes": sizes, "families": ["resnet"], "seeds": [0, 1, 2]}


def command_line(page_id: str, declared: Sequence[Parameter], values: Mapping[str, Any]) -> str:
    """`python -m nbsupport run PAGE` with a -p for each value that is not the default."""
    words = ["python", "-m", "nbsupport", "run", page_id]
    for p in declared:
        if p.name in values and values[p.name] != p.default:
            value = values[p.name]
            text = value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))
            words += ["-p", p.name, text]
    return shlex.join(words)
