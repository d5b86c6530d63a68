"""What a preparation has on disk already: a line for each block of pictures, with its checksum."""

import json
import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

Entry = dict[str, Any]


class Journal:
    """A line for each block of rows that is on disk: from, to, what was skipped in it, SHA-256."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.entries = [entry for line in self._lines() if (entry := _entry(line))]

    def _lines(self) -> list[bytes]:
        """Whole lines; a last one that was cut off is removed from the file."""
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        if whole != content:
            os.truncate(self.path, len(whole))
        return [line for line in whole.splitlines() if line]

    def begin(self) -> None:
        """Take room for the first entries, which threads would fill the disk with meanwhile."""
        if not self.path.exists():
            self.path.write_text("\n", encoding="utf-8")

    def clear(self) -> None:
        """Forget all of it."""
        self.path.unlink(missing_ok=True)
        self.entries.clear()

    def add(self, rows: range, skipped: dict[int, str], checksum: str) -> None:
        """Enter a block that is on disk."""
        entry = {
            "from": rows.start,
            "to": rows.stop,
            "skipped": list(skipped.items()),
            "sha256": checksum,
        }
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(entry) + "\n")
        self.entries.append(entry)

    def keep_whole(self, read: Callable[[range], bytes]) -> None:
        """Forget blocks that are no longer what was written; `read` returns the bytes of rows."""
        self.entries = [
            entry
            for entry in self.entries
            if sha256(read(range(entry["from"], entry["to"]))).hexdigest() == entry["sha256"]
        ]

    def missing(self, count: int) -> np.ndarray:
        """Which rows are not on disk yet: bool [count]."""
        missing = np.ones(count, dtype=bool)
        for entry in self.entries:
            missing[entry["from"] : entry["to"]] = False
        return missing

    def skipped(self) -> dict[int, str]:
        """Row and reason of each picture that was skipped, in order."""
        pairs = (pair for entry in self.entries for pair in entry["skipped"])
        return dict(sorted((row, reason) for row, reason in pairs))


def _entry(line: bytes) -> Entry | None:
    """An entry, None for a line that is damaged, or of before blocks had checksums."""
    try:
        entry: Entry = json.loads(line)
        sound = (
            0 <= entry["from"] < entry["to"] and entry["sha256"] and entry["skipped"] is not None
        )
    except (ValueError, KeyError, TypeError):
        return None
    return entry if sound else None
