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
        "More pre-training images, more robustness",
        "More pre-training images do not always bring more robustness",
        "whether more pre-training images bring more robustness",
    ),
    "quantity-inaturalist": (
        "More species images, more robustness",
        "More species images do not always bring more robustness",
        "whether more species images bring more robustness",
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
        "Species labels beat coarse labels on the same images",
        "Species labels do not beat coarse labels on the same images",
        "whether species labels beat coarse labels on the same images",
    ),
    "quantity-over-granularity": (
        "The number of images matters more than the number of labels",
        "The number of images does not matter more than the number of labels",
        "whether images matter more than labels",
    ),
    "quantity-over-semantics": (
        "The number of images matters more than what they show",
        "The number of images does not matter more than what they show",
        "whether the number of images matters more than what they show",
    ),
    "no-gap-task": (
        "Without a bias of place, pre-trained and scratch models share a line",
        "Without a bias of place, the two lines stay apart",
        "whether the lines meet where places leave no mark",
    ),
    "clip-on-line": (
        "Pre-training on captions puts models on the line of pre-training on labels",
        "Pre-training on captions takes models off the line of pre-training on labels",
        "whether captions and labels lead to the same line",
    ),
    "clip-quantity": (
        "More captioned images, more robustness",
        "More captioned images, less robustness",
        "whether more captioned images bring more robustness",
    ),
    "some-shifts-only": (
        "Some shifts separate pre-trained models from scratch, and some do not",
        "The shifts are alike: either all separate the two lines, or none does",
        "whether only some shifts separate the two lines",
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
    "generated-saturates": (
        "Natural images beat as many generated ones at full size",
        "Natural images do not beat as many generated ones at full size",
        "whether natural images beat as many generated ones at full size",
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
        "whether more classes match more images of each at the larger total",
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
    if verdict.word == "measured":
        return _measured(verdict, found, opposite, matter)
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


def _measured(verdict: "Verdict", found: str, opposite: str, matter: str) -> str:
    """Of a claim that the paper's text has no result for: the direction, where it is clear."""
    contrast = verdict.contrast
    if contrast is not None and contrast.low > 0:
        return found
    if contrast is not None and contrast.high < 0:
        return opposite
    return f"Measured, and not clear from these runs: {matter}"


def class_sizes(first: np.ndarray, second: np.ndarray | None = None) -> str:
    """A title for one or two sources' images per class [K]: balanced, long-tailed, both alike."""
    flat = bool(np.ptp(first) == 0)
    if second is None:
        return "Every class has as many images" if flat else "The source has a long tail"
    even = bool(np.ptp(second) == 0)
    if flat and not even:
        return "One source gives every class the same number of images, the other has a long tail"
    if flat == even:
        return "Both sources are balanced" if flat else "Both sources have a long tail"
    return "The first source has a long tail, the second is balanced"
