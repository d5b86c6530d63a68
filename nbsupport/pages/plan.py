"""What a page, or the book, needs: jobs needed, shared, in the store, to train, and their cost."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from nbsupport.errors import UserError
from nbsupport.evidence.records import missing_runs, read_records
from nbsupport.jobs import devices
from nbsupport.jobs.engines import workers_asked
from nbsupport.jobs.job import Job
from nbsupport.jobs.progress import duration
from nbsupport.jobs.schedule import in_order, makespan
from nbsupport.jobs.store import Store
from nbsupport.machine import cpu_workers
from nbsupport.pages import pages, possible_groups
from nbsupport.pages.request import PageRequest
from nbsupport.study.profiles import profile_named
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.study.study import Run, Study
from nbsupport.text import aligned
from nbsupport.training.costs import ASSUMED, note, pace_of
from nbsupport.training.families import (
    NAMES,
    SMALL_PX,
    gpu_rates,
    weights_bytes,
)

RECORDED = "the recorded study"


@dataclass(frozen=True)
class Clock:
    """What a plan takes on `slots` workers: hours, and the share of their time in which they work.

    Simulated with the order in which an engine begins jobs.
    """

    slots: int
    hours: float
    used: float


@dataclass(frozen=True)
class Plan:
    """Counts of jobs, and the cost of those to train (training, evaluation, and a start for each).

    `shared` are the jobs that several runs need or, in a plan of the book, several pages.
    `compute_seconds` are those of a GPU where the profile is meant for one (`on_gpu`), else of a
    thread. `minutes` are those on the clock of `workers`: this machine's cores, or as many GPUs as
    are asked for (None where none are). `basis` says what the estimates rest on. `disk_gb` is what
    the weights take that they leave in the store. `clock` is what it takes on so many workers.
    """

    page: str
    profile: str
    runs: int
    jobs: int
    shared: int
    in_store: int
    to_train: int
    compute_seconds: float
    on_gpu: bool
    workers: int
    minutes: float | None
    basis: str
    disk_gb: float
    parameters: list[dict[str, Any]] = field(default_factory=list)
    clock: list["Clock"] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """JSON-able."""
        return asdict(self)


def plan_book(profile: str, store: Store, slots: Sequence[int] = ()) -> list[Plan]:
    """The plan of each page at its defaults, and last of the whole book ("all pages"), of profiles
    on real images also of all that is recorded; these two with their clock on so many `slots`."""
    requests = [PageRequest(page, {"profile": profile}, nominal=True) for page in pages().values()]
    keys = [{job.key for run in request.runs for job in run.jobs} for request in requests]
    users = Counter(key for own in keys for key in own)
    elsewhere = {key for key, count in users.items() if count > 1}
    plans = [plan_page(request, store, elsewhere) for request in requests]
    every = [run for request in requests for run in request.runs]
    plans.append(_plan("all pages", profile, every, store, elsewhere, slots=slots))
    if not profile_named(profile).simulated:
        recorded, turns = _recorded_runs(profile)
        plans.append(_plan(RECORDED, profile, recorded, store, slots=slots, turns=turns))
    return plans


def measure(profile: str, store: Store) -> None:
    """Time some updates of each family here, and keep in the store how fast this machine is.

    Raises UserError where the profile is meant for a GPU and none can be used.
    """
    from nbsupport.jobs.work import one_thread
    from nbsupport.training.timing import measure_families

    chosen = profile_named(profile)
    place = devices.choose_for(chosen.px)
    if chosen.px > SMALL_PX and not place.gpus:
        raise UserError(
            f"profile {profile} is meant for a GPU, and here is none ({place.reason}): measure "
            "where one is"
        )
    store.require_writable()
    batch = recipe_named(chosen.recipes, "finetune", chosen.families[0]).batch_size
    with devices.obeyed(place), one_thread():  # as a worker has it
        measured = measure_families(NAMES, chosen.px, batch)
    note(store.root, chosen.px, batch, measured)


def _recorded_runs(profile: str) -> tuple[list[Run], dict[str, int]]:
    """Every run that the profile's records are to hold and do not yet; and the turns of their jobs,
    cell by cell as they are recorded (`building.record`)."""
    recorded, runs, cells = read_records(profile), [], []
    chosen = profile_named(profile)
    planned = ((world, block) for world in chosen.recorded for block in chosen.blocks(world))
    for world, (families, seeds) in planned:
        study = Study(profile, world=world, families=families, seeds=seeds, nominal=True)
        own = missing_runs(study.runs(possible_groups(study)[0]), recorded, world)
        runs += own
        cells += [((run.seed, world, run.family), run) for run in own]
    order = {cell: turn for turn, cell in enumerate(sorted({cell for cell, _ in cells}))}
    turns: dict[str, int] = {}
    for cell, run in sorted(cells, key=lambda pair: pair[0]):
        for job in run.jobs:
            turns.setdefault(job.key, order[cell])
    return runs, turns


def plan_page(
    request: PageRequest, store: Store, elsewhere: Collection[str] = (), slots: Sequence[int] = ()
) -> Plan:
    """The plan of one page, some of whose jobs others need as well. UserError for a wrong value."""
    declared = [asdict(p) | {"value": request.values[p.name]} for p in request.declared]
    profile = request.study.profile.name
    return _plan(request.page.id, profile, request.runs, store, elsewhere, declared, slots)


def _plan(
    page: str,
    profile: str,
    runs: Iterable[Run],
    store: Store,
    elsewhere: Collection[str] = (),
    parameters: list[dict[str, Any]] | None = None,
    slots: Sequence[int] = (),
    turns: Mapping[str, int] | None = None,
) -> Plan:
    distinct = {run.finetune.key: run for run in runs}
    uses = Counter(job.key for run in distinct.values() for job in run.jobs)
    jobs: dict[str, Job] = {job.key: job for run in distinct.values() for job in run.jobs}
    missing = [job for key, job in jobs.items() if not store.done(key)]
    px = profile_named(profile).px
    workers = workers_asked() or (0 if px > SMALL_PX else cpu_workers())
    weights = sum(weights_bytes(job.spec["family"], px) for job in missing if "family" in job.spec)
    return Plan(
        page=page,
        profile=profile,
        runs=len(distinct),
        jobs=len(jobs),
        shared=sum(count > 1 or key in elsewhere for key, count in uses.items()),
        in_store=len(jobs) - len(missing),
        to_train=len(missing),
        compute_seconds=round(sum(job.cost for job in missing), 1),
        on_gpu=px > SMALL_PX,
        workers=workers,
        minutes=round(makespan(in_order(missing), workers) / 60, 2) if workers else None,
        basis=pace_of(store.root, px).basis,
        disk_gb=round(weights / 1e9, 2),
        parameters=parameters or [],
        clock=[_clock(in_order(missing, turns), count) for count in slots],
    )


def _clock(jobs: Sequence[Job], slots: int) -> Clock:
    seconds = makespan(jobs, slots)
    work = sum(job.cost for job in jobs)
    return Clock(slots, round(seconds / 3600, 2), round(work / (seconds * slots or 1), 3))


def plan_table(plans: list[Plan]) -> str:
    """Plans as an aligned text table."""
    on_gpu = any(p.on_gpu for p in plans)
    unit, per = ("GPU-hours", 3600) if on_gpu else ("thread-seconds", 1)
    header = ["page", "runs", "jobs", "shared", "in the store", "to train", unit, "GB"]
    rows = [
        [p.page, p.runs, p.jobs, p.shared, p.in_store, p.to_train, cost, f"{p.disk_gb:,.1f}"]
        for p in plans
        for cost in [f"{p.compute_seconds / per:,.{int(on_gpu)}f}"]
    ]
    text = aligned([header, *rows], numeric=range(1, 8))
    notes = [_STUDY] if any(p.page == RECORDED for p in plans) else []
    clocks = [clock_table(plans), ""] if any(p.clock for p in plans) else []
    return "\n".join([text, "", *clocks, *notes, basis_note(plans)])


def clock_table(plans: list[Plan]) -> str:
    """What plans take on several numbers of workers, as an aligned text table."""
    unit = "GPUs" if any(p.on_gpu for p in plans) else "workers"
    header = ["on the clock", unit, "time", "of it at work"]
    rows = [
        [p.page, c.slots, duration(3600 * c.hours), f"{c.used:.0%}"] for p in plans for c in p.clock
    ]
    return aligned([header, *rows], numeric=(1, 3))


_STUDY = (
    '"all pages" is one pass through the book; "the recorded study" is all that its verdicts rest\n'
    "on, every family and seed. GB are weights; decoded pictures take more (see Get the data)."
)


def basis_note(plans: list[Plan]) -> str:
    """What the estimates rest on, and what the last plan takes on the clock of its workers."""
    whole = plans[-1]
    if whole.on_gpu:
        known = _assumed() if whole.basis == ASSUMED else f"GPU-hours rest on {whole.basis}."
        return f"{known}\n{_time(whole, 'GPU')}." if whole.workers else known
    known = f"by {whole.basis}"
    if whole.basis == ASSUMED:
        known = "if it is as fast as the one that recorded the demo (--measure finds out)"
    return f"{_time(whole, 'core')}, {known}."


def _time(plan: Plan, what: str) -> str:
    """What training takes on the clock of the plan's workers, as the beginning of a sentence."""
    where = f"{plan.workers} {what}{'s' * (plan.workers > 1)}"
    if not plan.on_gpu:
        where = f"{plan.workers} workers here" if workers_asked() else f"this machine's {where}"
    return f"Training for {plan.page} takes about {duration(60 * (plan.minutes or 0))} on {where}"


def _assumed() -> str:
    """On what the hours of a GPU rest where it was not measured."""
    return (
        "GPU-hours assume these images of 224 px a second, as an A100 trains on prepared\n"
        f"pictures: {gpu_rates()}; three times as many\n"
        "evaluated; and for small batches at least the time in which a processor starts an update."
    )


def parameter_table(plan: Plan) -> str:
    """A page's parameters as an aligned text table: name, type, value, meaning."""
    header = ["parameter", "type", "value", "meaning"]
    rows = [[p["name"], p["type"], p["value"], p["meaning"]] for p in plan.parameters]
    return aligned([header, *rows])
