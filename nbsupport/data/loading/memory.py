"""Whether images are held on the device or streamed to it: by free memory, or as the user says."""

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from nbsupport.data.loading.batches import ImageSet, LabelledImages
from nbsupport.data.loading.streaming import Reader, StreamedImages
from nbsupport.errors import unknown

VARIABLE = "NBSUPPORT_LOADER"
LOADERS = ("auto", "resident", "streaming")
LEFT_FREE = 0.5  # of the device's memory: for the model, its gradients, and who else is there
SMALL = 2**28  # bytes that are resident in any case: 256 MB
GROUPS, OWN_GROUP = Path("/sys/fs/cgroup"), Path("/proc/self/cgroup")
CACHED = ("inactive_file ", "active_file ")
CHUNK = 2**26  # bytes read at a time into their place on the device: 64 MB


def load_images(
    read: Reader,
    labels: torch.Tensor,
    num_classes: int,
    names: tuple[str, ...] = (),
    device: "str | torch.device" = "cpu",
) -> ImageSet:
    """Images with labels int64 [n], resident or streamed: batches are the same to the last bit.

    `read` takes row numbers int64 [k] and returns uint8 [k, 3, h, w] on the CPU; several threads
    may call it at once. NBSUPPORT_LOADER=resident or streaming decides; otherwise (auto) images
    are resident where they are small, or where half of the device's memory stays free beside them.
    UserError for another value of it.
    """
    loader, device = _wanted(), torch.device(device)
    one = read(np.arange(min(1, len(labels))))
    size = one.nbytes * len(labels)
    if loader == "resident" or (loader == "auto" and fits(size, device)):
        images = _resident(read, one, len(labels), device)
        return LabelledImages(images, labels.to(device), num_classes, names)
    return StreamedImages(read, labels.to(device), num_classes, names)


def _wanted() -> str:
    loader = os.environ.get(VARIABLE) or "auto"
    if loader not in LOADERS:
        raise unknown(VARIABLE, loader, LOADERS)
    return loader


def _resident(read: Reader, one: torch.Tensor, count: int, device: torch.device) -> torch.Tensor:
    """All images in their place on the device, channels last; never twice in any memory."""
    shape = (count, *one.shape[1:])
    last = torch.channels_last
    images = torch.empty(shape, dtype=torch.uint8, device=device, memory_format=last)
    step = max(1, CHUNK // max(1, one.nbytes))
    for start in range(0, count, step):
        rows = np.arange(start, min(start + step, count))
        images[start : start + step] = read(rows).to(device)
    return images


# memory -------------------------------------------------------------------------------------------
def fits(size: int, device: torch.device) -> bool:
    """Whether so many bytes may be held on a device."""
    free, total = memory(device)
    return size <= SMALL or free - size >= LEFT_FREE * total


def memory(device: torch.device) -> tuple[int, int]:
    """Free and all bytes of a device's memory; of a CPU, what this process may use.

    What PyTorch keeps of a GPU for its next tensors is free: from its second job on a worker would
    stream what it could hold.
    """
    if device.type == "cuda":
        free, total = torch.cuda.mem_get_info(device)
        kept = torch.cuda.memory_reserved(device) - torch.cuda.memory_allocated(device)
        return free + kept, total
    free, total = _machine()
    for limit, used in _groups():
        free, total = min(free, limit - used), min(total, limit)
    return max(0, free), total


def _machine() -> tuple[int, int]:
    """Available and all bytes of RAM; half counts as available where the system does not say."""
    total = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    path = Path("/proc/meminfo")
    lines = path.read_text(encoding="ascii").splitlines() if path.exists() else []
    found = [int(line.split()[1]) * 1024 for line in lines if line.startswith("MemAvailable:")]
    return (found[0] if found else total // 2), total


def _groups() -> Iterator[tuple[int, int]]:
    """Limit and use in bytes of each control group (a container, a batch job) of this process.

    What the kernel caches of files is not counted: it gives way.
    """
    lines = OWN_GROUP.read_text(encoding="ascii").splitlines() if OWN_GROUP.exists() else []
    for place in (line.removeprefix("0::/") for line in lines if line.startswith("0::/")):
        for folder in (GROUPS / place, *(GROUPS / place).parents):
            limit = folder / "memory.max"
            if limit.exists() and (text := limit.read_text(encoding="ascii").strip()) != "max":
                yield int(text), _used(folder)


def _used(group: Path) -> int:
    used = int((group / "memory.current").read_text(encoding="ascii"))
    lines = (group / "memory.stat").read_text(encoding="ascii").splitlines()
    return used - sum(int(line.split()[1]) for line in lines if line.startswith(CACHED))
