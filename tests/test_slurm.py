"""The script for Slurm, with stand-ins for Slurm's commands, for Ray and for the project's own."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nbsupport.paths import root

SCRIPT = root() / "tools" / "slurm" / "sweep.sbatch"
STANDS_IN = {
    "scontrol": 'case "$1" in show) printf "a1\\na2\\na3\\n" ;; '
    '*) echo "scontrol $*" >>"$LOG" ;; esac',
    "srun": 'while case "$1" in --*) true ;; *) false ;; esac; do case "$1" in --nodelist=*) '
    'export ON=$1 ;; esac; shift; done; exec "$@"',
    "hostname": "echo 127.0.0.1 fe80::1",
    ".venv/bin/ray": 'echo "$ON ray $*" >>"$LOG"; echo $$ >>"$LOG.processes"; '
    'case "$*" in *--head*) exec "$PYTHON" -c "import socket, time; '
    "s = socket.create_server(('127.0.0.1', 20077)); time.sleep(60)\" ;; esac; exec sleep 60",
    ".venv/bin/python": 'echo "python $*" >>"$LOG"; sleep 0.5; exit "$STATUS"',
}


def sweep(folder: Path, status: int, *arguments: str) -> tuple[int, list[str]]:
    """The status of the script, and what its programs were called with."""
    (folder / ".venv" / "bin").mkdir(parents=True)
    for name, text in STANDS_IN.items():
        (folder / name).write_text(f"#!/bin/bash\n{text}\n")
        (folder / name).chmod(0o755)
    about = {"SLURM_JOB_ID": "77", "SLURM_JOB_NODELIST": "a[1-3]", "SLURM_CPUS_PER_TASK": "64"}
    more = {
        "SLURM_GPUS_ON_NODE": "8",
        "LOG": str(folder / "log"),
        "STATUS": str(status),
        "PYTHON": sys.executable,
    }
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", str(SCRIPT), *arguments],
        cwd=folder,
        env={**os.environ, **about, **more, "USER": "me", "PATH": path},
        timeout=60,
        check=False,
    )
    return done.returncode, (folder / "log").read_text().splitlines()


@pytest.mark.parametrize(("status", "again"), [(75, True), (0, False), (2, False)])
def test_a_sweep_is_queued_again_where_its_time_was_up(
    tmp_path: Path, status: int, again: bool
) -> None:
    code, told = sweep(tmp_path, status, "record", "--profile", "paper")
    assert code == status
    assert ("scontrol requeue 77" in told) is again
    command = "python -m nbsupport record --profile paper --engine ray --address 127.0.0.1:20077"
    assert f"{command} --time-limit 23h30m" in told
    (head,) = (line for line in told if "--head" in line)
    assert head.startswith(
        "--nodelist=a1 ray start --head --node-ip-address=127.0.0.1 --port=20077"
    )
    assert "--num-cpus=64 --num-gpus=8 --disable-usage-stats" in head
    (others,) = (line for line in told if " ray start --address=127.0.0.1:20077" in line)
    assert others.startswith("--nodelist=a2,a3 ")


def test_the_nodes_are_given_back(tmp_path: Path) -> None:
    _, told = sweep(tmp_path, 0)
    assert any(line.startswith("python -m nbsupport record --engine ray") for line in told)
    processes = [int(line) for line in (tmp_path / "log.processes").read_text().split()]
    assert len(processes) == 2
    end = time.monotonic() + 5
    while any(Path(f"/proc/{process}").exists() for process in processes):
        assert time.monotonic() < end, "a node of the cluster is left running"
        time.sleep(0.05)
