"""Files whose content is checked against a checksum in them, and the day they were made.

The checksum finds an edit, by hand or by accident. It is no proof: who changes a file on purpose
can compute it anew.
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from nbsupport.errors import UserError
from nbsupport.jobs.job import canonical
from nbsupport.reading import read_json, shown

SEAL = "sha256"


def digest(value: Any) -> str:
    """SHA-256 of the one JSON text of a value."""
    return sha256(canonical(value).encode("ascii")).hexdigest()


def now() -> str:
    """The time in UTC, to the second: 2026-11-30T14:05:00+00:00."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def write_sealed(path: Path, content: Mapping[str, Any]) -> Path:
    """Write a JSON object with its checksum. UserError where the file is there or cannot be."""
    text = json.dumps({**content, SEAL: digest(dict(content))}, indent=1, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("x", encoding="utf-8") as file:
            file.write(f"{text}\n")
    except FileExistsError:
        raise UserError(
            f"{shown(path)} is there already, and is not written over: what was fixed stays fixed; "
            "give another name, or remove it by hand and say so"
        ) from None
    except OSError as error:
        raise UserError(f"{shown(path)} cannot be written: {error.strerror or error}") from None
    return path


def read_sealed(path: Path, kind: str, what: str) -> dict[str, Any]:
    """A JSON object that `write_sealed` wrote. UserError for another file, and for an edited one.

    kind: what its field "kind" has to be; what: the same in words.
    """
    content = read_json(path)
    if content.get("kind") != kind:
        raise UserError(f"{shown(path)} is no {what}: give the file that the command wrote")
    if content.pop(SEAL, "") != digest(content):
        raise UserError(f"{shown(path)} was edited after it was made: take the original {what}")
    return content
