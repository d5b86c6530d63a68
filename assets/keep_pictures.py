"""Keep what pages show that only PyTorch can make, for who reads the book without it.

    python assets/keep_pictures.py

executes the cells of every page on recorded runs, in this process, and writes the pictures and
counts that they ask for to `assets/pictures`, in place of those that are there. It takes the whole
set-up, makes the generated images where the store lacks them (half a minute of a core), trains
nothing else, and uses no picture of any data set: everything is drawn by Savanna or FractalDB.
Stopped, it leaves the pictures that were there.
"""

import argparse
import ast
import json
import shutil
import sys
from typing import Any
from unittest.mock import patch

from nbsupport.analysis.charts import Figure
from nbsupport.display import kept
from nbsupport.pages import pages
from nbsupport.parameters import code_cells
from nbsupport.study.study import Study

LIMIT = 1_000_000  # bytes


def main() -> None:
    """Keep all of them anew."""
    argparse.ArgumentParser(description=__doc__.partition("\n")[0]).parse_args()
    folder = kept.folder()
    new = folder.with_name(f"{folder.name}.partial")
    shutil.rmtree(new, ignore_errors=True)
    with patch.object(kept, "folder", lambda: new):
        kept.index.cache_clear()
        _keep()
    shutil.rmtree(folder)
    new.rename(folder)


def _keep() -> None:
    """Execute every page, and write the index."""
    from nbsupport.jobs import runner

    study = Study("demo")
    runner.run([study.generation], study.store)
    # Charts are drawn from the records wherever the book is read: here they would only take time.
    with kept.keeping() as entries, patch.object(Figure, "html", lambda figure: ""):
        for page in pages().values():
            print(page.id, file=sys.stderr, flush=True)
            _execute([(cell.code, cell.tags) for cell in code_cells(page.notebook)])
    text = json.dumps(dict(sorted(entries.items())), indent=0, separators=(",", ":"))
    (kept.folder() / "index.json").write_text(text + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in kept.folder().iterdir())
    print(f"{len(entries)} entries, {size:,} bytes")
    if size > LIMIT:
        raise SystemExit(f"more than {LIMIT:,} bytes: show fewer or smaller pictures")


def _execute(cells: list[tuple[str, tuple[str, ...]]]) -> None:
    """The cells of a page; what the last line of one would show is not made into a figure."""
    namespace: dict[str, Any] = {}
    for code, tags in cells:
        recorded = '\nresults = "recorded"' if "parameters" in tags else ""
        exec(compile(ast.parse(code + recorded), "cell", "exec"), namespace)


if __name__ == "__main__":
    main()
