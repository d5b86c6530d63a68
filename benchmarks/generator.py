"""How well a classifier of natural photographs names generated images.

    python -m benchmarks.generator [--worlds 0 1 2]

For each world a small ResNet is trained on the 128 classes of the ImageNet stand-in with the demo's
recipe, and names photographs it has not seen, and images that the weights in assets/ give. Beside
them: how many images a second are sampled on one thread.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import torch

from nbsupport.data.loading.batches import LabelledImages, normalise
from nbsupport.savanna.world import World
from nbsupport.study.profiles import profile_named
from nbsupport.study.profiles.recipes import recipe_named
from nbsupport.study.study import GENERATION
from nbsupport.training.loop import train
from nbsupport.training.models import build
from nbsupport.training.stages.generator import attributes, load_generator, sample

EACH = 16  # images of a class that are named


def photographs(world: int, stream: str, each: int) -> LabelledImages:
    """`each` photographs of every class."""
    classes = len(attributes(world))
    labels = np.repeat(np.arange(classes), each)
    index = np.tile(np.arange(each), classes)
    images = World(world).photos("imagenet", labels, stream, index)
    return LabelledImages(images, torch.from_numpy(labels), classes).to("cpu")


def generated(world: int, each: int) -> tuple[LabelledImages, float]:
    """`each` generated images of every class, and images a second."""
    model, wanted, began = load_generator(), attributes(world), time.process_time()
    parts = [sample(model, looks, each, label=i, **GENERATION) for i, looks in enumerate(wanted)]
    rate = len(wanted) * each / (time.process_time() - began)
    labels = torch.arange(len(wanted)).repeat_interleave(each)
    return LabelledImages(torch.cat(parts), labels, len(wanted)).to("cpu"), rate


def classifier(world: int) -> torch.nn.Module:
    """A small ResNet pre-trained as on the demo profile, on the stream of the subsets."""
    profile = profile_named("demo")
    data = photographs(world, "train", profile.full_per_class)
    model = build("resnet", data.num_classes, profile.px)
    recipe = recipe_named(profile.recipes, "pretrain", "resnet")
    with tempfile.TemporaryDirectory() as folder:
        train(model, data, recipe, seed=0, folder=Path(folder))
    return model.eval()


@torch.inference_mode()
def accuracy(model: torch.nn.Module, data: LabelledImages) -> float:
    """Share of images named as labelled."""
    named = torch.cat([model(normalise(part)).argmax(1) for part in data.images.split(512)])
    return float((named == data.labels).float().mean())


def measured(world: int, each: int = EACH) -> tuple[float, float, float]:
    """Accuracy on new photographs, on generated images, and images sampled a second."""
    model = classifier(world)
    made, rate = generated(world, each)
    return accuracy(model, photographs(world, "judge", each)), accuracy(model, made), rate


def main() -> None:
    """Print a line for each world."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--worlds", type=int, nargs="+", default=[0, 1, 2])
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{'world':>5} {'natural':>8} {'generated':>10} {'share':>6} {'images/s':>9}")
    for world in options.worlds:
        real, made, rate = measured(world)
        print(f"{world:5} {real:8.1%} {made:10.1%} {made / real:6.0%} {rate:9.0f}", flush=True)


if __name__ == "__main__":
    main()
