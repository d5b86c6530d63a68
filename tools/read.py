"""The whole book from the committed records: `python tools/read.py`, or `make read`.

Makes the environment `.venv-read` (no PyTorch, about 0.6 GB), executes every page on
recorded runs, renders the book and says where it is. Works on Linux, macOS and Windows with Python
3.11 or later, and uses nothing but Python's own library. With `--zip` it packs the book as well;
with `--edition student` the book has no solutions.
"""

import hashlib
import os
import subprocess
import sys
import time
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLACE = ROOT / ".venv-read"
PINS = ROOT / "requirements-read.txt"
STAMP = PLACE / "set-up"
LEAST = (3, 11)
EDITIONS = ("full", "student")


def main() -> int:
    """Set up, build, and pack where that is asked for; the exit status."""
    began = time.monotonic()
    if sys.version_info < LEAST:
        return _fail(f"Python {sys.version.split()[0]} is too old: 3.11 or later is needed")
    edition = _edition(sys.argv[1:])
    if edition not in EDITIONS:
        return _fail(f"unknown edition {edition!r}: give one of {', '.join(EDITIONS)}")
    wanted = hashlib.sha256(PINS.read_bytes()).hexdigest()
    try:
        if not STAMP.is_file() or STAMP.read_text(encoding="utf-8") != wanted:
            _set_up()
            STAMP.write_text(wanted, encoding="utf-8")
        command = [str(_python()), "-m", "nbsupport"]
        status = _run([*command, "build", "--results", "recorded", "--edition", edition])
        if not status and "--zip" in sys.argv[1:]:
            status = _run([*command, "zip", "--edition", edition])
    except subprocess.CalledProcessError as error:
        return _fail(
            f"the packages of {PINS.name} were not installed (status {error.returncode}): the "
            "reason stands above; the same command tries again"
        )
    except OSError as error:
        return _fail(f"{error.strerror}: {error.filename}")
    except KeyboardInterrupt:
        return 130
    minutes, seconds = divmod(round(time.monotonic() - began), 60)
    print(f"{minutes} min {seconds:02d} s in all, set-up included", file=sys.stderr)
    return status


def _edition(words: list[str]) -> str:
    """What follows `--edition`; the full one without it."""
    return [*words, ""][words.index("--edition") + 1] if "--edition" in words else EDITIONS[0]


def _set_up() -> None:
    print(f"setting up {PLACE.name}, 0.6 GB, once", file=sys.stderr, flush=True)
    STAMP.unlink(missing_ok=True)
    venv.EnvBuilder(clear=True, with_pip=True).create(PLACE)
    # Bytecode is written by the pages, for what they use: that of all packages takes 20 s more.
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-compile"]
    subprocess.run([str(_python()), *install, "-r", str(PINS)], check=True, env=_environment())


def _python() -> Path:
    windows = PLACE / "Scripts" / "python.exe"
    return windows if os.name == "nt" else PLACE / "bin" / "python"


def _environment() -> dict[str, str]:
    """This one's, without what would have packages installed elsewhere, or code found elsewhere."""
    elsewhere = ("PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV")
    dropped = ("PYTHONHOME", "PYTHONDONTWRITEBYTECODE", "VIRTUAL_ENV", *elsewhere)
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}


def _run(command: list[str]) -> int:
    return subprocess.run(command, cwd=ROOT, env=_environment(), check=False).returncode


def _fail(why: str) -> int:
    print(f"read: {why}", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
