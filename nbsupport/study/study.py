"""A study: a profile, a world, the cells to run, and `run(groups)`, the one call a page makes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport import arguments
from nbsupport.analysis.roles import FULL, SCRATCH
from nbsupport.data.sources import open_nominal, open_source
from nbsupport.data.subsets.subset import Subset
from nbsupport.errors import NotHereError, UserError, said
from nbsupport.jobs.job import Job
from nbsupport.jobs.store import Store
from nbsupport.paths import store_dir
from nbsupport.study.group import BUDGETS, OBJECTIVES, Group, as_groups, check_data, checked_families
from nbsupport.study.profiles import Profile, profile_named
from nbsupport.study.profiles.real import RealProfile
from nbsupport.study.profiles.recipes import Recipe, recipe_named
from nbsupport.study.profiles.simulated import SimulatedProfile
from nbsupport.training.costs import Pace, pace_of
from nbsupport.training.families import FAMILIES, architecture
from nbsupport.training.stages.weights import fingerprint, published, weights_spec
from nbsupport.training.versions import VERSIONS

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.data.tasks import Task

CORPORA = ("clean", "noisy")  # of images with captions
GENERATION = {"variety": 0.16, "seed": 0}  # how the generative model is sampled
GENERATED_PER_SECOND = 1000  # a thread's
WEIGHTS_SECONDS = 10.0  # to fit published weights; fetching them is another matter


@dataclass(frozen=True)
class Run:
    """One fine-tuning with its parent: a group in one cell (family, seed)."""

    group: Group
    family: str
    seed: int
    finetune: Job

    @property
    def jobs(self) -> tuple[Job, ...]:
        """What generates the images, the pre-training, where there are, and the fine-tuning."""
        return (*reversed(list(self.finetune.ancestors())), self.finetune)


class Study:
    """A profile in one world, with the cells (family, seed) that its groups are run in.

    Empty `families` or `seeds` stand for the profile's. `budget` "epochs" gives every subset equal
    epochs of pre-training with a floor of updates, "steps" equal updates. `nominal` stands in for
    data that are not here, with their published numbers: enough for a plan. Raises UserError for a
    name that is not known or a world that the profile does not have.
    """

    def __init__(
        self,
        profile: str = "demo",
        *,
        world: int = 1,
        families: Iterable[str] = (),
        seeds: Iterable[int] = (),
        budget: str = "epochs",
        store: Path | str | None = None,
        engine: str | None = None,
        nominal: bool = False,
    ) -> None:
        self.profile: Profile = profile_named(profile)
        self.world = self._checked_world(world)
        self.families = checked_families(families, FAMILIES) or self.profile.families
        self.seeds = tuple(arguments.wholes("seeds", seeds, least=0)) or self.profile.seeds
        self.budget = arguments.chosen("budget", budget, BUDGETS)
        self.engine = None if engine is None else arguments.text("engine", engine)
        self.nominal = nominal
        self.store = _opened(store)

    def _checked_world(self, world: int) -> int:
        number = arguments.plain(world)
        if not self.profile.has_world(number):
            raise UserError(
                f"world {said(world)}: profile {self.profile.name} has {self.profile.world_range}"
            )
        return number

    @property
    def simulation(self) -> SimulatedProfile:
        """The profile of a simulated world; NotHereError where it is of real images."""
        if not isinstance(self.profile, SimulatedProfile):
            raise NotHereError(
                f"profile {self.profile.name} is of real images, not of a simulated world"
            )
        return self.profile

    # what can be pre-trained on -----------------------------------------------------------------
    @cached_property
    def imagenet(self) -> Subset:
        """The whole ImageNet stand-in."""
        return self._whole("imagenet")

    @cached_property
    def inaturalist(self) -> Subset:
        """The whole iNaturalist stand-in."""
        return self._whole("inaturalist")

    @cached_property
    def own_textures(self) -> Subset:
        """A control: the ImageNet stand-in, its objects in colours and textures no animal has."""
        return self._whole("own-textures")

    @cached_property
    def species(self) -> Subset:
        """A control: photographs of the downstream task's own species."""
        return self._whole("species")

    def _whole(self, kind: str) -> Subset:
        spec = self.profile.source_spec(kind, self.world)
        if self.nominal and not self.profile.simulated:
            return Subset(open_nominal(spec, rehearsing=not self.profile.evidence))
        return Subset(open_source(spec))

    def has(self, kind: str) -> bool:
        """Whether the profile has such a source to pre-train on."""
        return isinstance(kind, str) and self.profile.has(kind)

    def captions(self, corpus: str) -> Subset:
        """A whole caption corpus, "clean" or "noisy"."""
        arguments.chosen("caption corpus", corpus, CORPORA)
        return Subset(open_source(self.simulation.captions_spec(corpus, self.world)))

    def published(self, corpus: str) -> Mapping[str, str]:
        """Names of models that others have trained on a caption corpus, by family."""
        arguments.chosen("caption corpus", corpus, CORPORA)
        if not isinstance(self.profile, RealProfile):
            raise UserError(f"profile {self.profile.name} trains on captions itself")
        return self.profile.weights[corpus]

    @cached_property
    def fractaldb(self) -> Subset:
        """FractalDB with as many images as ImageNet or its stand-in; the same in every world."""
        return self._whole("fractaldb")

    @cached_property
    def more_fractals(self) -> Subset:
        """FractalDB with ten times as many images as there are generated ones at 150K."""
        return self._whole("more-fractals")

    @cached_property
    def generated(self) -> Subset:
        """All generated images; those of a simulated world are planned here, not made yet."""
        self.profile.check("generated")
        if not self.profile.simulated:
            return self._whole("generated")
        job = self.generation
        spec = {"name": "generated", **job.spec, "job": job.key}
        return Subset(open_source(spec | {"folder": str(self.store.folder(job))}))

    @cached_property
    def generation(self) -> Job:
        """The job that makes the generated images of a simulated world: one for all its cells."""
        from nbsupport.training.stages.assets import GENERATOR

        profile = self.simulation
        spec = {
            "kind": "imagenet",
            "world": self.world,
            "px": profile.px,
            "images_per_class": profile.generated_per_class,
            "classes": profile.classes,
            **GENERATION,
            "weights": GENERATOR.sha256,
        }
        classes = self.imagenet.num_classes
        images = classes * profile.generated_per_class
        label = f"generate {images:,} images of {classes} classes, world {self.world}"
        data = self.imagenet.source.fingerprint
        cost = images / GENERATED_PER_SECOND
        return Job("generate", VERSIONS["generate"], spec, data, None, label, cost)

    @property
    def task(self) -> "Task":
        """The downstream task."""
        return self.task_of(self.scratch)

    @property
    def scratch(self) -> Group:
        """No pre-training: the lower of the paper's two reference lines."""
        return Group(SCRATCH, "from scratch", None)

    @property
    def full(self) -> Group:
        """Pre-training on the whole ImageNet stand-in: the upper reference line."""
        return Group(FULL, f"all {len(self.imagenet):,} images", self.imagenet)

    @cached_property
    def pace(self) -> Pace:
        """How fast this machine trains, as far as that is known; only costs rest on it."""
        return pace_of(self.store.root, self.profile.px)

    # what is run --------------------------------------------------------------------------------
    def runs(self, groups: Iterable[Group] | Mapping[str, Subset | None]) -> list[Run]:
        """Every run that these groups need: each group in each cell. Nothing is trained.

        Raises UserError for whatever can be known beforehand to go wrong in one of them.
        """
        chosen = as_groups(groups)
        for group in chosen:
            check_data(group, self.task_of(group), self.profile)
        return [
            self._run(group, family, seed)
            for group in chosen
            for seed in self.seeds
            for family in self._families(group)
        ]

    def _families(self, group: Group) -> Iterable[str]:
        return group.weights or dict.fromkeys((*self.families, *group.families))

    def run(
        self, groups: Iterable[Group] | Mapping[str, Subset | None], *, progress: bool = True
    ) -> "pd.DataFrame":
        """Train what the store lacks, and return one record per run and evaluated epoch.

        `groups` are Groups, or a mapping from a name to a Subset (None: from scratch). Raises
        UserError where a subset is impossible or a job failed; finished jobs stay in the store.
        """
        runs = self.runs(groups)
        if not runs:
            raise UserError("no groups to run: give at least one subset (None: from scratch)")
        return self.execute(runs, progress=progress)

    def execute(self, runs: list[Run], *, progress: bool = True) -> "pd.DataFrame":
        """Train what the store lacks of these runs, and return their records."""
        return self.records(runs, self.train(runs, progress=progress))

    def train(self, runs: Iterable[Run], *, progress: bool = True) -> dict[str, dict[str, Any]]:
        """Train what the store lacks of these runs, and return the results of all jobs by key."""
        from nbsupport.jobs import runner
        from nbsupport.jobs.progress import Progress

        jobs = [job for run in _as_runs(runs) for job in run.jobs]
        shown = Progress() if progress else None
        return runner.run(jobs, self.store, engine=self.engine, on_event=shown)

    def _run(self, group: Group, family: str, seed: int) -> Run:
        drawn = seed + group.seed_shift
        parent = self._pretraining(group, family, drawn)
        task = self.task_of(group)
        name = "finetune" if parent else SCRATCH
        recipe = recipe_named(self.profile.recipes, name, family)
        spec = {
            "task": task.spec(),
            "family": family,
            "px": self.profile.px,
            "recipe": recipe.spec(),
            "seed": drawn,
        }
        if group.weights and (own := published(group.weights[family]).architecture):
            spec["architecture"] = own
        images, *tests = (len(task.table(s)) for s in ("train", "id_test", "ood_test"))
        cost = self.pace.training(family, self.profile.px, recipe, images)
        cost += self.pace.evaluation(family, self.profile.px, recipe, images, sum(tests))
        label = f"fine-tune {family} from {group.role}, seed {seed}"
        about = self._about(group, family, seed, parent, spec)
        data = task.fingerprint
        job = Job("finetune", VERSIONS["finetune"], spec, data, parent, label, cost, about)
        return Run(group, family, seed, job)

    def task_of(self, group: Group) -> "Task":
        """The downstream task of a group; UserError for options that it does not take."""
        if not isinstance(group, Group):
            raise UserError(f"{said(group)} is no group: give a Group")
        spec = self.profile.task_spec(self.world) | dict(group.task)
        try:
            task = self._open_task(spec)
            if group.task:
                task.table("train")  # some options are looked at only there
            return task
        except (TypeError, ValueError) as error:
            if not group.task:
                raise
            options = said(dict(group.task))
            raise UserError(f"group {group.role}: no task with {options}: {error}") from error

    def _open_task(self, spec: dict[str, Any]) -> "Task":
        from nbsupport.data.tasks import nominal, open_task

        if self.nominal and not self.profile.simulated:
            return nominal.open_nominal(spec, rehearsing=not self.profile.evidence)
        return open_task(spec)

    def _pretraining(self, group: Group, family: str, seed: int) -> Job | None:
        if group.weights:
            return self._published(group.weights[family])
        if group.subset is None:
            return None
        drawn = group.subset.seeded(seed)
        stage = OBJECTIVES[group.objective]
        recipe = self._pretraining_recipe(stage, family, group.budget or self.budget)
        spec = {
            "subset": drawn.spec(),
            "family": family,
            "px": self.profile.px,
            "recipe": recipe.spec(),
            "seed": seed,
        }
        images = len(group.subset)  # an estimate, as of one seed: a draw of ImageNet takes a second
        cost = self.pace.training(family, self.profile.px, recipe, images)
        label = f"pre-train {family} on {group.subset}, seed {seed}"
        data = drawn.source.fingerprint
        made = self.generation if "job" in drawn.source.spec() else None
        return Job(stage, VERSIONS[stage], spec, data, made, label, cost)

    def _published(self, name: str) -> Job:
        """The job that leaves published weights in the store: one for all seeds."""
        spec, label = weights_spec(name, self.profile.px), f"weights {name}"
        data = fingerprint(name)
        return Job("weights", VERSIONS["weights"], spec, data, None, label, WEIGHTS_SECONDS)

    def _pretraining_recipe(self, stage: str, family: str, budget: str) -> Recipe:
        recipe = recipe_named(self.profile.recipes, stage, family)
        if budget == "steps":
            labels = stage == "pretrain"
            whole = len(self.imagenet) if labels else self.simulation.captioned_images
            return replace(recipe, updates=recipe.updates_for(whole))
        return recipe

    # what came of it ----------------------------------------------------------------------------
    def records(self, runs: Iterable[Run], results: Mapping[str, dict[str, Any]]) -> "pd.DataFrame":
        """One row per run and evaluated epoch, from the results of their jobs by key."""
        import pandas as pd

        return pd.DataFrame(
            [
                row
                for job in (run.finetune for run in _as_runs(runs))
                for row in record_rows(job.about, job.key, results[job.key])
            ]
        )

    def _about(
        self, group: Group, family: str, seed: int, parent: Job | None, spec: dict[str, Any]
    ) -> dict[str, Any]:
        """What a run's records say of it before it is trained."""
        subset, own = group.subset, f"finetune-{VERSIONS['finetune']}"
        before = [parent, *parent.ancestors()] if parent else []
        return {
            "profile": self.profile.name,
            "world": self.world,
            "role": group.role,
            "source": subset.source.name if subset else group.weights.get(family, "none"),
            "images": len(subset) if subset else 0,
            "classes": subset.num_classes if subset else 0,
            "family": family,
            "architecture": spec.get("architecture", architecture(family, self.profile.px)),
            "seed": seed,
            "key": "",  # known once the job is made
            "parent_key": parent.key if parent else "",
            "versions": "+".join([*(f"{j.stage}-{j.version}" for j in reversed(before)), own]),
        }


def record_rows(
    about: Mapping[str, Any], key: str, result: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """The records of a fine-tuning job, one for each evaluated epoch, from its result."""
    ran = {
        "key": key,
        "device": result["device"],
        "precision": result["precision"],
        "seconds": round(result["seconds"], 2),
        "images_per_second": round(result["images_per_second"]),
    }
    return [{**about, **ran, **record} for record in result["records"]]


def _as_runs(runs: Iterable[Run]) -> list[Run]:
    listed = arguments.listed("runs", runs, "runs, such as Study.runs() returns")
    if not all(isinstance(run, Run) for run in listed):
        raise UserError(f"runs={said(listed)}: give what Study.runs() returned")
    return listed


def _opened(store: Path | str | Store | None) -> Store:
    if isinstance(store, Store):
        return store
    if store is None:
        return Store(store_dir())
    if not isinstance(store, str | PathLike) or not str(store):
        raise UserError(f"store={said(store)}: give the path of a folder")
    return Store(Path(store))
