"""The page on scale: what each profile makes of the paper's roles, and what its study costs."""

from collections.abc import Callable
from functools import cache
from itertools import groupby

from nbsupport.display.calibration import calibration_table as calibration_table
from nbsupport.display.html import Html, table
from nbsupport.jobs.store import Store
from nbsupport.pages import plan
from nbsupport.pages.page import Page
from nbsupport.paths import store_dir
from nbsupport.study.profiles import PROFILES, Profile, profile_named
from nbsupport.study.profiles.profile import Block
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.training.costs import ASSUMED
from nbsupport.training.families import architecture, gpu_rates

ORDER = ("demo", "pacs-32", "classroom", "paper", "rehearsal")


def profile_table() -> Html:
    """A row for each thing that profiles differ in, a column for each profile."""
    profiles = [PROFILES[name] for name in ORDER]
    told = [facts(profile) for profile in profiles]
    return table(("", *ORDER), [(name, *(each[name] for each in told)) for name in _FACTS])


def facts(profile: Profile) -> dict[str, str]:
    """What profiles differ in, of one of them, by name."""
    return {name: tell(profile) for name, tell in _FACTS.items()}


def _trade(role: str) -> Callable[[Profile], str]:
    def tell(profile: Profile) -> str:
        trade = profile.trades[role]
        sides = zip(trade.classes, trade.each, strict=True)
        return " against ".join(f"{classes:,} x {each:,}" for classes, each in sides)

    return tell


def _within(source: str) -> Callable[[Profile], str]:
    def tell(profile: Profile) -> str:
        setting = profile.within.get(source)
        if setting is None:
            return "–"
        if setting.total:
            return f"all classes of {setting.superclasses}, {setting.total:,} images in all"
        parts = (setting.superclasses, setting.subclasses, setting.images)
        return "{} x {} classes, {:,} images each".format(*parts)

    return tell


def _epochs(stage: str) -> Callable[[Profile], str]:
    def tell(profile: Profile) -> str:
        recipe = recipe_named(profile.recipes, stage, "resnet")
        floor = f", at least {recipe.min_updates:,} updates" if recipe.min_updates else ""
        rate = f"{recipe.optimizer} {recipe.lr:g}, batches of {recipe.batch_size}"
        return f"{recipe.epochs} epochs{floor}; {rate}"

    return tell


def _recorded(profile: Profile) -> str:
    kind, found = "shift" if profile.shifts else "world", []
    for cells, group in groupby(profile.recorded, key=lambda world: profile.recorded[world]):
        first, *others = group
        named = f"{kind}s {first} to {others[-1]}" if others else f"{kind} {first}"
        found.append(f"{named}: {_size(cells)}")
    for number, blocks in profile.confirming.items():
        found.append(f"to confirm, {kind} {number}: {' and '.join(map(_size, blocks))}")
    return "; ".join(found)


def _size(block: Block) -> str:
    return f"{len(block[0])} x {len(block[1])}"


_FACTS: dict[str, Callable[[Profile], str]] = {
    "what it is": lambda p: p.meaning,
    "image side": lambda p: f"{p.px} px",
    "sources": lambda p: ", ".join(p.sources),
    "images of each class: 150K, 100K, 50K, 25K, 5K": lambda p: ", ".join(
        f"{n:,}" for n in p.sizes.values()
    ),
    "depths of the tree: 7, 6, 5, 4, 2": lambda p: ", ".join(
        f"{d}" for d in p.granularity.depths.values()
    ),
    "60K: classes x images": _trade("60K"),
    "300K: classes x images": _trade("300K"),
    "within classes, ImageNet": _within("imagenet"),
    "within classes, iNaturalist": _within("inaturalist"),
    "p": lambda p: ", ".join(f"{share:g}" for share in p.diversity),
    "families live": lambda p: ", ".join(p.families),
    "first family's model": lambda p: architecture(p.families[0], p.px),
    "families x seeds recorded": lambda p: _recorded(p) or "none",
    "pre-training": _epochs("pretrain"),
    "fine-tuning": _epochs("finetune"),
    "from scratch": _epochs("scratch"),
    "pairs of domains": lambda p: ", ".join(f"{a} to {b}" for a, b in p.pairs).replace("_", " "),
}


def choices_table(profile: str) -> Html:
    """What the paper leaves unsaid or could not be done as it stands: our choice and its reason."""
    rows = list(profile_named(profile).notes.items())
    return table(("about", "what was chosen, and why"), rows)


def plan_table(profile: str) -> Html:
    """The plan of a profile's book and, last, of the whole study that its records need."""
    plans = _plans(profile)
    rows = [_plan_row(p) for p in plans]
    unit = "GPU-hours" if plans[0].on_gpu else "thread-seconds"
    return table(("page", "runs", "jobs", "shared", unit, "GB"), rows, numeric=range(1, 6))


@cache
def _plans(profile: str) -> list[plan.Plan]:
    """The page asks twice, for a table and for numbers."""
    return plan.plan_book(profile, Store(store_dir()))


def _plan_row(p: plan.Plan) -> tuple[str, ...]:
    cost = f"{p.compute_seconds / 3600:,.1f}" if p.on_gpu else f"{p.compute_seconds:,.0f}"
    return (p.page, f"{p.runs:,}", f"{p.jobs:,}", f"{p.shared:,}", cost, f"{p.disk_gb:,.1f}")


def numbers(profile: str) -> dict[str, str]:
    """What the prose quotes of a profile's plan, as text to glue."""
    plans = {p.page: p for p in _plans(profile)}
    whole = plans[plan.RECORDED]
    return {
        "study-runs": f"{whole.runs:,}",
        "study-jobs": f"{whole.jobs:,}",
        "study-shared": f"{whole.shared:,}",
        "study-hours": f"{whole.compute_seconds / 3600:,.0f}",
        "study-days-8": f"{whole.compute_seconds / 86400 / 8:,.0f}",
        "study-days-4": f"{whole.compute_seconds / 86400 / 4:,.0f}",
        "study-euros": f"{2 * round(whole.compute_seconds / 3600):,}",
        "study-gb": f"{whole.disk_gb:,.0f}",
        "study-basis": whole.basis if whole.basis == ASSUMED else f"known by {whole.basis}",
        "assumed-rates": gpu_rates(),
    }


PAGE = Page("scale", "From two cores to the full study")
