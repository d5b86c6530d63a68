"""From a profile to a rendered book, and from one page with other parameters to its own folder."""

import hashlib
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.analysis import claims
from nbsupport.building.book_settings import check_book
from nbsupport.building.execute import ExecutedPage, execute_pages, raise_failures, read_sources
from nbsupport.building.outputs import claimed, require_writable, writing
from nbsupport.building.render import BUNDLE, render, render_page
from nbsupport.evidence import recorded
from nbsupport.evidence.ledger import ledger_paths
from nbsupport.evidence.records import evidence_profile, records_path
from nbsupport.jobs import runner
from nbsupport.jobs.progress import Progress
from nbsupport.jobs.store import Store
from nbsupport.pages import PAGES, groups_of, page_named, study_for
from nbsupport.pages.plan import runs_of
from nbsupport.parameters import check_parameters
from nbsupport.paths import root, store_dir
from nbsupport.study.profiles import PROFILES, profile_named
from nbsupport.study.study import Run, Study

if TYPE_CHECKING:
    pass
from nbsupport.display.tabs_of_runs import evidence

# A page may show what any module computes or prints. Not these, which render what is executed.
_RENDERING = (
    "cli/*",
    "building/build.py",
    "building/render.py",
    "building/book_settings.py",
    "building/links.py",
    "building/outputs.py",
    "building/serve.py",
    "building/vega.py",
    "building/sphinx/*",
)


def build_book(profile: str) -> str:
    """Train what the pages need, execute them, render the book; the closing line.

    Raises UserError for an unknown profile, settings that cannot be read, a folder that cannot be
    written, a failed job, a failed page, a warning of the renderer.
    """
    began = time.monotonic()
    parameters = {"profile": profile_named(profile).name}
    sections = root() / "book" / "sections"
    with writing():
        check_book()
        read_sources(list(PAGES))
        require_writable(sections, root() / "_build", (root() / BUNDLE).parent)
        trained, found = train(dict.fromkeys(PAGES, parameters))
        with claimed(sections, f"build --profile {profile}"):
            pages = execute_pages(list(PAGES), profile, page_key=page_key, on_event=_say)
            try:
                first = render()  # a failed page as well: the reader finds its error in a box
            finally:
                raise_failures(pages)
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    return f"The book is at {first} ({minutes} min {seconds:02d} s; {_jobs(trained, found)})"


def rerun_page(page_id: str, given: Mapping[str, Any]) -> str:
    """One page with other parameters, in a folder of its own below `rerun/`; the closing line.

    Raises UserError as `build_book` does.
    """
    page = page_named(page_id)
    values = check_parameters(page.parameters(), dict(given))
    name = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]
    folder = root() / "rerun" / f"{page_id}-{name}"
    with writing():
        check_book()
        read_sources([page_id])
        require_writable(folder, (root() / BUNDLE).parent)
        trained, found = train({page_id: values})
        profile = values.get("profile", "demo")
        with claimed(folder, f"run {page_id} with the same parameters"):
            done = execute_pages(
                [page_id], profile, values, folder, page_key=page_key, on_event=_say
            )
            try:
                html = render_page(done[0].path, folder)
            finally:
                raise_failures(done)
    return f"The page is at {html} ({_jobs(trained, found)})"


def train(pages: Mapping[str, Mapping[str, Any]]) -> tuple[int, int]:
    """Train the union of these pages' jobs in one pool: how many were trained, how many found."""
    runs = [run for page_id, given in pages.items() for run in runs_of(page_id, dict(given))]
    if not runs:
        return 0, 0
    shown = Progress()
    runner.run([job for run in runs for job in run.jobs], Store(store_dir()), on_event=shown)
    return shown.tally.count("done"), shown.tally.count("found")


def _jobs(trained: int, found: int) -> str:
    return f"{trained:,} job{'' if trained == 1 else 's'} trained, {found:,} from the store"


def page_key(page_id: str, parameters: Mapping[str, Any]) -> str:
    """What a page's output depends on beside its notebook: runs, records, analysis, claims."""
    given = dict(parameters)
    page = page_named(page_id)
    study: Study = study_for(page_id, **given)
    runs: list[Run] = runs_of(page_id, given)
    known = claims.load()
    digest = hashlib.sha256()
    for run in runs:
        digest.update(f"{run.group.role}:{run.finetune.key}\n".encode())
    for claim_id in page.claims or known:  # a page without claims of its own may show any
        digest.update(json.dumps(asdict(known[claim_id]), sort_keys=True, default=str).encode())
    for path in (*_code(), *([] if page.claims else _attempts())):
        digest.update(path.read_bytes())
    for name in dict.fromkeys((study.profile.name, evidence_profile(study.profile.name))):
        account = [ledger_paths(name)[1]] if page_id == "claims" else []  # how records were made
        for path in (records_path(name), *account):
            digest.update(path.read_bytes() if path.exists() else b"none")
    digest.update(page_digest(page_id, study.profile.name).encode())
    return digest.hexdigest()


def _code() -> list[Path]:
    package = root() / "nbsupport"
    left_out = {path for pattern in _RENDERING for path in package.glob(pattern)}
    return sorted(set(package.rglob("*.py")) - left_out)


def _attempts() -> list[Path]:
    """What calibrations tried: pages without claims of their own print it."""
    return sorted((root() / "records").glob("calibration*.csv"))


def _say(page: ExecutedPage) -> None:
    what = "failed" if page.error else "executed" if page.executed else "unchanged"
    print(f"{page.page}: {what} ({page.seconds:.0f} s)", file=sys.stderr, flush=True)


# Pages that show every recorded run, whatever their own groups are.
WHOLE_BOOK = ("index", "01_introduction", "06_discussion", "claims")


def shown_roles(page_id: str, profile: str) -> set[str] | None:
    """The roles whose runs on real images a page shows; None: it shows none of any.

    These are the page's own groups at its defaults, whatever its parameters are now.
    """
    page, name = PAGES[page_id], evidence(profile).name
    if page_id in WHOLE_BOOK:
        every = {role for claim in claims.load().values() for role in claim.roles}
        return every.union(*(beside_.records["role"] for beside_ in recorded.of(PROFILES[name])))
    if not page.claims:
        return None
    groups = groups_of(page_id, study_for(page_id, profile=name))
    named = {role for claim_id in page.claims for role in claims.load()[claim_id].roles}
    return {group.role for group in groups} | named


def page_digest(page_id: str, profile: str) -> str:
    """A hash of the records on real images that a page shows; nothing where it shows none."""
    roles = shown_roles(page_id, profile)
    if roles is None:
        return ""
    return "".join(other.digest(roles) for other in recorded.of(evidence(profile)))
