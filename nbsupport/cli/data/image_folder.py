"""Folders of images that a command writes: settled once, resumable, no file ever half there."""

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.errors import UserError
from nbsupport.paths import absolute, data_dir
from nbsupport.sharing import file_lock, said

if TYPE_CHECKING:
    from PIL.Image import Image

HOW = "how.json"
PARTIAL = ".partial"


def root_option(
    parser: argparse.ArgumentParser,
    told: str = "the folder of data sets; default: NBSUPPORT_DATA",
) -> None:
    """--root, as `data` and its actions have it."""
    default = argparse.SUPPRESS  # or an action's would overwrite what `data` itself was given
    parser.add_argument("--root", default=default, metavar="DIR", help=told)


def given_root(options: argparse.Namespace) -> Path | None:
    """What --root names, from the current folder on; None where it is not given."""
    given: str = getattr(options, "root", "")
    return absolute(given) if given else None


def use_root(options: argparse.Namespace) -> None:
    """Put --root in place of NBSUPPORT_DATA, which every source reads. UserError for no folder."""
    if root := given_root(options):
        if not root.is_dir():
            raise UserError(
                f"--root {options.root} is no folder: name the one that holds your data sets"
            )
        os.environ["NBSUPPORT_DATA"] = str(root)


def root_of(options: argparse.Namespace) -> Path:
    """The folder of data sets. UserError where nothing names it."""
    root = given_root(options) or data_dir()
    if root is None:
        raise UserError("nothing says where to write: give --root DIR, or set NBSUPPORT_DATA")
    return root


def at_least(least: int, **given: int) -> None:
    """UserError where one of the options given is below `least`."""
    for name, value in given.items():
        if value < least:
            raise UserError(f"--{name.replace('_', '-')} {value}: give {least} or more")


def settle(folder: Path, settings: dict[str, Any], made_with: dict[str, Any]) -> None:
    """Note in how.json how a folder's images are made, or check that earlier ones were made so.

    `settings` decide what an image looks like, `made_with` is for the record. UserError where the
    folder's images were made otherwise, or by nobody knows what.
    """
    path = folder / HOW
    if path.exists():
        _compare(folder, _read(path), settings)
        return
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        if any(entry.is_dir() for entry in folder.iterdir()):
            raise UserError(
                f"{folder} holds folders but no {HOW} that says how their images were made: "
                "give another --root, or move them away"
            )
        partial = path.with_name(HOW + PARTIAL)
        partial.write_text(json.dumps({**settings, "made_with": made_with}, indent=1) + "\n")
        partial.replace(path)


def _read(path: Path) -> dict[str, Any]:
    from nbsupport.data.pictures.files import reason

    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except Exception as error:
        raise UserError(f"{path} cannot be read ({reason(error)}): restore it") from error
    if not isinstance(found, dict):
        raise UserError(f"{path} is no JSON object: restore it")
    return found


def _compare(folder: Path, found: dict[str, Any], settings: dict[str, Any]) -> None:
    other = [name for name, value in settings.items() if found.get(name) != value]
    if other:
        held = ", ".join(f"{name} {found.get(name)}" for name in other)
        asked = ", ".join(f"{name} {settings[name]}" for name in other)
        raise UserError(
            f"{folder} holds images made with {held}, not {asked}: "
            "give the same settings or another --root"
        )


@contextmanager
def claimed(folder: Path, name: str) -> Iterator[bool]:
    """Whether this process may write to the class `name` of a folder: one at a time may."""
    from filelock import Timeout

    locks = folder.parent / ".making" / folder.name  # beside it: every folder in it is a class
    with writing(folder):
        locks.mkdir(parents=True, exist_ok=True)
    lock = file_lock(locks / f"{name}.lock", locks)
    try:
        lock.acquire(timeout=0)
    except OSError as error:
        if not isinstance(error, Timeout):
            raise _cannot_write(folder, error) from error
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


def prepared(folder: Path) -> Path:
    """A class's folder, made if need be, without what a killed process left half written."""
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
        for rest in folder.glob(f"*{PARTIAL}"):
            rest.unlink()
    return folder


def write_png(image: "Image", path: Path) -> None:
    """Write a picture so that the file is there whole or not at all. UserError if it cannot be."""
    partial = path.with_name(path.name + PARTIAL)
    with writing(path.parent):
        try:
            image.save(partial, format="PNG")
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)


@contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turns an OSError about a folder into a UserError that says what to do."""
    try:
        yield
    except OSError as error:
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: Path, error: OSError) -> UserError:
    return UserError(
        f"cannot write to {folder} ({said(error)}): make room or give another "
        "--root; what is written stays, the same command goes on"
    )


def existing(folder: Path) -> set[str]:
    """The names of the files in a folder, none where it is not there."""
    return {path.name for path in folder.iterdir()} if folder.is_dir() else set()
