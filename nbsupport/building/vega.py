"""The charts' scripts (Vega, Vega-Lite, vega-embed) as one file that works without a network."""

from importlib.metadata import version
from pathlib import Path

from nbsupport.data.pictures.listings import write_text

# Only what a page needs: the tooltip and drawing go through vega-embed.
EXPORT = "window.vegaEmbed = vegaEmbed; window.vega = vega;"


def stamp() -> str:
    """The first line of the script: the versions that it was made from."""
    made_from = (f"{name} {version(name)}" for name in ("altair", "vl-convert-python"))
    return f"// Vega, Vega-Lite and vega-embed for the book: {', '.join(made_from)}\n"


def bundle() -> str:
    """The text of the script, for the Vega-Lite version that Altair writes.

    Wrapped in a function: the bundle's top-level names (`_` among them) collide with those of
    Sphinx's scripts, and then no chart is drawn.
    """
    import altair
    import vl_convert

    schema = ".".join(altair.SCHEMA_VERSION.lstrip("v").split(".")[:2])
    script = vl_convert.javascript_bundle(EXPORT, vl_version=schema)
    return f"{stamp()}(function () {{\n{script}\n}})();\n"


def write_bundle(path: Path) -> Path:
    """Write the script to `path` unless one of the same versions is there (making it takes 3 s).

    Replaced as a whole, so that a build killed halfway leaves no broken script.
    """
    if path.is_file():
        with path.open(encoding="utf-8") as present:
            if present.readline() == stamp():
                return path
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, bundle())
    return path
