"""Whether a machine has the data of a job: asked of each node of a cluster before its first one."""

from pathlib import Path
from typing import Any

from nbsupport.data.sources import open_source
from nbsupport.data.tasks import open_task
from nbsupport.errors import UserError


def present(spec: dict[str, Any], folder: Path, parent: Path | None, report: Any) -> dict[str, Any]:
    """Called as a stage is. `spec` has `source` or `task`, as it is opened, and the `fingerprint`
    that its data must have. Returns `problem`, "" where they are here."""
    return {"problem": problem(spec)}


def problem(spec: dict[str, Any]) -> str:
    """What is wrong with the data here, "" where nothing is."""
    try:
        opened = open_task(spec["task"]) if "task" in spec else open_source(spec["source"])
        found = opened.fingerprint
    except UserError as error:
        return str(error)
    return "" if found == spec["fingerprint"] else "these are other files than the driver's"
