"""Section 4.5: natural, fractal and generated images as sources of pre-training."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.display import images, widgets
from nbsupport.display.html import Html, signed, table
from nbsupport.display.where_possible import MISSING, shown_where_possible
from nbsupport.errors import NotHereError
from nbsupport.evidence.recorded_study import RecordedStudy
from nbsupport.pages.groups import present, reference_groups, sized_role, wholes
from nbsupport.pages.page import Page
from nbsupport.study.study import Group, Study

if TYPE_CHECKING:
    import torch

    from nbsupport.jobs.job import Job
    from nbsupport.study.study import Study


EQUAL = "150K"  # the role at which sources are compared at equal size (Figure 11)


def source_groups(study: Study, parameters: dict[str, Any]) -> list[Group]:
    """Every source, in full (Figure 10) and at 150K (Figure 11), between the reference lines."""
    return [
        *reference_groups(study, parameters),
        *natural_groups(study),
        *synthetic_groups(study),
    ]


def natural_groups(study: Study) -> list[Group]:
    """iNaturalist in full, and both natural sources at equal size."""
    kinds = present(study, "imagenet", "inaturalist")
    return [*wholes(study, "inaturalist"), *(sized_role(study, kind, EQUAL) for kind in kinds)]


def synthetic_groups(study: Study) -> list[Group]:
    """What no camera ever saw."""
    generated = [sized_role(study, kind, EQUAL) for kind in present(study, "generated")]
    return [*wholes(study, "fractaldb"), *generated]


def fractal_table(category: int) -> Html:
    """The maps of a category of FractalDB: a ... f, and how often each is taken."""
    from nbsupport.data.fractals.systems import NAMES, categories

    system = categories(category + 1)[category]
    rows = [
        (f"map {i}", *(signed(v, 2) for v in row[:6]), f"{row[6]:.0%}")
        for i, row in enumerate(system, start=1)
    ]
    return table(("", *NAMES, "taken"), rows, numeric=range(1, 8))


def generated_groups(study: Study) -> list[Group]:
    """All generated images (the role 1M), and class-balanced 150K of them."""
    if not study.has("generated"):
        return []
    return [
        Group("generated/1M", f"{len(study.generated):,} images", study.generated),
        sized_role(study, "generated", "150K"),
    ]


UNSEEN = "judge"  # photographs that nothing is trained on


UNSEEN_EACH = 8


TRAINED_EACH = 200  # of the generative model's training photographs of a class, searched


BATCH = 512
FRACTAL_PX = 256


NUMBERS = (
    "generated-images",
    "generated-each",
    "generated-accuracy",
    "natural-accuracy",
    "generated-share",
    "generated-chance",
    "generated-never-named",
    "generated-searched",
    "generated-distance",
    "natural-distance",
)


@dataclass(frozen=True)
class Classified:
    """Images uint8 [n, 3, px, px], their classes [n], and probabilities [n, K]."""

    images: np.ndarray
    labels: np.ndarray
    probabilities: np.ndarray

    @property
    def verdicts(self) -> np.ndarray:
        """The class that the judge names: int64 [n]."""
        return self.probabilities.argmax(1)

    @property
    def right(self) -> np.ndarray:
        """Whether it is the intended one: bool [n]."""
        return self.verdicts == self.labels

    @property
    def accuracy(self) -> float:
        """Share of images named as intended."""
        return float(self.right.mean())


class GeneratedPage:
    """What a page shows of a study's generated images; trains the judge where it is not there.

    Raises UserError where the images are not generated yet: run a comparison with them first.
    """

    def __init__(self, study: "Study") -> None:
        self.study = study
        self._drawn: dict[int, np.ndarray] = {}  # photographs that were learned from, by class

    @cached_property
    def names(self) -> list[str]:
        """The classes' names."""
        return list(self.study.generated.drawn.names)

    # who judges ---------------------------------------------------------------------------------
    @cached_property
    def judge(self) -> "torch.nn.Module":
        """The network of the study's first cell, pre-trained on all natural images."""
        from nbsupport.jobs import runner
        from nbsupport.training.models import load_weights
        from nbsupport.training.stages.labels import WEIGHTS

        job = self._judge_job()
        runner.run([job], self.study.store, engine=self.study.engine)
        path = self.study.store.folder(job) / WEIGHTS
        return load_weights(job.spec["family"], job.spec["px"], path).eval()

    def _judge_job(self) -> "Job":
        study = self.study
        parents = [run.finetune.parent for run in study.runs([study.full])]
        return next(job for job in parents if job is not None)

    def judged(self, images: "torch.Tensor", labels: np.ndarray) -> Classified:
        """The judge's opinion of images uint8 [n, 3, px, px] of these classes [n]."""
        import torch

        from nbsupport.data.loading.batches import normalise

        with torch.inference_mode():
            parts = [self.judge(normalise(part)).softmax(1) for part in images.split(BATCH)]
        return Classified(images.numpy(), labels, torch.cat(parts).numpy())

    @cached_property
    def generated(self) -> Classified:
        """All generated images."""
        self._require_training()
        data = self.study.generated.load()
        images = data.pixels(np.arange(len(data))).contiguous()
        return self.judged(images, data.labels.numpy())

    @cached_property
    def natural(self) -> Classified:
        """Photographs of the same classes that nothing was trained on."""
        self._require_training()
        labels = np.repeat(np.arange(len(self.names)), UNSEEN_EACH)
        index = np.tile(np.arange(UNSEEN_EACH), len(self.names))
        return self.judged(self._photos(labels, UNSEEN, index), labels)

    def _require_training(self) -> None:
        if isinstance(self.study, RecordedStudy):
            raise NotHereError(
                "a network that is trained for it judges these images; "
                "python -m nbsupport run 04_5_sources trains it"
            )

    def _photos(self, labels: np.ndarray, stream: str, index: np.ndarray) -> "torch.Tensor":
        from nbsupport.savanna.world import World

        if not self.study.profile.simulated:
            name = self.study.profile.name
            raise NotHereError(f"profile {name} has no photographs that nothing was trained on")
        original = self.study.imagenet.source.classes()["label"].to_numpy()[labels]
        return World(self.study.world, self.study.profile.px).photos(
            "imagenet", original, stream, index
        )

    # pictures -----------------------------------------------------------------------------------
    @shown_where_possible
    def beside_natural(self, count: int = 8, caption: str = "") -> Html:
        """A natural photograph and the first generated image of classes spread over the table."""
        classes = np.unique(np.linspace(0, len(self.names) - 1, count).round().astype(int))
        pairs = [(side, self._first(side, c)) for c in classes for side in self._sides()]
        titles = [f"{self.names[side.labels[i]]}, {self._word(side)}" for side, i in pairs]
        return widgets.image_grid(np.stack([s.images[i] for s, i in pairs]), titles, caption)

    def _sides(self) -> tuple[Classified, Classified]:
        return self.natural, self.generated

    def _word(self, side: Classified) -> str:
        return "natural" if side is self.natural else "generated"

    def _first(self, side: Classified, label: int) -> int:
        return int(np.flatnonzero(side.labels == label)[0])

    @shown_where_possible
    def successes(self, count: int = 8, caption: str = "") -> Html:
        """Images named as intended: the first of each class, classes spread over the table."""
        rows = self._first_of_classes(self.generated.right)
        return self._shown(_spread(rows, count), caption)

    @shown_where_possible
    def failures(self, count: int = 8, caption: str = "") -> Html:
        """Images named otherwise: the first of each class, the surest mistakes on top."""
        rows = self._first_of_classes(~self.generated.right)
        sure = self.generated.probabilities[rows].max(1)
        return self._shown(rows[np.argsort(-sure, kind="stable")][:count], caption)

    def _first_of_classes(self, chosen: np.ndarray) -> np.ndarray:
        rows = np.flatnonzero(chosen)
        return rows[np.unique(self.generated.labels[rows], return_index=True)[1]]

    def _shown(self, rows: np.ndarray, caption: str) -> Html:
        if not len(rows):
            return Html("<p>There are none.</p>", "There are none.")
        return widgets.image_grid(
            self.generated.images[rows], [self._title(i) for i in rows], caption
        )

    def _title(self, row: int) -> str:
        meant, named = self.generated.labels[row], self.generated.verdicts[row]
        if meant == named:
            return self.names[meant]
        return f"{self.names[meant]}, taken for {self.names[named]}"

    # near to what -------------------------------------------------------------------------------
    @shown_where_possible
    def nearest(self, count: int = 4, caption: str = "") -> Html:
        """Generated images, each followed by the nearest photograph that the model learned from."""
        images, titles = [], []
        for row in _spread(np.arange(len(self.generated.labels)), count):
            label = int(self.generated.labels[row])
            near, distance = self._nearest(self.generated.images[row], label)
            images += [self.generated.images[row], near]
            titles += [f"{self.names[label]}, generated", f"nearest, {distance:.0f} levels away"]
        return widgets.image_grid(np.stack(images), titles, caption)

    def _nearest(self, image: np.ndarray, label: int) -> tuple[np.ndarray, float]:
        """The nearest of a class's training photographs, and how far: root mean square levels."""
        learned = self._learned(label)
        off = (learned.astype(np.float32) - image).reshape(len(learned), -1)
        distances = np.sqrt((off**2).mean(1))
        best = int(distances.argmin())
        return learned[best], float(distances[best])

    def _learned(self, label: int) -> np.ndarray:
        from nbsupport.training.stages.generator import STREAM

        if label not in self._drawn:
            labels, index = np.full(TRAINED_EACH, label), np.arange(TRAINED_EACH)
            self._drawn[label] = self._photos(labels, STREAM, index).numpy()
        return self._drawn[label]

    def distances(self, count: int = 24) -> tuple[float, float]:
        """Median distance to the nearest training photograph: of generated and of new natural ones.

        A model that copies would be much nearer to them than new photographs are.
        """
        medians = []
        for side in (self.generated, self.natural):
            rows = _spread(np.arange(len(side.labels)), count)
            near = [self._nearest(side.images[i], int(side.labels[i]))[1] for i in rows]
            medians.append(float(np.median(near)))
        return medians[0], medians[1]

    # numbers ------------------------------------------------------------------------------------
    def numbers(self) -> dict[str, str]:
        """What the prose quotes, as text to glue."""
        try:
            made, real, (near_made, near_real) = self.generated, self.natural, self.distances()
        except NotHereError:
            return dict.fromkeys(NUMBERS, MISSING)
        classes = np.array([made.right[made.labels == c].mean() for c in range(len(self.names))])
        texts = (
            f"{len(made.labels):,}",
            f"{len(made.labels) // len(self.names):,}",
            f"{made.accuracy:.0%}",
            f"{real.accuracy:.0%}",
            f"{made.accuracy / max(real.accuracy, 1e-9):.0%}",
            f"{1 / len(self.names):.1%}",
            f"{int((classes == 0).sum()):,}",
            f"{TRAINED_EACH:,}",
            f"{near_made:.0f}",
            f"{near_real:.0f}",
        )
        return dict(zip(NUMBERS, texts, strict=True))


def _spread(rows: np.ndarray, count: int) -> np.ndarray:
    """At most `count` of the rows, evenly over their order."""
    at = np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).round().astype(int))
    return rows[at]


# fractals -----------------------------------------------------------------------------------------
@shown_where_possible
def fractal_growth(category: int, counts: Sequence[int], *, caption: str = "") -> Html:
    """A category of FractalDB at 256 px, with more and more points."""
    shown, titles = images.growing_fractal(category, counts, FRACTAL_PX)
    return widgets.image_grid(shown, titles, caption, size=144)


@shown_where_possible
def fractal_variations(category: int, *, count: int = 8, caption: str = "") -> Html:
    """Images of one category of FractalDB at 256 px, which share a label."""
    shown, titles = images.fractal_variations(category, count, FRACTAL_PX)
    return widgets.image_grid(shown, titles, caption, size=144)


def more_fractals(study: Study, _: dict[str, Any]) -> list[Group]:
    """Ten times as many fractals as generated images, as the paper compares them."""
    if not study.has("more-fractals"):
        return []
    fractals = study.more_fractals
    return [Group("fractaldb/tenfold", f"{len(fractals):,} images", fractals)]


PAGE = Page("04_5_sources", "Data sources", "4.5", source_groups, recorded=more_fractals)
