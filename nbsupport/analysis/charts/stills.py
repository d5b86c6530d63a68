"""PNGs of figures, kept between builds: drawing one takes half a second, and most stay the same."""

import json
import os
import time
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

VARIABLE = "NBSUPPORT_STILLS"  # the folder, where there is one: a build names it to its pages
UNUSED_DAYS = 30  # after which a PNG is removed
_BEGIN, _END = b"\x89PNG\r\n\x1a\n", b"IEND\xaeB`\x82"


def drawn(spec: dict[str, Any], scale: float) -> bytes:
    """A Vega-Lite specification as a PNG: the one that was kept, or drawn now and kept.

    Nothing is fetched: no address is allowed to the renderer.
    """
    folder = os.environ.get(VARIABLE)
    if not folder:
        return _draw(spec, scale)
    said = json.dumps([spec, scale, version("vl-convert-python")], sort_keys=True)
    path = Path(folder) / f"{sha256(said.encode()).hexdigest()}.png"
    with suppress(OSError):
        content = path.read_bytes()
        if content.startswith(_BEGIN) and content.endswith(_END):
            os.utime(path)
            return content
    content = _draw(spec, scale)
    with suppress(OSError):  # a figure does not fail for want of room
        partial = path.with_name(f"{path.name}.{os.getpid()}.partial")
        partial.write_bytes(content)
        partial.replace(path)
    return content


def _draw(spec: dict[str, Any], scale: float) -> bytes:
    import vl_convert

    return vl_convert.vegalite_to_png(spec, scale=scale, allowed_base_urls=[])


def tidy(folder: Path) -> None:
    """Remove what no build has used for a while."""
    oldest = time.time() - UNUSED_DAYS * 86_400
    for path in folder.glob("*.png"):
        with suppress(OSError):
            if path.stat().st_mtime < oldest:
                path.unlink()
