"""One kernel that executes page after page: its imports, and what it has read, are paid once.

For pages of recorded runs, which train nothing and so leave nothing behind but what they have read.
Each page begins with an empty namespace, and its cells are counted from 1.
"""

import nbformat
from nbclient import NotebookClient

from nbsupport.building.kernel import OwnKernelManager

EMPTY = "get_ipython().reset(new_session=True); get_ipython().execution_count = 1"
START = 120  # seconds for a kernel to answer first


class WarmKernel:
    """A kernel that is started when it is first asked for, and again when it has died."""

    def __init__(self) -> None:
        self._manager: OwnKernelManager | None = None

    def emptied(self) -> OwnKernelManager:
        """The manager of the running kernel, whose namespace is empty."""
        manager = self._manager or OwnKernelManager()
        self._manager = None  # should what follows fail: the next page gets a new one
        cell = nbformat.v4.new_code_cell(EMPTY)
        notebook = nbformat.v4.new_notebook(cells=[cell])
        client = NotebookClient(notebook, km=manager, startup_timeout=START)
        client.execute(cleanup_kc=False)
        self._manager = manager
        return manager

    def forget(self) -> None:
        """Take a new kernel next time: this one has died."""
        self._manager = None
