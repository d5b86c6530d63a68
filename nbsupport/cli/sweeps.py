"""Runs as text: how far each is, what it does at this moment, what has failed in it."""

import time
from typing import Any

from nbsupport.errors import short
from nbsupport.jobs.progress import duration
from nbsupport.jobs.store import Store
from nbsupport.jobs.sweep import SILENT, last_line, sweeps
from nbsupport.text import aligned

RUNNING = 40  # jobs of a run that are shown
FAILED = 10
LABEL = 70  # letters of a label, of an error


def shown(store: Store) -> str:
    """Every run that has not ended, else the one that began last."""
    told = sweeps(store)
    if not told:
        return f"nothing has trained into {store.root} yet"
    going = [one for one in told if not one["ended"]]
    lively = [one for one in going if time.time() - one["told"] < SILENT]
    return "\n\n".join(_run(store, one) for one in lively or going[:1] or told[:1])


def _run(store: Store, told: dict[str, Any]) -> str:
    parts = [_head(told), _counts(told)]
    if told["running"] and not told["ended"]:
        parts.append(_running(told["running"]))
    parts += [_failure(store, failure) for failure in told["failures"][-FAILED:]]
    if more := len(told["failures"]) - FAILED:
        parts += [f"and {more} more failed: `jobs` lists them"] if more > 0 else []
    return "\n".join(parts)


def _head(told: dict[str, Any]) -> str:
    place = f"{told['machine']}, process {told['process']}"
    ago = time.time() - told["told"]
    if told["ended"]:
        return f"{place}: ended {duration(ago)} ago, after {duration(told['told'] - told['began'])}"
    if ago >= SILENT:
        return f"{place}: no word for {duration(ago)}; it was killed, or its disk is slow"
    where = f", {told['where']}" if told["where"] else ""
    return f"{place}: for {duration(told['told'] - told['began'])}{where}"


def _counts(told: dict[str, Any]) -> str:
    parts = [f"{told['done'] + told['found']} of {told['total']} jobs done"]
    parts.append(f"{told['found']} of them from the store")
    for kind in ("failed", "skipped"):
        if told[kind]:
            parts.append(f"{told[kind]} {kind}")
    if not told["ended"]:
        parts.append(f"{len(told['running'])} running")
        if told["left_seconds"] is not None:
            parts.append(f"about {duration(told['left_seconds'])} left")
    if (speed := told["images_per_second"]) is not None:
        parts.append(f"{speed:,.0f} images a second and worker")
    return ", ".join(parts)


def _running(jobs: list[dict[str, Any]]) -> str:
    rows = [
        [
            job["job"][:12],
            f"{job['epoch']} of {job['epochs']}" if job["epochs"] else "",
            "" if job["loss"] is None else f"{job['loss']:.4g}",
            duration(job["seconds"]),
            short(job["label"], LABEL),
        ]
        for job in jobs[:RUNNING]
    ]
    table = aligned([["running", "epoch", "loss", "for", "what"], *rows], numeric=(1, 2, 3))
    more = len(jobs) - RUNNING
    return f"{table}\nand {more} more" if more > 0 else table


def _failure(store: Store, failure: dict[str, Any]) -> str:
    line = last_line(store, failure) or failure["error"]
    return f"failed: {failure['job'][:12]} {short(failure['label'], LABEL)}: {short(line, LABEL)}"
