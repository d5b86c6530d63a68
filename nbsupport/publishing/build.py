"""From a profile to a rendered book, and from one page with other parameters to its own folder."""

import hashlib
import json
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from nbsupport.analysis import claims
from nbsupport.jobs import engines
from nbsupport.jobs.progress import Progress
from nbsupport.jobs.store import Store
from nbsupport.ledger import ledger_paths
from nbsupport.pages import PAGES, page_named, study_for
from nbsupport.parameters import check_parameters
from nbsupport.paths import root, store_dir
from nbsupport.plan import runs_of
from nbsupport.profiles import profile_named
from nbsupport.publishing import page_beside
from nbsupport.publishing.book_settings import check_book
from nbsupport.publishing.execute import ExecutedPage, execute_pages, raise_failures, read_sources
from nbsupport.publishing.outputs import claimed, require_writable, writing
from nbsupport.publishing.render import BUNDLE, render, render_page
from nbsupport.records import evidence_profile, records_path
from nbsupport.study import Run, Study

# A page may show what any module computes or prints. Not these, which render what is executed.
_RENDERING = (
    "cli.py",
    "commands/*",
    "publishing/build.py",
    "publishing/render.py",
    "publishing/book_settings.py",
    "publishing/catalogue_tables.py",
    "publishing/freshness.py",
    "publishing/links.py",
    "publishing/mathml.py",
    "publishing/outputs.py",
    "publishing/reference.py",
    "publishing/serve.py",
    "publishing/vega.py",
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
    engines.run([job for run in runs for job in run.jobs], Store(store_dir()), on_event=shown)
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
        for recorded in (records_path(name), *account):
            digest.update(recorded.read_bytes() if recorded.exists() else b"none")
    digest.update(page_beside.page_digest(page_id, study.profile.name).encode())
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
