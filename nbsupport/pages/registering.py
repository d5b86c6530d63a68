"""Registering a page: its statements, groups, runs and rule, before the first training."""

import json
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from nbsupport.analysis import claims
from nbsupport.analysis.contrasts import MARGIN
from nbsupport.analysis.statistics import ENOUGH
from nbsupport.errors import UserError
from nbsupport.evidence.records import read_records
from nbsupport.evidence.registration import Registration, compared, read_registration
from nbsupport.evidence.sealed import now
from nbsupport.jobs.store import Store
from nbsupport.pages.request import PageRequest
from nbsupport.study.study import Study

RECORDED = "not asked: these are recorded runs"
NOT = "no: nothing fixed the statement before these runs"


def registration_of(request: PageRequest, store: Store) -> Registration:
    """What would be registered of a page under its values now; nothing is written.

    Raises UserError where the page claims nothing, or its question names a group that it lacks.
    """
    if request.recorded_only:
        raise UserError("results=recorded shows what is there: register what is to be trained")
    profile = request.study.profile.name
    keys = tuple(dict.fromkeys(run.finetune.key for run in request.runs))
    recorded = set(read_records(profile)["key"])
    return Registration(
        page=request.page.id,
        profile=profile,
        made=now(),
        statements=tuple(statements(request)),
        rule=rule(request),
        parameters=_plain(request.values),
        groups=tuple(group.role for group in request.groups),
        runs=keys,
        done=sum(store.done(key) for key in keys),
        recorded=sum(key in recorded for key in keys),
    )


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    """The values as JSON gives them back, so that they are the same when read again."""
    plain: dict[str, Any] = json.loads(json.dumps(values))
    return plain


def statements(request: PageRequest) -> list[str]:
    """What a page claims: its own question, or the paper's claims that it settles."""
    asked, known = request.page.question, claims.load()
    if asked is None:
        texts = [known[claim_id].text for claim_id in request.page.claims]
        if not texts:
            raise UserError(
                f"page {request.page.id} claims nothing, so there is nothing to register: a page "
                "of your own has a question (`nbsupport new page NAME`)"
            )
        return texts
    roles = {group.role for group in request.groups}
    for role in (asked.a, asked.over):
        if role not in roles:
            raise UserError(
                f"page {request.page.id}: its question is about the group {role}, and its groups "
                f"are {', '.join(sorted(roles))}: name one of them in QUESTION"
            )
    return [asked.statement]


def rule(request: PageRequest) -> str:
    """How the page is judged, in sentences."""
    study, asked = request.study, request.page.question
    cells = families_by_seeds(study)
    what = "each claim as claims.toml says"
    if asked is not None:
        what = f"{asked.a} {'over' if asked.kind == 'higher' else 'as high as'} {asked.over}"
    return (
        f"Judged once, when all runs are done ({cells}): {what}, by the difference in effective "
        f"robustness, paired in cells, with a 95 % jackknife interval and a margin of {MARGIN:g} "
        f"of the gap ({request.values.get('axis', 'linear')} axes). A verdict takes as much "
        f"as {ENOUGH} families of {ENOUGH} seeds each say; with less it only leans."
    )


def families_by_seeds(study: Study) -> str:
    """ "3 families x 1 seed"."""
    families, seeds = len(study.families), len(study.seeds)
    named = "family" if families == 1 else "families"
    return f"{families} {named} x {seeds} seed{'s' * (seeds != 1)}"


# on the page --------------------------------------------------------------------------------------
def said_of(request: PageRequest) -> str:
    """Whether what a page shows now was registered, when, and before or after its runs."""
    study = request.study
    if request.recorded_only:
        return RECORDED
    try:
        registered = read_registration(study.profile.name, request.page.id)
    except UserError as error:
        return f"no: {error}"
    if registered is None:
        return NOT
    keys = {run.finetune.key for run in request.runs}
    told = compared(registered, keys, _finished(study.store, keys & set(registered.runs)))
    if list(registered.statements) != statements(request):
        told += (
            f" The statement has changed since; registered was: {' '.join(registered.statements)}"
        )
    if registered.rule != rule(request):
        told += f" The rule has changed since; registered was: {registered.rule}"
    return told


def note_of(request: PageRequest) -> str:
    """The same for a page of the book, "" where nobody registered it."""
    told = said_of(request)
    return "" if told in (NOT, RECORDED) else f"Registered {told}"


def _finished(store: Store, keys: Iterable[str]) -> list[str]:
    """When runs were done, as far as the store knows."""
    found = []
    for key in filter(store.done, keys):
        with suppress(OSError, ValueError, KeyError):
            found.append(str(store.record(key)["finished"]))
    return found
