"""The pages that look at the book as a whole: the recorded evidence, the controls, calibration."""

from typing import TYPE_CHECKING, Any

from nbsupport.analysis import claims
from nbsupport.display import tabs_of_runs
from nbsupport.evidence.records import evidence_profile, read_records
from nbsupport.pages.page import Page
from nbsupport.pages.shown import plate as plate
from nbsupport.study.profiles import profile_named

if TYPE_CHECKING:
    from nbsupport.display.tabs import Display
    from nbsupport.pages.open_page import OpenPage


QUANTITY = "04_1_quantity"


def headline(profile: str) -> Any:
    """The paper's main finding in one picture, from recorded runs; a sentence without them."""
    from nbsupport.pages.open_page import open_page

    page: OpenPage = open_page(QUANTITY, {"profile": evidence_profile(profile)})
    return page.trend(
        None,
        "imagenet",
        claim="quantity-imagenet",
        number="The main question",
        caption="Models fine-tuned on simulated camera traps, after pre-training on fewer and "
        "fewer images. The higher a line lies, the better its models do on new cameras than "
        "their score on known cameras promises.",
    )


def ledger(profile: str) -> "Display":
    """Every claim of the book's pages with what the recorded runs of each world say; in a tab,
    with what runs on real images say."""
    every = [claim.id for claim in claims.load().values() if not claim.control]
    return tabs_of_runs.verdict_tabs(profile_named(profile), every)


def record_numbers(profile: str) -> dict[str, str]:
    """How many runs are recorded, in how many cells and thread-hours, as text to glue."""
    records = read_records(evidence_profile(profile))
    runs = records.drop_duplicates("key")  # two roles may share a run
    cells = records[["world", "family", "seed"]].drop_duplicates()
    return {
        "recorded-runs": f"{len(runs):,}",
        "recorded-cells": f"{len(cells):,}",
        "recorded-worlds": f"{records['world'].nunique()}",
        "evidence-profile": evidence_profile(profile),
    }


PAGE = Page("index", "Welcome", whole_book=True)
