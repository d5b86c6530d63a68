"""What moves the bits of a training between processors, and what it costs to hold them.

    python -m benchmarks.processors [--images 1280] [--rounds 3] [--families resnet alexnet]
                                    [--settings "as it is" "portable: AVX2, MKL to any"]

PyTorch's libraries choose their code by the processor they find: oneDNN (convolutions), ATen (sums,
norms, optimizers) and MKL (matrices) each by its instruction set. Their own switches make one
machine choose as another would; what that moves, another processor moves too. For each switch and
family: the same short training, the SHA-256 of its weights against those without a switch, and
images per thread-second against those without. Settings of one letter have equal weights. Prints a
table; no assertion.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

from nbsupport.machine import PORTABLE

SWITCHES = ("ONEDNN_MAX_CPU_ISA", "ATEN_CPU_CAPABILITY", "MKL_CBWR", "NO_ONEDNN")
PLAIN = {"ATEN_CPU_CAPABILITY": "default", "MKL_CBWR": "COMPATIBLE"}
SETTINGS: dict[str, dict[str, str]] = {
    "as it is": {},
    "oneDNN to AVX2": {"ONEDNN_MAX_CPU_ISA": "AVX2"},
    "oneDNN to AVX": {"ONEDNN_MAX_CPU_ISA": "AVX"},
    "oneDNN to SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41"},
    "ATen without AVX2": {"ATEN_CPU_CAPABILITY": "default"},
    "MKL to AVX2": {"MKL_CBWR": "AVX2"},
    "MKL to any": {"MKL_CBWR": "COMPATIBLE"},
    "without oneDNN": {"NO_ONEDNN": "1"},
    "all to AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_CBWR": "AVX2",
    },
    "portable: AVX2, MKL to any": PORTABLE,
    "all to SSE4.1": {"ONEDNN_MAX_CPU_ISA": "SSE41", **PLAIN},
    "without oneDNN, all to any": {"NO_ONEDNN": "1", **PLAIN},
    "without oneDNN, ATen at AVX2": {"NO_ONEDNN": "1", "MKL_CBWR": "COMPATIBLE"},
}


def one(family: str, images: int) -> dict[str, object]:
    """A short training in this process: the digest of its weights, and images per thread-second."""
    import torch

    from nbsupport.data.loading.batches import LabelledImages
    from nbsupport.study.profiles.recipes import recipe_named
    from nbsupport.training.loop import train
    from nbsupport.training.models import build

    torch.set_num_threads(1)
    if os.environ.get("NO_ONEDNN"):
        torch.backends.mkldnn.set_flags(False)
    draws = torch.Generator().manual_seed(0)
    pictures = torch.randint(0, 256, (images, 3, 32, 32), generator=draws, dtype=torch.uint8)
    data = LabelledImages(pictures, torch.randint(0, 128, (images,), generator=draws), 128)
    recipe = recipe_named("demo", "pretrain", family)
    recipe = replace(recipe, epochs=1, min_updates=0, evaluate_at=())
    model = build(family, 128, 32, seed=0)
    began = time.thread_time()
    with tempfile.TemporaryDirectory() as folder:
        train(model, data.to("cpu"), recipe, seed=0, folder=Path(folder))
    seconds = time.thread_time() - began
    digest = sha256()
    for value in model.state_dict().values():
        digest.update(value.contiguous().numpy().tobytes())
    return {"digest": digest.hexdigest(), "rate": images / seconds}


def measured(family: str, images: int, switches: dict[str, str]) -> dict[str, object]:
    """The same in a process of its own, as the switches are read once."""
    clean = {name: value for name, value in os.environ.items() if name not in SWITCHES}
    own = ["-m", "benchmarks.processors", "--one", family, "--images", str(images)]
    command = [sys.executable, *own]
    done = subprocess.run(command, env=clean | switches, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def row(family: str, images: int, rounds: int, settings: list[str]) -> list[str]:
    """For each setting a letter for its weights and its rate over that of the first."""
    rates: dict[str, list[float]] = {name: [] for name in settings}
    letters: dict[str, str] = {}
    seen: dict[str, str] = {}
    for _ in range(rounds):  # interleaved, so that what else the machine does hits all
        for name in settings:
            found = measured(family, images, SETTINGS[name])
            digest = str(found["digest"])
            letter = seen.setdefault(digest, chr(ord("a") + len(seen)))
            letters[name] = letter if letters.get(name, letter) == letter else "?"
            rates[name].append(float(found["rate"]))
    base = max(rates[settings[0]])
    return [f"{letters[name]} {max(rates[name]) / base:.2f}" for name in settings]


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--images", type=int, default=1280)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--families", nargs="+", default=["resnet", "densenet", "alexnet"])
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=list(SETTINGS))
    parser.add_argument("--one", metavar="FAMILY", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        print(json.dumps(one(given.one, given.images)))
        return
    columns = [row(f, given.images, given.rounds, given.settings) for f in given.families]
    print(f"{'weights, rate over the first':<30}" + "".join(f"{f:>12}" for f in given.families))
    for name, *cells in zip(given.settings, *columns, strict=True):
        print(f"{name:<30}" + "".join(f"{cell:>12}" for cell in cells))


if __name__ == "__main__":
    main()
