"""What a page, or the book, needs: jobs needed, shared, in the store, to train, and their cost."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from nbsupport.jobs.spec import Job
from nbsupport.jobs.store import Store
from nbsupport.pages import PAGES, groups_of, page_named, study_for
from nbsupport.study import Run


@dataclass(frozen=True)
class Plan:
    """Counts of jobs and their cost in thread-seconds (estimated from images and throughput)."""

    page: str
    profile: str
    runs: int
    jobs: int
    shared: int
    in_store: int
    to_train: int
    thread_seconds: float
    parameters: list[dict[str, Any]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def runs_of(page_id: str, parameters: dict[str, Any]) -> list[Run]:
    """Every run that a page needs under these parameters; nothing is trained."""
    study = study_for(page_id, **parameters)
    return study.runs(groups_of(page_id, study, **parameters))


def plan_page(page_id: str, parameters: dict[str, Any], store: Store) -> Plan:
    """The plan of one page. UserError for an unknown page or a wrong parameter."""
    page = page_named(page_id)
    declared = [asdict(p) | {"value": parameters.get(p.name, p.default)} for p in page.parameters()]
    profile = study_for(page_id, **parameters).profile.name
    return _plan(page_id, profile, runs_of(page_id, parameters), store, declared)


def plan_book(profile: str, store: Store) -> list[Plan]:
    """The plan of each page at its defaults, and last of the whole book ("all pages")."""
    parameters = {"profile": profile}
    plans = [plan_page(page_id, parameters, store) for page_id in PAGES]
    runs = [run for page_id in PAGES for run in runs_of(page_id, parameters)]
    return [*plans, _plan("all pages", profile, runs, store, [])]


def _plan(
    page: str, profile: str, runs: Iterable[Run], store: Store, parameters: list[dict[str, Any]]
) -> Plan:
    distinct = {run.finetune.key: run for run in runs}
    uses = Counter(job.key for run in distinct.values() for job in run.jobs)
    jobs: dict[str, Job] = {job.key: job for run in distinct.values() for job in run.jobs}
    missing = [job for key, job in jobs.items() if not store.done(key)]
    return Plan(
        page=page,
        profile=profile,
        runs=len(distinct),
        jobs=len(jobs),
        shared=sum(count > 1 for count in uses.values()),
        in_store=len(jobs) - len(missing),
        to_train=len(missing),
        thread_seconds=round(sum(job.cost for job in missing), 1),
        parameters=parameters,
    )


def plan_table(plans: list[Plan]) -> str:
    """Plans as an aligned text table."""
    header = ["page", "runs", "jobs", "shared", "in the store", "to train", "thread-seconds"]
    rows = [
        [p.page, p.runs, p.jobs, p.shared, p.in_store, p.to_train, f"{p.thread_seconds:,.0f}"]
        for p in plans
    ]
    return aligned([header, *rows], numeric=range(1, 7))


def parameter_table(plan: Plan) -> str:
    """A page's parameters as an aligned text table: name, type, value, meaning."""
    header = ["parameter", "type", "value", "meaning"]
    rows = [[p["name"], p["type"], p["value"], p["meaning"]] for p in plan.parameters]
    return aligned([header, *rows])


def aligned(rows: list[list[Any]], numeric: Iterable[int] = ()) -> str:
    """Rows of cells in columns of equal width, the first row underlined."""
    right = set(numeric)
    cells = [[str(cell) for cell in row] for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(len(cells[0]))]

    def line(row: list[str]) -> str:
        padded = (
            c.rjust(w) if i in right else c.ljust(w)
            for i, (c, w) in enumerate(zip(row, widths, strict=True))
        )
        return "  ".join(padded).rstrip()

    return "\n".join([line(cells[0]), "  ".join("-" * w for w in widths), *map(line, cells[1:])])
