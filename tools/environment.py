"""Two things that the set-up asks of the environment's own Python; see setup.sh.

environment.py sources        shell commands that keep of pip's configuration where packages
                              come from, and drop where they would go
environment.py moved OLD NEW  name the new place in the scripts of an environment that was moved
"""

import ast
import os
import shlex
import subprocess
import sys
from pathlib import Path

SOURCES = (
    "index-url",
    "extra-index-url",
    "find-links",
    "no-index",
    "trusted-host",
    "cert",
    "client-cert",
    "proxy",
    "keyring-provider",
    "timeout",
    "retries",
    "cache-dir",
    "no-cache-dir",
)


def sources() -> str:
    """What pip's configuration files say of sources, as variables; the files are read no more."""
    command = [sys.executable, "-m", "pip", "config", "list"]
    listed = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    lines = []
    for line in listed.splitlines():
        place, _, value = line.partition("=")
        name = place.partition(".")[2]
        variable = "PIP_" + name.upper().replace("-", "_")
        if name in SOURCES and variable not in os.environ:
            lines.append(f"export {variable}={shlex.quote(str(ast.literal_eval(value)))}")
    return "\n".join([*lines, "export PIP_CONFIG_FILE=/dev/null"])


# "#!" takes no path that is long or has a space: the shell starts such a script, as pip does it.
SCRIPT = b"""#!/bin/sh
'''exec' "%s/bin/python" "$0" "$@"
' '''
"""


def moved(old: str, new: str) -> None:
    """Scripts and `activate` name the environment's folder: replace it where it was another."""
    before, after = os.fsencode(old), os.fsencode(new)
    for path in Path(new, "bin").iterdir():
        if old != new and path.is_file() and not path.is_symlink():
            content = path.read_bytes()
            head, _, body = content.partition(b"\n")
            if head.startswith(b"#!" + before + b"/"):
                path.write_bytes(SCRIPT % after + body.replace(before, after))
            else:
                path.write_bytes(content.replace(before, after))


if __name__ == "__main__":
    task, *arguments = sys.argv[1:]
    if task == "sources":
        print(sources())
    else:
        moved(*arguments)
