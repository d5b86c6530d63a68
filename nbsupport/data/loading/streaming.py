"""Labelled images that do not fit the device: read ahead by threads, batch by batch.

What is read ahead takes at most READ_AHEAD bytes, or a batch where that is more, and two batches
besides: the one in use and the one being asked for.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import torch

from nbsupport.errors import UserError

READ_AHEAD = 2**28  # bytes of pixels read ahead, unless a single batch is larger: 256 MB
MOST_AHEAD = 8  # batches read ahead: more hide no more of the disk's delays
WORKERS = 4  # threads that read: a disk answers several requests as fast as one
THREADS = "nbsupport-read"

Reader = Callable[[np.ndarray], torch.Tensor]
Arrival = tuple[torch.Tensor, "torch.cuda.Event | None"]


@dataclass(frozen=True)
class StreamedImages:
    """The face of LabelledImages; pixels stay where `read` finds them.

    `read` takes row numbers int64 [k] and returns uint8 [k, 3, h, w] on the CPU: of a mapped file,
    or decoded there and then. It is called by several threads at once. Labels int64 [n] are on the
    device. Where reading fails, UserError says so at the batch that was to come.
    """

    read: Reader
    labels: torch.Tensor
    num_classes: int
    names: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def device(self) -> torch.device:
        """Where batches are made."""
        return self.labels.device

    def to(self, device: "str | torch.device") -> "StreamedImages":
        """The same for another device."""
        return replace(self, labels=self.labels.to(device))

    def pixels(self, rows: np.ndarray) -> torch.Tensor:
        """The images at these rows (int64 [k]) as uint8 [k, 3, h, w] on the device."""
        return _channels_last(self._read(rows).to(self.device))

    def in_order(self, order: torch.Tensor, size: int) -> Iterator[torch.Tensor]:
        """The images at the rows `order`, `size` at a time, the next ones being read meanwhile."""
        return self._ahead(part.numpy() for part in order.cpu().split(size))

    def in_turn(self, size: int) -> Iterator[torch.Tensor]:
        """All images as they lie, `size` at a time, the last ones fewer."""
        return self.in_order(torch.arange(len(self)), size)

    # reading ahead ------------------------------------------------------------------------------
    def _ahead(self, parts: Iterable[np.ndarray]) -> Iterator[torch.Tensor]:
        """What is read of each part, in order. Its threads end with it, however it ends."""
        waiting: deque[Future[Arrival]] = deque()
        stream = _stream(self.device) if self.device.type == "cuda" else None
        pool = ThreadPoolExecutor(WORKERS, thread_name_prefix=THREADS)
        try:
            most = 1
            for rows in parts:
                waiting.append(pool.submit(self._fetch, rows, stream))
                if len(waiting) > most:
                    images = _arrived(waiting.popleft())
                    most = _batches_ahead(images)
                    yield images
            while waiting:
                yield _arrived(waiting.popleft())
        finally:
            pool.shutdown(cancel_futures=True)

    def _fetch(self, rows: np.ndarray, stream: "torch.cuda.Stream | None") -> Arrival:
        """In a thread: the images at these rows on the device, and when a GPU will have them.

        Pinned memory and a stream of its own let the copy run while the GPU computes.
        """
        pixels = self._read(rows)
        if stream is None:
            return _channels_last(pixels), None
        with torch.cuda.stream(stream):
            there = _channels_last(pixels.pin_memory().to(self.device, non_blocking=True))
            return there, stream.record_event()

    def _read(self, rows: np.ndarray) -> torch.Tensor:
        try:
            return self.read(rows)
        except (OSError, MemoryError) as error:
            reason = getattr(error, "strerror", None) or str(error) or "out of memory"
            raise UserError(
                f"images among rows {rows.min():,} to {rows.max():,} of {len(self):,} cannot be "
                f"read ({reason}): see that their disk is there, then start again; "
                "what was trained is kept"
            ) from error


@cache
def _stream(device: torch.device) -> "torch.cuda.Stream":
    """The one for copies: memory that it has used is kept for it, and not for another."""
    return torch.cuda.Stream(device)


def _channels_last(images: torch.Tensor) -> torch.Tensor:
    """As resident images are: no copy of prepared ones, which lie so on disk."""
    return images.contiguous(memory_format=torch.channels_last)


def _arrived(future: "Future[Arrival]") -> torch.Tensor:
    """The images, once they are read. The GPU, not this thread, waits for their copy."""
    images, copied = future.result()
    if copied is not None:
        now = torch.cuda.current_stream(images.device)
        now.wait_event(copied)
        images.record_stream(now)  # their memory is not reused before this stream is done with it
    return images


def _batches_ahead(images: torch.Tensor) -> int:
    """How many batches of this size are read ahead: at least 1."""
    return max(1, min(MOST_AHEAD, READ_AHEAD // max(1, images.nbytes)))
