"""Records as few bytes, for a page that computes in the browser.

All numbers of a column stand together, little-endian. A score takes three bytes: 20 bits of digits
and 4 of decimal places, which is what `records` writes, six significant digits, to the last one.
"""

from base64 import b64encode
from typing import TYPE_CHECKING, Any

import numpy as np

from nbsupport.analysis.points import ID, OOD, OOD_ACCURACY
from nbsupport.errors import UserError

if TYPE_CHECKING:
    import pandas as pd

DIGITS, PLACES = 20, 4  # bits
MISSING = (1 << DIGITS + PLACES) - 1
KEY_BYTES = 6  # of a run's key: enough to find it in a store by
RUN = ["world", "role", "family", "seed"]
_POWERS = np.array([10.0**k for k in range(1 << PLACES)])


def packed(records: "pd.DataFrame") -> dict[str, Any]:
    """Runs and their evaluated epochs: names, counts, and the columns as base64.

    In the order RUN, then by epoch: role, family, world and points of each run (1 byte each), seed
    (2), the first 6 bytes of its key, its mean OOD accuracy (3); of each point epoch (1), ID and
    OOD score (3 each). Raises UserError for a number that its bytes cannot hold.
    """
    rows = records.sort_values([*RUN, "epoch"], ignore_index=True)
    runs = rows.groupby(RUN, sort=False)
    first = runs.head(1)
    roles, families = (sorted(rows[c].unique()) for c in ("role", "family"))
    columns = [
        _whole(first["role"].map({r: i for i, r in enumerate(roles)}), 1, "role"),
        _whole(first["family"].map({f: i for i, f in enumerate(families)}), 1, "family"),
        _whole(first["world"], 1, "world"),
        _whole(runs.size(), 1, "evaluated epochs"),
        _whole(first["seed"], 2, "seed"),
        b"".join(bytes.fromhex(key[: 2 * KEY_BYTES]) for key in first["key"]),
        scores(runs[OOD_ACCURACY].mean().to_numpy(float)),
        _whole(rows["epoch"], 1, "epoch"),
        scores(rows[ID].to_numpy(float)),
        scores(rows[OOD].to_numpy(float)),
    ]
    return {
        "roles": roles,
        "families": families,
        "runs": len(first),
        "points": len(rows),
        "bytes": b64encode(b"".join(columns)).decode(),
    }


def _whole(values: "pd.Series", size: int, name: str) -> bytes:
    """Whole numbers of so many bytes; UserError for one that does not fit."""
    numbers = values.to_numpy(np.int64)
    if len(numbers) and not 0 <= numbers.min() <= numbers.max() < 256**size:
        raise UserError(
            f"{name} {numbers.max()} does not fit the explorer's table: at most {256**size - 1}"
        )
    return numbers.astype(f"<u{size}").tobytes()


def scores(values: np.ndarray) -> bytes:
    """Fractions [N] in [0, 1], to six significant digits, three bytes each; NaN is kept."""
    known = np.isfinite(values)
    given = np.where(known & (values > 0), values, 1.0)
    places = np.clip(5 - np.floor(np.log10(given)), 0, len(_POWERS) - 1).astype(int)
    digits = np.rint(given * _POWERS[places]).astype(int)
    up = digits >= 1_000_000  # 0.9999999 has become 1.000000
    digits, places = np.where(up, digits // 10, digits), np.where(up, places - 1, places)
    digits = np.where(values == 0, 0, digits)
    coded = np.where(known, digits << PLACES | places, MISSING).astype("<u4")
    return coded.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def unpacked_scores(data: bytes) -> np.ndarray:
    """The scores [N] again, as a browser reads them."""
    three = np.frombuffer(data, np.uint8).reshape(-1, 3).astype(int)
    coded = three @ [1, 1 << 8, 1 << 16]
    found: np.ndarray = (coded >> PLACES) / _POWERS[coded % (1 << PLACES)]
    return np.where(coded == MISSING, np.nan, found)
