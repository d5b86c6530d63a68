"""The numbers that the page on published models quotes, as text to glue."""

from nbsupport.analysis import published as measured
from nbsupport.analysis.published import LEAST_RECIPES, SHIFTS, V2, Heights
from nbsupport.evidence import recorded
from nbsupport.evidence.published.models import published_models
from nbsupport.evidence.published.sources import sources
from nbsupport.evidence.published.verdicts import AGAINST, FOR, NOTHING
from nbsupport.pages.published_tables import (
    best_on_camera_traps,
    by_shift,
    interval,
    mean_of,
    points,
    said,
)
from nbsupport.study.profiles import profile_named

ENOUGH = 4  # CLIPs of a set, for its mean to be quoted
EQUAL = 3_000_000  # pairs: the sets of Entezari et al. that are of about the same size


def numbers(axis: str) -> dict[str, str]:
    """All of them, by name."""
    return _counts() | _lines(axis) | _heights(axis) | _pairs(axis) | _task(axis) | _words(axis)


def _counts() -> dict[str, str]:
    models = published_models()
    timm = models[models["publication"] == "timm"]
    apart = timm["source"].map(lambda name: bool(sources()[name].apart))
    return {
        "models": f"{len(models):,}",
        "fine-tuned": f"{len(timm):,}",
        "fine-tuned-sources": f"{timm.loc[~apart, 'source'].nunique()}",
        "set-apart": f"{int(apart.sum()):,}",
        "clips": f"{(models['publication'] == 'open_clip').sum():,}",
        "tags": f"{timm['tag'].nunique():,}",
        "fine-tunings": str(measured.one_model(models, V2).recipes),
        "least-recipes": str(LEAST_RECIPES),
        "in21k-times": _times("in21k", "in1k"),
        "instagram-times": _times("instagram-940m", "yfcc-90m"),
        "laion-times": _times("laion-2b", "openai-400m"),
        "cc-times": _times("cc-12m", "cc-3m"),
        "unlabelled-images": f"{sources()['instagram-1b'].images / 1e6:,.0f} million",
    }


def _times(more: str, fewer: str) -> str:
    """How many times the images of another source a source has."""
    return f"{sources()[more].images / sources()[fewer].images:.0f}"


def _lines(axis: str) -> dict[str, str]:
    own = by_shift(axis)
    return {
        "line-models": f"{len(own['v2'].base):,}",
        "architectures": f"{own['v2'].base['architecture'].nunique():,}",
        **{f"explained-{name}": f"{100 * one.explained:.1f} %" for name, one in own.items()},
        **{f"spread-{name}": points(one.recipe_spread().median) for name, one in own.items()},
    }


def _heights(axis: str) -> dict[str, str]:
    """Mean ER of the sources that the prose names."""
    named = ("instagram-940m", "instagram-1b", "laion-2b", "openai-400m", "in21k", "yfcc-90m")
    return {
        f"{source}-{name}": points(mean_of(source, name, axis).value, sign=True)
        for source in named
        for name in SHIFTS
    }


def _pairs(axis: str) -> dict[str, str]:
    """The contrasts that the prose names, on ImageNet-R."""
    found = {
        one.contrast.id: one.estimate
        for verdict in said(axis).values()
        for one in verdict.found
        if one.shift == "r"
    }
    named = ("instagram-over-yfcc", "in21k-over-in1k", "laion-over-openai")
    told = {}
    for name in named:
        one = found[name]
        told[name] = points(one.value, sign=True)
        told[f"{name}-span"] = interval(one)
        told[f"{name}-pairs"] = str(one.models)
    return told


def _task(axis: str) -> dict[str, str]:
    """iWildCam and camera traps."""
    own = measured.zero_shot(published_models(), axis=axis)
    best = best_on_camera_traps()
    images = best.index.map(lambda name: sources()[name].images)
    alike = best[images <= EQUAL]
    more = float(best.loc["cc-12m", "shots_all"] - alike["shots_all"].max())
    return {
        "iwildcam-models": f"{len(own.base)}",
        "iwildcam-explained": f"{100 * own.explained:.1f} %",
        "iwildcam-best": f"{own.models['iwildcam'].max():.2f}",
        "iwildcam-off": points(_largest(own)),
        "iwildcam-enough": str(ENOUGH),
        "equal-sources": f"{len(alike)}",
        "equal-all": points(float(alike["shots_all"].max() - alike["shots_all"].min())),
        "equal-few": points(float(alike["shots_20"].max() - alike["shots_20"].min())),
        "more-pairs": points(more, sign=True),
        "simulated-margin": simulated_margin(),
    }


def _largest(own: Heights) -> float:
    """The largest mean height, in either direction, of a set with enough models."""
    sets = own.models["source"].value_counts()
    named = [name for name in sets[sets >= ENOUGH].index if not sources()[name].apart]
    means = [own.mean(own.models["source"] == name).value for name in named]
    return max(map(abs, means))


def simulated_margin() -> str:
    """What counts as no difference in the book's simulated world, in points of macro F1."""
    runs = recorded.own(profile_named("demo"))
    verdict = runs.verdicts(["reference-gap"], 1)["reference-gap"]
    margin = verdict.contrast.margin if verdict.contrast else 0.0
    return points(margin) if margin > 0 else "(not recorded)"


def _words(axis: str) -> dict[str, str]:
    """How many claims published models lean for, against, and say nothing on."""
    found = [verdict.word for verdict in said(axis).values()]
    names = {"leans-for": FOR, "leans-against": AGAINST, "says-nothing": NOTHING}
    each = {f"on-{name}": v.words for name, v in said(axis).items()}
    counts = {name: str(found.count(word)) for name, word in names.items()}
    return counts | each | {"claims": str(len(found))}
