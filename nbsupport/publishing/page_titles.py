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
    "granularity-order": (
        "Coarser labels cost robustness in steps, and the coarsest still help",
        "Coarser labels do not cost robustness in the paper's steps",
        "whether coarser labels cost robustness in the paper's steps",
    ),
    "granularity-inaturalist": (
        "Species labels beat coarse labels on the same photographs",
        "Species labels do not beat coarse labels on the same photographs",
        "whether species labels beat coarse labels on the same photographs",
    ),
    "semantics-same": (
        "Animal classes and object classes make equally robust models, above scratch",
        "Animal and object classes do not make equally robust models above scratch",
        "whether animal and object classes make equally robust models",
    ),
    "semantics-position": (
        "Animal classes take models further along the line than object classes",
        "Animal classes take models no further along the line than object classes",
        "whether animal classes take models further along the line",
    ),
    "co-occurrence": (
        "A few animals among the objects change nothing",
        "A few animals among the objects make a difference",
        "whether a few animals among the objects change anything",
    ),
    "classes-or-images": (
        "At a fixed total, more classes are worth as much as more images of each",
        "At a fixed total, more classes and more images of each are not worth the same",
        "whether more classes are worth as much as more images of each",
    ),
    "classes-or-images-large": (
        "At the larger total, more classes are worth as much as more images of each",
        "At the larger total, more classes and more images of each are not worth the same",
        "whether more classes are worth as much as more images at the larger total",
    ),
    "within-class-imagenet": (
        "It does not matter from how many subclasses a label's images come",
        "It matters from how many subclasses a label's images come",
        "whether it matters from how many subclasses a label's images come",
    ),
    "within-class-inaturalist": (
        "It does not matter from how many species a label's images come",
        "It matters from how many species a label's images come",
        "whether it matters from how many species a label's images come",
    ),
    "repeated-images": (
        "One image repeated is no substitute for different images of a class",
        "Different images of a class do not beat one image repeated",
        "whether different images of a class beat one image repeated",
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
