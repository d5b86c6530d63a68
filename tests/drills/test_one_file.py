"""A family, an engine, a source, a task: one file each in a copy of the project, nothing else.

Or a module of the user's own, outside the project, named with its dots.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from added import ENGINE, FAMILY, SOURCE, TASK


def python(project: Path, *arguments: str, own: Path | None = None, status: int = 0) -> str:
    """What a command prints, on both streams, that runs the copy and finds modules in `own`."""
    places = [str(project), *([str(own)] if own else [])]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(places),
        "NBSUPPORT_STORE": str(project / "store"),
        "NBSUPPORT_DATA": str(project / "data"),
    }
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=project,
        env=environment,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


def nbsupport(project: Path, *arguments: str, own: Path | None = None, status: int = 0) -> str:
    return python(project, "-m", "nbsupport", *arguments, own=own, status=status)


RUN_FAMILY = """
from nbsupport.analysis.charts import look
from nbsupport.pages.setup import architecture_table
from nbsupport.study.study import Study

study = Study("smoke", families=["vgg"], engine="serial")
runs = study.runs([study.scratch])
table = study.run([study.scratch], progress=False)
assert set(table["family"]) == {"vgg"} and set(table["architecture"]) == {"small VGG"}
assert runs[0].jobs[-1].spec["recipe"]["lr"] == 2e-3
assert "pairs of small convolutions" in str(architecture_table(study)._repr_mimebundle_())
assert look.family_name("vgg") == "VGG" and look.family_shapes(["resnet", "vgg"])["vgg"]
"""


def test_a_family(project: Path) -> None:
    (project / "nbsupport" / "training" / "families" / "vgg.py").write_text(FAMILY)
    asked = ("--page", "04_1_quantity", "--profile", "smoke", "-p", "families")
    assert "04_1_quantity" in nbsupport(project, "plan", *asked, '["vgg"]')
    assert "did you mean 'vgg'" in nbsupport(project, "plan", *asked, '["vgh"]', status=2)
    python(project, "-c", RUN_FAMILY)


RUN_ENGINE = """
from nbsupport.jobs import engines
from nbsupport.study.study import Study

study = Study("smoke", families=["alexnet"])
with engines.chosen("counting"):
    study.run([study.scratch], progress=False)
from nbsupport.jobs.engines import counting
assert len(counting.made) == 1
"""


def test_an_engine(project: Path) -> None:
    (project / "nbsupport" / "jobs" / "engines" / "counting.py").write_text(ENGINE)
    python(project, "-c", RUN_ENGINE)
    said = nbsupport(project, "run", "04_1_quantity", "--engine", "countin", status=2)
    assert "allowed are counting, local, ray, serial; did you mean 'counting'" in said


RUN_DATA = """
import sys
from nbsupport.data.rehearsal import make
from nbsupport.data.sources import open_source
from nbsupport.data.subsets.subset import Subset
from nbsupport.paths import data_dir
from nbsupport.study.group import Group
from nbsupport.study.study import Study

source, task, family, engine = sys.argv[1:]
assert make(data_dir(), px=32, only=[source, task]) == {source: 40, task: 88}
study = Study("smoke", families=[family], engine=engine)
subset = Subset(open_source({"name": source, "px": 32})).per_class(8)
table = study.run([Group("own", "own", subset, task={"name": task})], progress=False)
assert set(table["source"]) == {source} and set(table["n_ood"]) == {16}
assert set(table["family"]) == {family}
"""


def test_a_source_and_a_task(project: Path) -> None:
    data = project / "nbsupport" / "data"
    (data / "sources" / "herbarium.py").write_text(SOURCE)
    (data / "tasks" / "ponds.py").write_text(TASK)
    python(project, "-c", RUN_DATA, "herbarium", "ponds", "alexnet", "serial")
    listed = nbsupport(project, "data")
    assert "herbarium: here, made for rehearsal: 4 class folders" in listed
    assert "ponds: here" in listed
    for name in ("herbarium", "ponds"):
        assert f"{name}: nothing wrong" in nbsupport(project, "data", "check", name)
    shutil.rmtree(project / "data" / "ponds" / "train")
    assert "ponds: wrong: train is missing" in nbsupport(
        project, "data", "check", "ponds", status=1
    )


def test_modules_of_the_user_s_own_train_in_a_worker(project: Path, tmp_path: Path) -> None:
    own = tmp_path / "elsewhere"
    (own / "my_lab").mkdir(parents=True)
    texts = {"vgg": FAMILY, "herbarium": SOURCE, "ponds": TASK}
    for name, text in texts.items():
        text = text.replace(f'NAME = "{name}"', f'NAME = "my_lab.{name}"')
        (own / "my_lab" / f"{name}.py").write_text(text)
    names = [f"my_lab.{name}" for name in ("herbarium", "ponds", "vgg")]
    python(project, "-c", RUN_DATA, *names, "local", own=own)
    assert "nothing wrong" in nbsupport(project, "data", "check", "my_lab.herbarium", own=own)
    asked = ("plan", "--page", "04_1_quantity", "--profile", "smoke", "-p", "families")
    assert "04_1_quantity" in nbsupport(project, *asked, '["my_lab.vgg"]', own=own)
    said = nbsupport(project, *asked, '["my_lab.vgg"]', status=2)
    assert "unknown architecture family 'my_lab.vgg': Python finds no module my_lab" in said
