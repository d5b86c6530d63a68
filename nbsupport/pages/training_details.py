"""Appendix A: recipes in full, curves of the learning rate and of training, seconds by stage."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nbsupport.display.html import Html, note, table
from nbsupport.display.kept import kept
from nbsupport.jobs.job import Job
from nbsupport.pages.discussion import all_recorded as all_recorded
from nbsupport.pages.groups import reference_groups
from nbsupport.pages.page import Page
from nbsupport.pages.setup import architecture_table as architecture_table
from nbsupport.pages.setup import recipe_table as recipe_table
from nbsupport.study.study import FULL, SCRATCH, Run, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.charts import Figure
    from nbsupport.pages.open_page import OpenPage


METRICS = "metrics.jsonl"  # where training.loop, which loads torch, leaves a row for each epoch
STAGES = ("pre-training", "fine-tuning", "from scratch")


def metrics(study: Study, job: Job) -> list[dict[str, Any]]:
    """A job's rows of metrics, one for each epoch; none where the store does not hold it."""
    path = study.store.folder(job) / METRICS
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def stages(runs: Sequence[Run]) -> list[tuple[str, Run, Job]]:
    """(stage, run, job) of every distinct job of these runs."""
    found: dict[str, tuple[str, Run, Job]] = {}
    for run in runs:
        for job in run.jobs:
            tuned = "fine-tuning" if run.finetune.parent else "from scratch"
            name = tuned if job.key == run.finetune.key else "pre-training"
            found.setdefault(job.key, (name, run, job))
    return list(found.values())


# learning rates -----------------------------------------------------------------------------------
def rate_table(page: "OpenPage") -> "pd.DataFrame":
    """The learning rate over the updates of each stage: series, updates, value; one job a stage."""
    import pandas as pd

    parts = []
    for stage, job in _one_of_each_stage(page).items():
        rates = rates_of(job.spec["recipe"], _images(page, job))
        part = pd.DataFrame({"x": range(1, len(rates) + 1), "value": rates})
        parts.append(part.assign(panel=stage, series=stage))
    return pd.concat(parts, ignore_index=True)


@kept
def rates_of(recipe: dict[str, Any], images: int) -> list[float]:
    """The learning rate of each update of a recipe, with so many images."""
    from nbsupport.training.loop import learning_rates
    from nbsupport.training.recipe import Recipe

    known = Recipe.from_spec(recipe)
    return learning_rates(known, known.updates_for(images))


def _one_of_each_stage(page: "OpenPage") -> dict[str, Job]:
    """A job of each stage, of the study's first family and seed."""
    family, seed = page.study.families[0], page.study.seeds[0]
    runs = [r for r in page.study.runs(page.groups) if (r.family, r.seed) == (family, seed)]
    found = {stage: job for stage, _, job in reversed(stages(runs))}
    return {stage: found[stage] for stage in STAGES if stage in found}


def _images(page: "OpenPage", job: Job) -> int:
    """How many images a job trains on."""
    if job.stage == "pretrain":
        return len(page.study.imagenet)
    return len(page.study.task.table("train"))


def rates_figure(page: "OpenPage", *, number: str, caption: str) -> "Figure":
    """The learning rate of each stage, a panel each."""
    from nbsupport.analysis.charts import Words, curves_figure

    data = rate_table(page)
    most = {stage: part["x"].max() for stage, part in data.groupby("panel", sort=False)}
    told = ", ".join(f"{count:,} updates {stage!s}" for stage, count in most.items())
    return curves_figure(
        data,
        Words(
            title="The learning rate rises, then falls to zero",
            subtitle=f"Computed from the recipes of {page.study.families[0]}: {told}.",
            number=number,
            caption=caption,
            name="figure-rates",
        ),
        x_title="update",
        y_title="learning rate",
    )


# training curves ----------------------------------------------------------------------------------
def loss_table(page: "OpenPage") -> "pd.DataFrame":
    """Training loss after each epoch of the live runs: panel (stage), series (family), x, value."""
    import pandas as pd

    seed = page.study.seeds[0]
    runs = [run for run in page.study.runs(page.groups) if run.seed == seed]
    found = sorted(stages(runs), key=lambda entry: STAGES.index(entry[0]))
    rows = [
        {"panel": stage, "series": run.family, "x": row["epoch"], "value": row["loss"]}
        for stage, run, job in found
        for row in metrics(page.study, job)
    ]
    return pd.DataFrame(rows, columns=["panel", "series", "x", "value"])


def losses_figure(page: "OpenPage", *, number: str, caption: str) -> "Figure | Html":
    """Training loss over epochs, a panel for each stage, a line for each family."""
    from nbsupport.analysis.charts import Words, curves_figure

    data = loss_table(page)
    if data.empty:
        return note("No curves: the store holds no training of this page. To train it: make book.")
    ends = data.groupby("panel", sort=False)["value"].agg(["max", "min"]).reset_index()
    told = "; ".join(
        f"{r['panel']}: {r['max']:.2f} to {r['min']:.2f}" for r in ends.to_dict("records")
    )
    return curves_figure(
        data,
        Words(
            title="Loss in training, epoch by epoch",
            subtitle=f"Live runs, seed {page.study.seeds[0]}. Highest and lowest loss, {told}.",
            number=number,
            caption=caption,
            name="figure-losses",
        ),
        x_title="epoch",
        y_title="training loss",
    )


# seconds ------------------------------------------------------------------------------------------
def live_seconds(page: "OpenPage") -> Html:
    """Compute-seconds of the live jobs by stage and family, from the store."""
    import pandas as pd

    rows = [
        {"stage": stage, "family": run.family, "seconds": page.study.store.result(job)["seconds"]}
        for stage, run, job in stages(page.study.runs(page.groups))
        if page.study.store.done(job)
    ]
    found = pd.DataFrame(rows, columns=["stage", "family", "seconds"])
    return _seconds_table(found, "live jobs")


def recorded_seconds(records: "pd.DataFrame") -> Html:
    """Compute-seconds of the recorded fine-tunings, with and without pre-training, by family."""
    if records.empty:
        return note("No runs are recorded yet, so there are no recorded times.")
    runs = records.drop_duplicates("key")
    stage = runs["role"].map(lambda role: "from scratch" if role == SCRATCH else "fine-tuning")
    return _seconds_table(runs.assign(stage=stage)[["stage", "family", "seconds"]], "recorded jobs")


def _seconds_table(found: "pd.DataFrame", what: str) -> Html:
    """Mean seconds by stage (rows) and family (columns), and how many jobs a mean rests on."""
    if found.empty:
        return note(f"There are no {what} to take times from: make book adds live ones.")
    families = list(dict.fromkeys(found["family"]))
    means = found.groupby(["stage", "family"])["seconds"].mean()
    rows = []
    for stage in [s for s in STAGES if s in set(found["stage"])]:
        own = [means.get((stage, family)) for family in families]
        count = int((found["stage"] == stage).sum())
        rows.append(
            (stage, f"{count:,}", *("\N{EN DASH}" if v is None else f"{v:.1f}" for v in own))
        )
    header = ("mean compute-seconds", what, *families)
    return table(header, rows, numeric=range(1, len(header)))


# recipes ------------------------------------------------------------------------------------------
def differences(study: Study) -> Html:
    """What each family's recipe changes in its stage's common one."""
    from nbsupport.study.profiles.recipes import field_title
    from nbsupport.training.families import FAMILIES, family_named

    rows = [
        (family, stage, ", ".join(f"{field_title(name)} {v}" for name, v in changed.items()))
        for family in FAMILIES
        for (recipes, stage), changed in family_named(family).recipes.items()
        if recipes == study.profile.recipes
    ]
    if not rows:
        return note("All families share their stage's recipe.")
    return table(("family", "stage", "differs in"), rows)


def numbers(page: "OpenPage", runs: "pd.DataFrame") -> dict[str, str]:
    """What the prose of the appendix quotes."""
    from nbsupport.study.profiles.recipes import recipe_named

    family = page.study.families[0]
    pretrain, tuned, scratch = (
        recipe_named(page.study.profile.recipes, stage, family)
        for stage in ("pretrain", "finetune", "scratch")
    )
    full, task = len(page.study.imagenet), len(page.study.task.table("train"))
    first = {r: runs[runs["role"] == r]["epoch"].min() for r in (FULL, SCRATCH)}
    return {
        "pretrain-epochs": f"{pretrain.epochs_for(full)}",
        "pretrain-updates": f"{pretrain.updates_for(full):,}",
        "floor-updates": f"{pretrain.min_updates:,}",
        "finetune-epochs": f"{tuned.epochs_for(task)}",
        "scratch-epochs": f"{scratch.epochs_for(task)}",
        "finetune-first": f"{first[FULL]}",
        "scratch-first": f"{first[SCRATCH]}",
    }


PAGE = Page("appendix_a_training", "Training details", "A", reference_groups)
