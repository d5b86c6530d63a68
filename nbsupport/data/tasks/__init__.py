"""Downstream tasks by name: each is one file here with a function `open_it(**options) -> Task`."""

from nbsupport.data.tasks.base import SPLITS, Task, open_task, task_names

__all__ = ["SPLITS", "Task", "open_task", "task_names"]
