"""The kernel that executes a page: this interpreter, reached through files instead of ports."""

import os
import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

from ipykernel.kernelapp import IPKernelApp
from IPython.core.formatters import DisplayFormatter
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager

from nbsupport.building.own_settings import python

LONGEST = 90  # characters of a socket's path, less than the system allows (104 or 108)


class OwnKernelManager(AsyncKernelManager):
    """Starts a kernel of `sys.executable`, whatever kernels are registered here.

    A registered `python3` may be another interpreter, or missing. Kernels that start at the same
    time can pick the same TCP port, so they talk over Unix sockets, each in a folder of its own.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if sockets := _socket_folder():
            weakref.finalize(self, shutil.rmtree, sockets, ignore_errors=True)
            self.transport = "ipc"
            self.connection_file = str(Path(sockets) / "kernel.json")

    @property
    def kernel_spec(self) -> KernelSpec:
        """The specification of the current interpreter's kernel."""
        argv = python("from nbsupport.building.kernel import main; main()")
        return KernelSpec(argv=[*argv, "-f", "{connection_file}"], language="python")


def _socket_folder() -> str | None:
    """A new folder whose path is short enough for sockets; None where there can be none."""
    if sys.platform == "win32":
        return None
    for parent in (tempfile.gettempdir(), "/tmp"):
        if len(parent) + len("/page-12345678/kernel-ipc-1") <= LONGEST and os.access(
            parent, os.W_OK
        ):
            return tempfile.mkdtemp(prefix="page-", dir=parent)
    return None


class HtmlFormatter(DisplayFormatter):
    """What a page of the book shows: no picture beside the HTML, which has it already."""

    def format(self, obj: Any, include: Any = None, exclude: Any = None) -> Any:
        """The object's texts by MIME type."""
        return super().format(obj, include=include, exclude={"image/png", *(exclude or ())})


class OwnKernelApp(IPKernelApp):
    """A kernel without anybody's configuration or start-up files."""

    def init_shell(self) -> None:
        """Start the shell, which formats for a page."""
        super().init_shell()
        assert self.shell is not None
        self.shell.display_formatter = HtmlFormatter(parent=self.shell)

    def load_config_file(self, *_: Any, **__: Any) -> None:
        """The command line says all there is to say."""

    def _run_startup_files(self) -> None:
        """Those of IPython's folder, of the machine's, and the one of PYTHONSTARTUP."""


def main() -> None:
    """Answer to the connection file that the command line names."""
    OwnKernelApp.launch_instance()
