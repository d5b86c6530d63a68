"""The lab behind the book: the few names that a notebook uses."""

from nbsupport.errors import UserError

__all__ = ["UserError"]
__version__ = "0.1.0"
