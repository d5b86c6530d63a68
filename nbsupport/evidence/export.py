"""All fine-tuning runs of a store as one table, with the columns of the committed records."""

import json
from typing import TYPE_CHECKING, Any, NamedTuple

from nbsupport.arguments import chosen
from nbsupport.evidence.provenance import with_places
from nbsupport.evidence.records import COLUMNS, ORDER
from nbsupport.jobs.store import Store
from nbsupport.study.profiles import PROFILES
from nbsupport.study.study import record_rows

if TYPE_CHECKING:
    import pandas as pd


class Exported(NamedTuple):
    """The runs of a store: a row for each evaluated epoch; and how many runs are not among them.

    `unnamed` runs were trained before the store noted which group a run is of; `damaged` ones have
    no sound result.
    """

    table: "pd.DataFrame"
    unnamed: int
    damaged: int


def exported(store: Store, profile: str | None = None) -> Exported:
    """The runs in a store, of one profile where it is given. UserError for an unknown profile.

    A run that several groups share stands once, under the role that asked for it first.
    """
    import pandas as pd

    wanted = None if profile is None else chosen("profile", profile, PROFILES)
    rows: list[dict[str, Any]] = []
    unnamed = damaged = 0
    for job in store.jobs():
        if job.stage != "finetune" or job.state not in ("done", "broken"):
            continue
        about = {} if job.state == "broken" else _about(store, job.key)
        damaged += job.state == "broken"
        unnamed += job.state == "done" and not about
        if about and wanted in (None, about["profile"]):
            rows += record_rows(about, job.key, store.result(job.key))
    table = with_places(pd.DataFrame(rows, columns=COLUMNS), store)
    return Exported(table.sort_values(["profile", *ORDER]), unnamed, damaged)


def _about(store: Store, key: str) -> dict[str, Any]:
    spec = json.loads((store.folder(key) / "spec.json").read_text(encoding="utf-8"))
    return dict(spec.get("about") or {})
