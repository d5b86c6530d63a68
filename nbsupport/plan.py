"""What a page, or the book, needs: jobs needed, shared, in the store, to train, and their cost."""

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from nbsupport.jobs.spec import Job
from nbsupport.jobs.store import Store
from nbsupport.pages import PAGES, groups_of, page_named, study_for
from nbsupport.study import Run


@dataclass(frozen=True)
class Plan:
    """Counts of jobs and their cost in thread-seconds (estimated from images and throughput).

    `shared` are the jobs that several runs need or, in a plan of the book, several pages.
    """

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
    profile = study_for(page_id, **parameters).profile.name
    runs = runs_of(page_id, parameters)
    return _plan(page_id, profile, runs, store, parameters=_declared(page_id, parameters))


def plan_book(profile: str, store: Store) -> list[Plan]:
    """The plan of each page at its defaults, and last of the whole book ("all pages")."""
    parameters = {"profile": profile}
    runs = {page_id: runs_of(page_id, parameters) for page_id in PAGES}
    keys = [{job.key for run in own for job in run.jobs} for own in runs.values()]
    pages = Counter(key for own in keys for key in own)
    elsewhere = {key for key, count in pages.items() if count > 1}
    plans = [
        _plan(page_id, profile, own, store, elsewhere, _declared(page_id, parameters))
        for page_id, own in runs.items()
    ]
    every = [run for own in runs.values() for run in own]
    return [*plans, _plan("all pages", profile, every, store, elsewhere)]


def _declared(page_id: str, given: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        asdict(p) | {"value": given.get(p.name, p.default)}
        for p in page_named(page_id).parameters()
    ]


def _plan(
    page: str,
    profile: str,
    runs: Iterable[Run],
    store: Store,
    elsewhere: Collection[str] = (),
    parameters: list[dict[str, Any]] | None = None,
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
        shared=sum(count > 1 or key in elsewhere for key, count in uses.items()),
        in_store=len(jobs) - len(missing),
        to_train=len(missing),
        thread_seconds=round(sum(job.cost for job in missing), 1),
        parameters=parameters or [],
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
