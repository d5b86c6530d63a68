"""One point of a figure made again: its own jobs, and its scores beside the recorded ones."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nbsupport.evidence.records import read_records
from nbsupport.jobs import runner
from nbsupport.jobs.progress import Progress
from nbsupport.jobs.store import Store
from nbsupport.pages import page_named
from nbsupport.pages.point import point_run
from nbsupport.pages.request import PageRequest
from nbsupport.paths import store_dir

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.study.study import Run, Study

SCORES = {"id_macro_f1": "ID", "ood_macro_f1": "OOD"}
SAME = 1e-6  # the records hold six digits
UNRECORDED = (
    "No run with this key is recorded: nobody has recorded these parameters with this code."
)
ELSEWHERE = (
    "On another processor, or with another PyTorch, a training ends at other weights, as one of "
    "another seed does."
)


def rerun_point(
    page_id: str, given: Mapping[str, Any], *, role: str, family: str, seed: int
) -> str:
    """Train the jobs of one run of a page, and no more; its scores beside the recorded ones.

    Jobs that the store holds are not trained again. Raises UserError for what the page does not
    compare, and for a failed job.
    """
    request = PageRequest(page_named(page_id), given)
    run = point_run(request, role, family, seed)
    shown, store = Progress(), Store(store_dir())
    results = runner.run(run.jobs, store, on_event=shown)
    trained, found = shown.tally.count("done"), shown.tally.count("found")
    study = request.study
    head = (
        f"{role}, {family}, seed {seed}, {study.profile.setting_name(study.world)} of "
        f"{study.profile.name}: {_jobs(trained)} trained, {found} from the store"
    )
    return "\n".join([head, *_compared(study, run, results)])


def _compared(study: "Study", run: "Run", results: Mapping[str, dict[str, Any]]) -> list[str]:
    """A line for each evaluated epoch, and one on how far these scores are from the recorded."""
    columns = ["epoch", *SCORES]
    own = study.records([run], results)[columns]
    held = read_records(study.profile.name)
    # A run that several groups share is recorded under each of them.
    held = held.loc[held["key"] == run.finetune.key, columns].drop_duplicates("epoch")
    both = own.merge(held, on="epoch", how="left", suffixes=("", " recorded"))
    return [_table(both), _difference(both)]


def _table(both: "pd.DataFrame") -> str:
    ordered = [column for score in SCORES for column in (score, f"{score} recorded")]
    names = {f"{c}{end}": f"{SCORES[c]}{end}" for c in SCORES for end in ("", " recorded")}
    shown = both[["epoch", *ordered]].rename(columns=names)
    return shown.to_string(index=False, float_format="{:.4f}".format, na_rep="-")


def _difference(both: "pd.DataFrame") -> str:
    """How far the scores are from the recorded ones, in a sentence."""
    apart = {c: (both[c] - both[f"{c} recorded"]).abs() for c in SCORES}
    largest = max(apart, key=lambda column: apart[column].max())
    size = apart[largest].max()
    if not size >= 0:  # NaN: nothing to compare with
        return UNRECORDED
    if size <= SAME:
        return "These are the recorded scores, to the last digit."
    epoch = both["epoch"].to_numpy(float)[int(apart[largest].argmax())]
    return (
        f"The largest difference from the recorded scores is {size:.4f}, in {SCORES[largest]} at "
        f"epoch {epoch:g}. {ELSEWHERE}"
    )


def _jobs(number: int) -> str:
    return f"{number} job{'' if number == 1 else 's'}"
