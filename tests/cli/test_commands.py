"""A command is a file; each loads what it needs and no more."""

import argparse
import os
import subprocess
import sys

import pytest
from copies import Copy

from nbsupport.cli import main
from nbsupport.cli.parsing import values
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


@pytest.mark.parametrize("words", [("run", "02_background"), ("plan", "--page", "02_background")])
def test_a_profile_is_given_in_one_way(words, capsys):
    assert main([*words, "--profile", "smoke", "-p", "profile", "demo"]) == 2
    assert "profile is given twice" in capsys.readouterr().err
    options = argparse.Namespace(parameters=[["axis", "logit"]], profile="smoke")
    assert values(options) == {"axis": "logit", "profile": "smoke"}
