"""python -m nbsupport data generate: images of ImageNet's classes by any text-to-image pipeline.

generated/<wnid>/<number>.png. The prompt and the noise of an image follow from seed, class and
number alone (nbsupport.data.prompts), so a run that was stopped goes on, --per-class can be raised,
and several GPUs can share the work: start the command once for each, all on the same folder.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from hashlib import sha256
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.cli.data.image_folder import (
    at_least,
    claimed,
    existing,
    prepared,
    root_of,
    root_option,
    settle,
    write_png,
)
from nbsupport.cli.parsing import command, count_option
from nbsupport.data import prompts
from nbsupport.errors import UserError

if TYPE_CHECKING:
    from PIL.Image import Image

Pipeline = Callable[..., Any]
Show = Callable[[int], Any]
Classes = Sequence[tuple[str, str]]  # WordNet id, and the words that a prompt calls it by

PX_STEP = 8  # the pipelines work on a grid of an eighth of the pixels
ATTEMPTS = 8  # images of one number, where the pipeline's own filter withholds some
NEEDED = ("diffusers", "transformers", "accelerate")


def add(commands: Any) -> None:
    """Add `generate` to the actions of `data`."""
    text = "make images of ImageNet's classes with a text-to-image model (diffusers)"
    parser = command(commands, "generate", text, _generate)
    parser.add_argument("--model", required=True, help="a name on the hub, or a folder")
    parser.add_argument("--revision", help="of the model on the hub; default: its newest")
    told = "imagenet, or WordNet ids with commas; default: %(default)s"
    parser.add_argument("--classes", default="imagenet", help=told)
    count_option(parser, "--per-class", "images", default=150)
    count_option(parser, "--px", "pixels a side", default=512)
    count_option(parser, "--steps", "of denoising", default=50)
    count_option(parser, "--seed", default=0)
    count_option(parser, "--batch", "images at once", default=8)
    root_option(parser)


def _generate(options: argparse.Namespace) -> None:
    from tqdm import tqdm

    at_least(1, per_class=options.per_class, steps=options.steps, batch=options.batch)
    at_least(0, seed=options.seed)
    if options.px < PX_STEP or options.px % PX_STEP:
        raise UserError(f"--px {options.px}: give a multiple of {PX_STEP}, such as 256 or 512")
    folder, classes = root_of(options) / "generated", class_words(options.classes)
    model = found_model(options.model, options.revision)
    how = Sampling(model.name, model.revision, options.seed, options.steps, options.px)
    settle(folder, how.as_dict(), _made_with())
    work = Work(load(model), how, options.batch)
    total = len(classes) * options.per_class
    with tqdm(total=total, unit="image", disable=None) as bar:
        left = make(folder, classes, options.per_class, work, bar.update)
    print(f"{total - left.missing:,} images of {len(classes):,} classes in {folder}")
    if left.withheld:
        print(f"{left.withheld:,} are missing: the model's own filter withheld {ATTEMPTS} of each")
    if left.busy:
        print(f"{left.busy:,} are being made by another process: run again after it")


def class_words(which: str) -> Classes:
    """The classes asked for and what a prompt calls them. UserError for an id that is none."""
    from nbsupport.data.taxonomy import imagenet_classes

    wnids = None if which == "imagenet" else [name.strip() for name in which.split(",")]
    table = imagenet_classes(wnids)
    return list(zip(table["wnid"], table["name"], strict=True))


# the model ----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Model:
    """A pipeline on disk: its name and revision for the record, and where it lies."""

    name: str
    revision: str
    path: Path


@dataclass(frozen=True)
class Sampling:
    """What an image depends on besides its class and number."""

    model: str
    revision: str
    seed: int
    steps: int
    px: int

    def as_dict(self) -> dict[str, Any]:
        """With the version of the prompts."""
        return {**asdict(self), "prompts": prompts.VERSION}


def found_model(name: str, revision: str | None = None) -> Model:
    """The pipeline, fetched from the hub where it is no folder. UserError where it cannot be had.

    The revision of one on the hub is its commit, that of a folder a hash of file names and sizes.
    """
    lacking = [package for package in NEEDED if find_spec(package) is None]
    if lacking:
        raise UserError(
            f"{', '.join(lacking)} missing: pip install {' '.join(NEEDED)}, then the same command"
        )
    path = Path(name)
    if path.is_dir():
        return Model(path.resolve().name, f"files-{_digest(path)}", path)
    from diffusers import DiffusionPipeline

    try:
        held = Path(
            DiffusionPipeline.download(name, revision=revision, use_safetensors=True)  # no pickles
        )
    except Exception as error:  # of diffusers, the hub and its HTTP client, by version
        raise UserError(
            f"cannot fetch {name} from huggingface.co ({_brief(error)}): check the name and the "
            "connection, or give the folder of a model that was downloaded before"
        ) from error
    return Model(name, held.name, held)


def _digest(folder: Path) -> str:
    from nbsupport.data.pictures.files import Folder

    return sha256(json.dumps(Folder(folder).sizes(), sort_keys=True).encode()).hexdigest()[:16]


def load(model: Model) -> Pipeline:
    """The pipeline on the GPU in half precision where there is one, from safetensors only."""
    import torch
    from diffusers import AutoPipelineForText2Image
    from diffusers.utils import logging

    logging.disable_progress_bar()
    on_gpu = torch.cuda.is_available()
    kind = {"torch_dtype": torch.float16} if on_gpu else {}
    try:
        pipeline = AutoPipelineForText2Image.from_pretrained(
            model.path, use_safetensors=True, **kind
        )
    except Exception as error:
        raise UserError(
            f"{model.name} cannot be loaded as a text-to-image pipeline ({_brief(error)}): "
            "give one that diffusers knows, with its weights as safetensors"
        ) from error
    pipeline.set_progress_bar_config(disable=True)
    return pipeline.to("cuda" if on_gpu else "cpu")


def _brief(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0].strip().rstrip(".")[:160]


def _made_with() -> dict[str, str]:
    from importlib.metadata import version

    import torch

    device = torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"
    return {name: version(name) for name in ("diffusers", "torch")} | {"device": device}


# the images ---------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Work:
    """A pipeline, what it is asked for, and how many images it makes at once."""

    pipeline: Pipeline
    settings: Sampling
    batch: int


@dataclass
class Left:
    """Images that are not there at the end: withheld by the model's filter, or made elsewhere."""

    withheld: int = 0
    busy: int = 0

    @property
    def missing(self) -> int:
        """All of them."""
        return self.withheld + self.busy


def make(folder: Path, classes: Classes, per_class: int, work: Work, show: Show) -> Left:
    """Make what the folder lacks of images 0 ... per_class - 1 of each class.

    `show` is told of images as they are there. UserError where they cannot be written or do not fit
    the GPU's memory; what is made by then stays.
    """
    left = Left()
    for wnid, words in classes:
        with claimed(folder, wnid) as mine:
            if not mine:
                left.busy += per_class
                continue
            place = prepared(folder / wnid)
            there = existing(place)
            lacking = [n for n in range(per_class) if _file(n) not in there]
            show(per_class - len(lacking))
            for start in range(0, len(lacking), work.batch):
                chunk = lacking[start : start + work.batch]
                left.withheld += _make_batch(place, (wnid, words), chunk, work)
                show(len(chunk))
    return left


def _file(number: int) -> str:
    return f"{number:05d}.png"


def _make_batch(place: Path, own: tuple[str, str], numbers: list[int], work: Work) -> int:
    """Make these images of a class; how many were withheld each time is returned.

    A withheld image is black: another takes its place, from noise of its own.
    """
    for attempt in range(ATTEMPTS):
        images = _images(own, numbers, attempt, work)
        for number, image in zip(numbers, images, strict=True):
            if image is not None:
                write_png(image, place / _file(number))
        numbers = [n for n, image in zip(numbers, images, strict=True) if image is None]
        if not numbers:
            break
    return len(numbers)


def _images(
    own: tuple[str, str], numbers: list[int], attempt: int, work: Work
) -> "list[Image | None]":
    """The pipeline's images of these numbers, None for one that its filter withheld."""
    import torch

    (wnid, words), how = own, work.settings
    seeds = [prompts.image_seed(how.seed, wnid, number, attempt) for number in numbers]
    try:
        made = work.pipeline(
            prompt=[prompts.prompt(how.seed, wnid, number, words) for number in numbers],
            # of the CPU: the same noise whatever the device and the batch
            generator=[torch.Generator().manual_seed(seed) for seed in seeds],
            num_inference_steps=how.steps,
            height=how.px,
            width=how.px,
            output_type="pil",
        )
    except torch.OutOfMemoryError as error:
        raise UserError(
            f"{len(numbers)} images of {how.px} px do not fit the GPU's memory: "
            "give a smaller --batch; what is made stays, the same command goes on"
        ) from error
    flags = getattr(made, "nsfw_content_detected", None) or [False] * len(numbers)
    return [None if flag else image for image, flag in zip(made.images, flags, strict=True)]
