"""Commands of `python -m nbsupport`, a module each: `add(commands)` says what it is called."""
