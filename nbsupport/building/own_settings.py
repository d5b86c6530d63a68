"""The processes that make pages: this interpreter, without anybody's own settings.

IPython's start-up files, a Jupyter or docutils configuration in the home folder, the language of
the terminal: each can change what a page shows, or how it is drawn.
"""

import os
import re
import sys
from functools import cache
from importlib.metadata import distributions
from pathlib import Path

from nbsupport.paths import root

# What these programs, and Python itself, read from the environment.
_SETTINGS = re.compile(
    r"(PYTHON|IPYTHON|IPYKERNEL|JUPYTER|JPY_|PYDEVD|MPL|MATPLOTLIB|DOCUTILS|SPHINX|LC_)\w*"
    r"|LANG|LANGUAGE|COLUMNS|LINES|COLORTERM|FORCE_COLOR|CLICOLOR\w*|SOURCE_DATE_EPOCH"
)


def python(code: str, *arguments: str) -> list[str]:
    """The command that runs a line of code in this interpreter, apart from its user.

    It sees no variable of Python's, no packages or start-up code of the home folder, and nothing in
    the current folder. It can import what this process can.
    """
    start = f"import sys; sys.path[:0] = {_places()!r}; {code}"
    options = ["-I", "-X", "utf8", "-X", "frozen_modules=off"]
    return [sys.executable, *options, "-c", start, *arguments]


def environment(own: Path) -> dict[str, str]:
    """The environment of such a process: this one's without settings; its files go to `own`."""
    kept = {name: value for name, value in os.environ.items() if not _SETTINGS.fullmatch(name)}
    folders = ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR")
    return {
        **kept,
        **dict.fromkeys((*folders, "MPLCONFIGDIR", "XDG_CONFIG_HOME", "TMPDIR"), str(own)),
        "JUPYTER_NO_CONFIG": "1",
        "DOCUTILSCONFIG": os.devnull,
        "LC_ALL": "C.UTF-8",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "PYTHONNOUSERSITE": "1",  # for the processes that these start
        "PYTHONPATH": os.pathsep.join(_places()),
    }


def _places() -> list[str]:
    """The project first (it need not be installed), then what the user's PYTHONPATH names."""
    given = os.environ.get("PYTHONPATH", "").split(os.pathsep)
    return list(dict.fromkeys([str(root()), *(str(Path(p).absolute()) for p in given if p)]))


@cache
def installed() -> str:
    """The installed packages with their versions: a newer one may draw or print otherwise."""
    places = [path for path in sys.path if not _inside_a_package(Path(path))]
    return " ".join(sorted({f"{d.name}=={d.version}" for d in distributions(path=places)}))


def _inside_a_package(path: Path) -> bool:
    """Whether a package has put a folder of its own on the path, as Ray does once imported."""
    return any(parent.name in ("site-packages", "dist-packages") for parent in path.parents)
