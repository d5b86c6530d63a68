"""Where pages are written: one build at a time, and errors of the disk in one line."""

import errno
import os
import shutil
import subprocess
import sys
import threading
from functools import partial
from pathlib import Path

import filelock
import pytest

from nbsupport.building import build, outputs
from nbsupport.building.outputs import claimed, require_writable, writing
from nbsupport.data.pictures.listings import write_text
from nbsupport.errors import UserError
from nbsupport.paths import root

HOLD = """
import sys
from pathlib import Path
from nbsupport.building.outputs import claimed
with claimed(Path(sys.argv[1]), "build --profile demo"):
    print("held", flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen:
    """A process that writes to the folder until its input ends."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(folder)],
        env={**os.environ, "PYTHONPATH": str(root())},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "held\n"
    return process


def test_a_second_build_waits_and_says_for_whom(tmp_path, capfd):
    order = []
    with holder(tmp_path / "sections") as first:

        def second() -> None:
            with claimed(tmp_path / "sections", "build --profile smoke"):
                order.append("second")

        thread = threading.Thread(target=second)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
        order.append("first")
        first.stdin.close()
        thread.join(10)
    assert order == ["first", "second"]
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith(f"waiting for process {first.pid} on ")
    assert "(build --profile demo)" in line
    assert line.endswith("Ctrl-C stops waiting")


def test_other_folders_are_free_and_a_killed_holder_frees_its_own(tmp_path, capfd):
    with holder(tmp_path / "one") as first:
        with claimed(tmp_path / "two", "run"):
            first.kill()
            first.wait()
        with claimed(tmp_path / "one", "run"):
            assert capfd.readouterr().err == ""


@pytest.mark.parametrize("problem", [OSError(errno.ENOLCK, "no locks"), NotImplementedError()])
def test_a_disk_without_locks_is_told_and_used(tmp_path, monkeypatch, capsys, problem):
    def acquire(*_: object, **__: object) -> None:
        raise problem

    monkeypatch.setattr(filelock.FileLock, "acquire", acquire)
    with claimed(tmp_path / "sections", "build"):
        pass
    assert "has no locks" in capsys.readouterr().err


def test_both_kinds_of_build_write_under_the_lock(monkeypatch, tmp_path):
    held = []

    def execute(pages, *rest, **options):
        held.extend(path.name for path in tmp_path.rglob("*.writer"))
        raise UserError("far enough")

    monkeypatch.setattr(build, "root", lambda: tmp_path)
    monkeypatch.setattr(build, "train", lambda pages: (0, 0))
    monkeypatch.setattr(build, "execute_pages", execute)
    for work in (lambda: build.build_book("smoke"), lambda: build.rerun_page("03_setup", {})):
        with pytest.raises(UserError, match="far enough"):
            work()
    assert held[0] == ".sections.writer"
    assert held[1].startswith(".03_setup-")
    assert not list(tmp_path.rglob("*.writer"))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EDQUOT])
def test_an_error_of_the_disk_anywhere_in_a_build_is_one_line(monkeypatch, tmp_path, number):
    def fail(*_: object, **__: object) -> None:
        raise OSError(number, os.strerror(number), "a-file")

    monkeypatch.setattr(build, "root", lambda: tmp_path)
    monkeypatch.setattr(build, "train", lambda pages: (0, 0))
    monkeypatch.setattr(build, "execute_pages", lambda *_, **__: [])
    for name in ("check_book", "require_writable", "execute_pages", "render"):
        with monkeypatch.context() as patch:
            patch.setattr(build, name, fail)
            with pytest.raises(UserError, match=rf"{os.strerror(number)}: a-file\): \w+") as caught:
                build.build_book("smoke")
            assert "\n" not in str(caught.value)


def test_a_folder_that_cannot_be_copied_is_one_line(tmp_path, monkeypatch):
    (tmp_path / "from").mkdir()
    for name in ("a", "b"):
        (tmp_path / "from" / name).write_text("x")

    def full(source: str, target: str) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), source, None, target)

    with (
        pytest.raises(UserError, match=r"\(No space left on device: \S+/[ab]\): make room"),
        writing(),
    ):
        shutil.copytree(tmp_path / "from", tmp_path / "to", copy_function=full)


def test_folders_are_tried_before_anything_is_trained(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "root", lambda: tmp_path)
    monkeypatch.setattr(build, "train", lambda pages: pytest.fail("trained first"))
    for name in ("book", "rerun"):
        (tmp_path / name).write_text("a file in the way")
    for work in (lambda: build.build_book("smoke"), lambda: build.rerun_page("03_setup", {})):
        with pytest.raises(UserError, match=r"cannot build here .* move"):
            work()


READ_ONLY = """
import os, sys
from pathlib import Path
from nbsupport.errors import UserError
from nbsupport.building.outputs import require_writable, writing
os.setuid(65534)
try:
    with writing():
        require_writable(Path(sys.argv[1]) / "new")
except UserError as error:
    print(error)
"""


@pytest.mark.skipif(os.getuid() != 0, reason="becomes another user")
def test_a_folder_of_another_user_is_told(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", READ_ONLY, str(tmp_path)],
        env={**os.environ, "PYTHONPATH": str(root())},
        capture_output=True,
        text=True,
        check=True,
    )
    assert f"Permission denied: {tmp_path}" in done.stdout


def test_the_probe_leaves_nothing_and_finds_a_full_disk(tmp_path, monkeypatch):
    require_writable(tmp_path / "a" / "b")
    assert [path.name for path in tmp_path.rglob("*")] == ["a", "b"]
    if Path("/dev/full").exists():
        open_full = partial(open, "/dev/full", "wb")
        monkeypatch.setattr(outputs.tempfile, "NamedTemporaryFile", lambda **_: open_full())
        with pytest.raises(UserError, match=r"No space left on device.*make room"), writing():
            require_writable(tmp_path)


def test_files_are_written_whole_under_names_of_their_own(tmp_path, monkeypatch):
    seen = []
    replace = Path.replace
    monkeypatch.setattr(Path, "replace", lambda a, b: seen.append(a.name) or replace(a, b))
    write_text(tmp_path / "page.ipynb", "one")
    monkeypatch.setattr(os, "getpid", lambda: 7)
    write_text(tmp_path / "page.ipynb", "two")
    assert len(set(seen)) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["page.ipynb"]
