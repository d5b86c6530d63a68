"""What a machine is and what it can do for the book, in words for who has just come to it.

Each fact is a name and a text; what stands in the way of a build is a problem, and comes last.
"""

import os
import platform
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass, field

from nbsupport.errors import UserError
from nbsupport.evidence.digits import Digits, compared, digits_path, read_digits, train_digits
from nbsupport.evidence.records import read_records, records_path
from nbsupport.evidence.sums import sums_path
from nbsupport.machine import cpu_count, portable, processor
from nbsupport.paths import data_dir, store_dir
from nbsupport.reading import shown
from nbsupport.study.profiles import PROFILES

ENOUGH_MEMORY, ENOUGH_DISK = 2e9, 2e9  # bytes: two workers of the demo; its store with some room
# What makes the libraries choose other instructions than they would, and so round otherwise.
SWITCHES = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "MKL_CBWR")
WRITE = "`nbsupport doctor --write` notes them"


@dataclass
class Findings:
    """What was found, under headings; and what is broken, a line each."""

    facts: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, heading: str, facts: Iterable[tuple[str, str]]) -> None:
        """Put facts under a heading."""
        self.facts.setdefault(heading, []).extend(facts)


def examine(*, train: bool = True) -> tuple[Findings, Digits | None]:
    """Look at this machine; the findings, and the digits that were trained here for some seconds.

    Raises nothing for what is wrong: that is among the problems.
    """
    found = Findings()
    for look in (_machine, _software, _data, _records):
        look(found)
    if not train or found.problems:
        return found, None
    return found, _training(found)


def _machine(found: Findings) -> None:
    import torch

    from nbsupport.data.loading.memory import memory

    free, every = memory(torch.device("cpu"))
    gpu = torch.cuda.get_device_name() if torch.cuda.is_available() else "none, and none is needed"
    facts = [
        ("processor", processor() or "not named by this system"),
        ("instructions", f"{torch.backends.cpu.get_cpu_capability()} (what PyTorch uses of it)"),
        ("cores", f"{cpu_count()} for this process; a training takes one, so many run at once"),
        ("GPU", gpu),
        ("memory", f"{free / 1e9:.1f} GB free of {every / 1e9:.1f} GB"),
    ]
    found.add("This machine", facts)
    if free < ENOUGH_MEMORY:
        found.problems.append(
            f"{free / 1e9:.1f} GB of memory are free: the demo needs {ENOUGH_MEMORY / 1e9:g} GB"
        )
    _disk(found)


def _disk(found: Findings) -> None:
    try:
        store = store_dir()
    except UserError as error:
        found.problems.append(str(error))
        return
    there = next(folder for folder in (store, *store.parents) if folder.is_dir())
    free = shutil.disk_usage(there).free
    found.add("This machine", [("disk", f"{free / 1e9:.1f} GB free for trained jobs, in {store}")])
    if not os.access(there, os.W_OK):
        found.problems.append(f"nothing can be written in {there}: set NBSUPPORT_STORE to a folder")
    if free < ENOUGH_DISK:
        found.problems.append(
            f"{free / 1e9:.1f} GB of disk are free for the store: make room, or set NBSUPPORT_STORE"
        )


def _software(found: Findings) -> None:
    import torch

    threads = os.environ.get("NBSUPPORT_THREADS", "1")
    switches = [f"{name}={os.environ[name]}" for name in SWITCHES if name in os.environ]
    facts = [
        ("Python", platform.python_version()),
        ("PyTorch", str(torch.__version__)),
        ("threads", f"{threads} for each training: scores do not depend on how many run at once"),
        ("mode", _mode(switches)),
    ]
    found.add("Software", facts)


def _mode(switches: list[str]) -> str:
    """How the libraries choose their code, and so how sums are rounded."""
    if portable():
        return "portable: the same code on every x86 processor with AVX2 (NBSUPPORT_PORTABLE=1)"
    return ", ".join(switches) or "as the processor allows: no variable changes that"


def _data(found: Findings) -> None:
    from nbsupport.data.catalogue import entries
    from nbsupport.data.checks import state

    found.add(
        "Data", [("simulated", "drawn here when they are needed: the demo downloads nothing")]
    )
    folder = data_dir()
    if folder is None or not folder.is_dir():
        why = "is not set" if folder is None else f"is no folder ({folder})"
        found.add("Data", [("real images", f"not looked for, as NBSUPPORT_DATA {why}")])
        return
    states = {entry.name: state(entry, folder) for entry in entries().values()}
    here = [name for name, text in states.items() if text.startswith("here")]
    found.add("Data", [("real images", f"in {folder}: {', '.join(here) or 'none of those known'}")])
    broken = [(name, text) for name, text in states.items() if text.startswith("not whole")]
    found.add("Data", broken)


def _records(found: Findings) -> None:
    recorded = [name for name, profile in PROFILES.items() if profile.evidence]
    for name in recorded:
        path = records_path(name)
        if not path.exists():
            continue
        try:
            rows = len(read_records(name))
        except UserError as error:
            found.problems.append(str(error))
            continue
        sums = "as they were recorded" if sums_path(path).exists() else "without checksums"
        found.add("Records", [(name, f"{rows:,} rows in {shown(path)}, {sums}")])


# a training ---------------------------------------------------------------------------------------
def _training(found: Findings) -> Digits | None:
    import torch

    if torch.cuda.is_available():
        why = "not compared: a GPU's sums have no fixed order"
        found.add("A short training", [("digits", why)])
        return None
    began = time.monotonic()
    try:
        own, noted = train_digits(), read_digits()
    except UserError as error:
        found.problems.append(str(error))
        return None
    seconds = time.monotonic() - began
    made = f"{len(own.found)} small networks in {seconds:.0f} seconds"
    found.add("A short training", [("trained", made), ("digits", _judged(own, noted, found))])
    return own


def _judged(own: Digits, noted: list[Digits], found: Findings) -> str:
    """How the digits of this machine compare with those that are committed."""
    others = list(compared(own, noted))
    for digits, _ in others:
        if digits.place == own.place:
            return _same_kind(own, digits, found)
    if not others:
        what = "the trainings have changed since" if noted else "none are committed"
        return f"nothing to compare with: {what}; {WRITE}"
    nearest, equal = max(others, key=lambda item: item[1])
    if equal == len(own.found):
        return f"equal to the last digit to those of another processor, {nearest.place}. {WRITE}"
    return (
        f"none are committed for this kind of processor; {equal} of {len(own.found)} networks are "
        f"as on {nearest.place}. Sums are rounded otherwise here: a training ends as with another "
        f"seed, and the book's pages compare it so. {WRITE}"
    )


def _same_kind(own: Digits, noted: Digits, found: Findings) -> str:
    apart = [name for name in own.found if own.found[name] != noted.found.get(name)]
    if not apart:
        return "equal to the last digit to those committed for this kind of processor"
    first = apart[0]
    found.problems.append(
        f"{len(apart)} of {len(own.found)} networks end otherwise than {shown(digits_path())} says "
        f"of this kind of processor ({first}: {own.found[first]}, not {noted.found.get(first)}): "
        "look for other versions of libraries, or variables that change what they compute"
    )
    return "NOT those committed for this kind of processor"


# words --------------------------------------------------------------------------------------------
def told(found: Findings) -> str:
    """The findings as lines of text."""
    lines = []
    for heading, facts in found.facts.items():
        lines += [heading, *(f"  {name:<14}{text}" for name, text in facts), ""]
    if not found.problems:
        return "\n".join([*lines, "Nothing is broken."])
    return "\n".join([*lines, "Broken:", *(f"  {problem}" for problem in found.problems)])
