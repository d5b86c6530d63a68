"""The kernel that executes a page: this interpreter, reached through files instead of ports."""

import shutil
import sys
import tempfile
import weakref
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager


class OwnKernelManager(AsyncKernelManager):
    """Starts `sys.executable -m ipykernel_launcher`, whatever kernels are registered here.

    A registered `python3` may be another interpreter, or missing. Kernels that start at the same
    time can pick the same TCP port, so they talk over Unix sockets, each in a folder of its own
    (short, because a socket's path may have about 100 characters).
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if sys.platform != "win32":
            sockets = tempfile.mkdtemp(prefix="page-", dir="/tmp")
            weakref.finalize(self, shutil.rmtree, sockets, ignore_errors=True)
            self.transport = "ipc"
            self.connection_file = str(Path(sockets) / "kernel.json")

    @property
    def kernel_spec(self) -> KernelSpec:
        """The specification of the current interpreter's kernel."""
        argv = [sys.executable, "-Xfrozen_modules=off", "-m", "ipykernel_launcher"]
        return KernelSpec(argv=[*argv, "-f", "{connection_file}"], language="python")
