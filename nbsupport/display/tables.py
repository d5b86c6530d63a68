"""Tables that several pages show."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nbsupport.parameters import Parameter
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.analysis.contrasts import Chances
    from nbsupport.jobs.job import Job
from nbsupport.display.html import Html, code, signed, span, table


def parameter_table(declared: Iterable[Parameter], values: Mapping[str, Any]) -> Html:
    """A page's parameters: name, type, value (with the default where it differs), meaning."""
    rows = []
    for p in declared:
        value = values[p.name]
        shown = code(value)
        if value != p.default:
            default = f" (default {code(p.default).html})"
            shown = Html(shown.html + default, f"{shown.text} (default {p.default})")
        rows.append((code(p.name), p.type, shown, p.meaning))
    return table(("parameter", "type", "value", "meaning"), rows)


def training_table(study: Study, groups: Sequence[Group]) -> Html:
    """What each group is pre-trained on: images, classes, images per class, epochs, updates."""
    rows = []
    for run in study.runs(groups):
        if run.family != study.families[0] or run.seed != study.seeds[0]:
            continue  # the subsets differ by draw only; the first family stands for all
        rows.append(_training_row(run.group, run.finetune.parent))
    header = ("group", "images", "classes", "images per class", "epochs", "updates")
    return table(header, rows, numeric=range(1, 6))


def _training_row(group: Group, pretraining: "Job | None") -> tuple[str, ...]:
    if group.subset is None or pretraining is None:
        return (group.role, "0", "0", "none", "0", "0")
    from nbsupport.study.profiles.recipes import Recipe

    counts, recipe = group.subset.drawn.counts(), Recipe.from_spec(pretraining.spec["recipe"])
    low, high = int(counts.min()), int(counts.max())
    each = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    images = len(group.subset)
    if group.objective == "captions":
        classes, each = "captions", "none"
    else:
        classes = f"{group.subset.num_classes:,}"
    return (
        group.role,
        f"{images:,}",
        classes,
        each,
        f"{recipe.epochs_for(images):,}",
        f"{recipe.updates_for(images):,}",
    )


def sensitivity_table(
    claim_id: str, points: "pd.DataFrame", chances: "Chances | None" = None
) -> Html:
    """A claim's verdict on each axis, then at each other margin. chances: accuracy by chance."""
    from nbsupport.analysis import claims

    found, rows = claims.sensitivity(claim_id, points, chances=chances), []
    for axis, margin, word, value, low, high in found.to_numpy():
        rows.append((axis, f"{margin:g} of the gap", word, signed(value), span(low, high, value)))
    header = ("axes", "margin", "verdict", "estimate", "95 % interval")
    return table(header, rows, numeric=(3, 4))
