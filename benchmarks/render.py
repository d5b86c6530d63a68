"""How fast worlds are drawn: images a second on one thread, beside a plain loop over images.

    python benchmarks/render.py [--px 32] [--images 2000]

The plain loop draws the same pictures with the same code, one image at a time.
"""

import argparse
import time

import numpy as np
import torch

from nbsupport.savanna.world import World

COLUMNS = ("label", "location", "day", "index")
PLAIN = 64  # images of the plain loop: it is slow


def seconds(world: World, kind: str, n: int) -> float:
    """Thread-seconds to draw n images of a kind (each thread is busy, so CPU time is the cost)."""
    number = np.arange(n)
    start = time.process_time()
    if kind == "traps":
        table = world.ecology.traps("train", n)
        world.traps("train", *(table[c].to_numpy() for c in COLUMNS))
    else:
        classes = len(world.ecology.classes(kind))
        world.photos(kind, number % classes, "benchmark", number)
    return time.process_time() - start


def main() -> None:
    """Print a table: what is drawn, images a second in blocks and one by one, their ratio."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--px", type=int, default=32)
    parser.add_argument("--images", type=int, default=2000)
    options = parser.parse_args()
    torch.set_num_threads(1)
    world, plain = World(0, options.px), World(0, options.px)
    plain.block = 1
    print(f"{options.px} x {options.px} pixels, one thread; images a second")
    print(f"{'drawn':12} {'blocks':>8} {'one by one':>11} {'ratio':>6}")
    for kind in ("imagenet", "inaturalist", "traps"):
        for each in (world, plain):
            seconds(each, kind, PLAIN)  # warm up
        fast = options.images / seconds(world, kind, options.images)
        slow = PLAIN / seconds(plain, kind, PLAIN)
        print(f"{kind:12} {fast:8.0f} {slow:11.0f} {fast / slow:6.1f}")


if __name__ == "__main__":
    main()
