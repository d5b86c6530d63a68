"""A figure's title is its finding, in the words that the verdict allows: computed, never typed."""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nbsupport.analysis.verdicts import Verdict

SMOKE = "A smoke test: it shows that everything runs, and is no evidence"
NOTHING = "No runs yet"

# claim -> the finding as the paper has it; its opposite; the matter, as "whether ..."
_FINDINGS = {
    "reference-gap": (
        "Pre-trained models lie above the line of models trained from scratch",
        "Pre-trained models do not lie above the line of models trained from scratch",
        "whether pre-trained models lie above the line of models from scratch",
    ),
    "no-epoch-trend": (
        "Robustness does not drift as fine-tuning goes on",
        "Robustness drifts as fine-tuning goes on",
        "whether robustness drifts as fine-tuning goes on",
    ),
    "quantity-imagenet": (
        "More pre-training images, more robustness to new cameras",
        "More pre-training images do not always bring more robustness",
        "whether more pre-training images bring more robustness",
    ),
    "quantity-inaturalist": (
        "More species photographs, more robustness to new cameras",
        "More species photographs do not always bring more robustness",
        "whether more species photographs bring more robustness",
    ),
    "small-subset-helps": (
        "Even a small pre-training set beats none",
        "A small pre-training set is no better than none",
        "whether a small pre-training set beats none",
    ),
    "five-per-class": (
        "Five images of each class are as good as none",
        "Five images of each class are not the same as none",
        "whether five images of each class differ from none",
    ),
    "natural-sources": (
        "Two natural sources, one line",
        "The two natural sources do not share a line",
        "whether the two natural sources share a line",
    ),
    "natural-sources-equal": (
        "At equal size, one natural source is as good as the other",
        "At equal size, the two natural sources differ",
        "whether the two natural sources differ at equal size",
    ),
    "fractals": (
        "Fractals beat no pre-training, and natural images beat fractals",
        "Fractals do not lie between natural images and no pre-training",
        "whether fractals lie between natural images and no pre-training",
    ),
    "generated": (
        "Generated images are as good as as many natural ones",
        "Generated images are not as good as as many natural ones",
        "whether generated images are as good as natural ones",
    ),
    "generated-over-fractals": (
        "Generated images beat more fractals",
        "Generated images do not beat more fractals",
        "whether generated images beat more fractals",
    ),
}


def title(claim_id: str, verdict: "Verdict | None") -> str:
    """A title for a figure about a claim: the finding, its opposite, or what is left open."""
    if verdict is None:
        return NOTHING
    found, opposite, matter = _FINDINGS[claim_id]
    if verdict.word == "not run":
        return "Other groups than the claim names, so no verdict"
    if verdict.word == "calibrated":
        shown = verdict.contrast is not None and verdict.contrast.estimate.value > 0
        return found if shown else opposite
    if verdict.word == "supported":
        return found
    if verdict.word == "contradicted":
        return opposite
    if verdict.word == "leans":
        side = found if verdict.direction == "towards" else opposite
        return f"A few runs lean this way: {side[0].lower()}{side[1:]}"
    if verdict.word == "not testable":
        return f"Not testable with these runs: {matter}"
    return f"Not settled by these runs: {matter}"


def class_sizes(first: np.ndarray, second: np.ndarray) -> str:
    """A title for two sources' images per class [K]: balanced, long-tailed, or both alike."""
    flat, even = (bool(np.ptp(counts) == 0) for counts in (first, second))
    if flat and not even:
        return "One source gives every class the same number of images, the other has a long tail"
    if flat == even:
        return "Both sources are balanced" if flat else "Both sources have a long tail"
    return "The first source has a long tail, the second is balanced"
