"""From a profile to a rendered book, and from one page with other parameters to its own folder."""

import hashlib
import json
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from nbsupport.building.book_settings import check_book
from nbsupport.building.editions import FULL, edition_named
from nbsupport.building.execute import ExecutedPage, execute_pages, raise_failures, read_sources
from nbsupport.building.outputs import claimed, require_writable, writing
from nbsupport.building.page_key import page_key
from nbsupport.building.plain_twin import TWIN, twin
from nbsupport.building.render import BUNDLE, render, render_page
from nbsupport.building.share_picture import SHARE_PICTURE, write_share_picture
from nbsupport.data.pictures.listings import write_text
from nbsupport.jobs import runner
from nbsupport.jobs.progress import Progress
from nbsupport.jobs.store import Store
from nbsupport.machine import cpu_count
from nbsupport.pages import page_named, pages
from nbsupport.pages.request import PageRequest
from nbsupport.paths import root, store_dir
from nbsupport.study.profiles import profile_named

MOST = 6  # pages at a time, where each takes a core and 0.3 GB


def build_book(profile: str, results: str = "live", edition: str = FULL) -> str:
    """Train what the pages need, execute them, render the book; the closing line.

    results: "live", or "recorded" to show committed records alone, which trains nothing and takes
    no PyTorch. edition: "full", or "student", which has no solutions.

    Raises UserError for an unknown profile or edition, settings that cannot be read, a folder that
    cannot be written, a failed job, a failed page, a warning of the renderer.
    """
    began = time.monotonic()
    edition = edition_named(edition)
    given = {"profile": profile_named(profile).name, "results": results}
    recorded = results == "recorded"
    sections = root() / "book" / "sections"
    with writing():
        check_book()
        texts = read_sources(list(pages()))
        require_writable(sections, root() / "_build", (root() / BUNDLE).parent)
        requests = {page.id: PageRequest(page, given) for page in pages().values()}
        trained, found = train(requests.values())
        with claimed(sections, f"build --profile {profile}"):
            done = execute_pages(
                texts,
                given,
                sections,
                page_key=_keys(requests),
                workers=_at_a_time(recorded),
                warm=True,
                kept=recorded,
                on_event=_say,
            )
            first = _rendered(done, given["profile"], edition)
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    told = "from the records" if recorded else _jobs(trained, found)
    which = "book" if edition == FULL else f"{edition} edition"
    return f"The {which} is at {first} ({minutes} min {seconds:02d} s; {told})"


def rerun_page(page_id: str, given: Mapping[str, Any]) -> str:
    """One page with other parameters, in a folder of its own below `rerun/`; the closing line.

    Raises UserError as `build_book` does.
    """
    request = PageRequest(page_named(page_id), given)
    values = {name: request.values[name] for name in given}
    name = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()[:10]
    folder = root() / "rerun" / f"{page_id}-{name}"
    with writing():
        check_book()
        texts = read_sources([page_id])
        require_writable(folder, (root() / BUNDLE).parent)
        trained, found = train([request])
        values = {"profile": request.study.profile.name, **values}
        with claimed(folder, f"run {page_id} with the same parameters"):
            keys = _keys({page_id: request})
            done = execute_pages(texts, values, folder, page_key=keys, on_event=_say)
            try:
                html = render_page(done[0].path, folder)
            finally:
                raise_failures(done)
    return f"The page is at {html} ({_jobs(trained, found)})"


def train(requests: Iterable[PageRequest]) -> tuple[int, int]:
    """Train the union of these pages' jobs in one pool: how many were trained, how many found."""
    runs = [run for request in requests for run in request.runs]
    if not runs:
        return 0, 0
    shown = Progress()
    runner.run([job for run in runs for job in run.jobs], Store(store_dir()), on_event=shown)
    return shown.tally.count("done"), shown.tally.count("found")


def _rendered(done: Sequence[ExecutedPage], profile: str, edition: str) -> Path:
    """Render the book, a page that failed as well, for its reader finds the error in a box. The
    claims are judged for the plain text while the renderer, another process, works."""
    with ThreadPoolExecutor(1) as beside:
        plain = beside.submit(twin, profile, edition)
        try:
            _share(done, profile)
            first = render(edition=edition)
        finally:
            raise_failures(done)
        write_text(first.parent / TWIN, plain.result())
    return first


def _share(done: Iterable[ExecutedPage], profile: str) -> None:
    """The picture that links to the book are shown with, made again when its first page is."""
    path = root() / SHARE_PICTURE
    if not path.is_file() or any(page.executed for page in done if page.page == "index"):
        write_share_picture(path, profile)


def _at_a_time(recorded: bool) -> int:
    """Pages at a time: pages that train nothing use all cores of a laptop."""
    return max(2, min(MOST, cpu_count())) if recorded else 2


def _keys(requests: Mapping[str, PageRequest]) -> Callable[[str], str]:
    return lambda page_id: page_key(requests[page_id])


def _jobs(trained: int, found: int) -> str:
    return f"{trained:,} job{'' if trained == 1 else 's'} trained, {found:,} from the store"


def _say(page: ExecutedPage) -> None:
    what = "failed" if page.error else "executed" if page.executed else "unchanged"
    print(f"{page.page}: {what} ({page.seconds:.0f} s)", file=sys.stderr, flush=True)
