"""What a page's output depends on, apart from its notebook and its parameters.

A page is executed again when its key changes. The key holds the code of the page: its own module
with all that this imports, what every page uses, and the modules of the sources and tasks that the
page names. Trained models are in it by the keys of their jobs.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import asdict, replace
from functools import cache
from pathlib import Path

from nbsupport.analysis import claims
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import NotHereError
from nbsupport.evidence import recorded
from nbsupport.evidence.ledger import ledger_paths
from nbsupport.evidence.published.models import models_path
from nbsupport.evidence.published.verdicts import published_claims
from nbsupport.evidence.records import evidence_profile, records_path
from nbsupport.evidence.registration import registration_path
from nbsupport.imports import imported_in, module_file, reached
from nbsupport.pages.citation import FILE
from nbsupport.pages.page import no_groups
from nbsupport.pages.request import PageRequest
from nbsupport.paths import root
from nbsupport.study.profiles import profile_named

BEHIND = ("nbsupport.pages.open_page", "nbsupport.building.execute_one")  # behind every page
# Not followed from just anywhere: a page shows of these what its groups, its own module or its
# notebook name. What jobs compute with them is in the jobs' keys.
DATA = ("nbsupport.data", "nbsupport.savanna")
PROFILES = "nbsupport.study.profiles"
APART = (*DATA, PROFILES, "nbsupport.training", "nbsupport.cli")
CALIBRATION, LEDGER = "nbsupport.display.calibration", "nbsupport.pages.claims"
CITATION = "nbsupport.pages.citation"
PUBLISHED = "nbsupport.evidence.published.models"
PUBLISHED_TABLES = "nbsupport/evidence/published/*.toml"  # sources and claims


def page_key(request: PageRequest) -> str:
    """64 hex digits for all that the page of this request can show."""
    digest = hashlib.sha256()
    for part in (*_runs(request), *_claims(request), *_files(request), *_profile(request)):
        digest.update(f"{part}\n".encode())
    digest.update(real_digest(request).encode())
    return digest.hexdigest()


def _runs(request: PageRequest) -> Iterator[str]:
    for run in request.runs:
        yield f"{run.group.role}:{run.group.label}:{run.finetune.key}"


def _claims(request: PageRequest) -> Iterator[str]:
    """The page's claims; all controls, where it has their groups; all claims, on the whole book."""
    page = request.page
    controls = page.beside is not no_groups
    for claim in claims.load().values():
        if page.whole_book or claim.page == page.id or (controls and claim.control):
            yield json.dumps(asdict(claim), sort_keys=True, default=str)


def _profile(request: PageRequest) -> Iterator[str]:
    """The numbers of the page's profile; its notes count where a page imports its module."""
    yield repr(replace(request.study.profile, notes={}, meaning=""))


def _files(request: PageRequest) -> Iterator[str]:
    """Hashes of code, of records, and of what else the page reads."""
    modules, name = shown_modules(request), request.study.profile.name
    paths = [*modules.values()]
    if CALIBRATION in modules:
        paths += sorted((root() / "records").glob("calibration*.csv"))
    if CITATION in modules:
        paths.append(root() / FILE)
    if _shows_published(request):
        paths += [models_path(), *sorted(root().glob(PUBLISHED_TABLES))]
    paths.append(registration_path(name, request.page.id))
    for profile in dict.fromkeys((name, evidence_profile(name))):
        paths.append(records_path(profile))
        if LEDGER in modules:  # how records were made
            paths.append(ledger_paths(profile)[1])
    for path in paths:
        written = path.stat().st_mtime_ns if path.exists() else 0
        yield f"{path.parent.name}/{path.name}:{_hash(path, written)}"


def _shows_published(request: PageRequest) -> bool:
    """Whether a page shows what published models say: on one of its claims, on all, or by what it
    imports itself. `open_page`, which every page has, says it on claims alone."""
    page = request.page
    if page.whole_book or not published_claims().keys().isdisjoint(page.claims):
        return True
    apart = (*APART, *BEHIND)
    return PUBLISHED in reached(page.module, *_named(request), follow=lambda n: not _in(n, apart))


@cache
def _hash(path: Path, written: int) -> str:
    """`written` is when the file was, so that an edit is seen in a process that goes on."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if written else "none"


# code ---------------------------------------------------------------------------------------------
def shown_modules(request: PageRequest) -> dict[str, Path]:
    """Dotted name -> file of the modules whose code the page can show."""
    page, own = request.page, _named(request)
    followed = reached(*BEHIND, page.module, *own, follow=lambda n: not _in(n, APART))
    apart = [name for name in own if _in(name, APART) and name != PROFILES]
    profiles = [PROFILES] if f"{PROFILES}.PROFILES" in own else []  # all of them, not its own alone
    named = reached(
        *apart, *_sources(request), *_tasks(request), follow=lambda n: _in(n, DATA) or n in apart
    )
    return followed | named | reached(*profiles, follow=lambda n: _in(n, (PROFILES,)))


def _named(request: PageRequest) -> list[str]:
    """What the page's own module and its notebook import."""
    return sorted(set().union(*map(imported_in, _own_code(request))))


def _own_code(request: PageRequest) -> list[str]:
    module = module_file(request.page.module)
    assert module is not None
    return [module.read_text(encoding="utf-8"), *(cell.code for cell in request.cells)]


def _sources(request: PageRequest) -> set[str]:
    """The modules of the sources that the groups are drawn from, or that the page shows itself."""
    study, (module, *cells) = request.study, _own_code(request)
    subsets = [group.subset for group in request.groups]
    for kind in (kind.replace("-", "_") for kind in study.profile.sources):
        if re.search(rf"study\.{kind}\b", module) or re.search(rf"\b{kind}\b", "\n".join(cells)):
            with suppress(NotHereError):  # the page says so, too
                subsets.append(getattr(study, kind, None))
    shown = (subset for subset in subsets if isinstance(subset, Subset))
    return {type(subset.source).__module__ for subset in shown}


def _tasks(request: PageRequest) -> set[str]:
    study = request.study
    tasks = [study.task, *(study.task_of(group) for group in request.groups if group.task)]
    return {type(task).__module__ for task in tasks}


def _in(name: str, packages: Iterable[str]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


# runs on real images ------------------------------------------------------------------------------
def shown_roles(request: PageRequest) -> set[str] | None:
    """The roles whose runs on real images a page shows; None: it shows none of any.

    These are the page's own groups at its defaults, whatever its parameters are now.
    """
    page, name = request.page, evidence_profile(request.study.profile.name)
    if page.whole_book:
        every = {role for claim in claims.load().values() for role in claim.roles}
        return every.union(
            *(other.records["role"] for other in recorded.beside(profile_named(name)))
        )
    if not page.claims:
        return None
    named = {role for claim_id in page.claims for role in claims.load()[claim_id].roles}
    return {group.role for group in request.at_defaults(name).groups} | named


def real_digest(request: PageRequest) -> str:
    """A hash of the records on real images that a page shows; nothing where it shows none."""
    roles = shown_roles(request)
    if roles is None:
        return ""
    profile = profile_named(evidence_profile(request.study.profile.name))
    return "".join(other.digest(roles) for other in recorded.beside(profile))
