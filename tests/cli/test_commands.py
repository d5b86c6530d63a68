"""A command is a file; each loads what it needs and no more."""

import os
import subprocess
import sys

from copies import Copy

from nbsupport.paths import root

VERB = '''"""A command of somebody's own."""

from nbsupport.cli.parsing import command


def add(commands):
    """Add `greet`."""
    command(commands, "greet", "say good day", lambda options: print("good day"))
'''


def test_a_file_is_a_command(tmp_path) -> None:
    copy = Copy(tmp_path)
    copy.write("nbsupport/cli/greet.py", VERB)
    assert copy.command("greet").stdout == "good day\n"
    assert "say good day" in copy.command("-h").stdout


def test_listing_the_store_loads_no_page(tmp_path) -> None:
    code = (
        "import sys; from nbsupport.cli import main; main(['jobs']);"
        "print(sorted(n for n in sys.modules if n.startswith(('nbsupport.pages', 'nbsupport.st'))))"
    )
    own = os.environ | {"NBSUPPORT_STORE": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=root(),
        env=own,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "['nbsupport.stopping']"
