"""A study: a profile, a world, the cells to run, and `run(groups)`, the one call a page makes."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nbsupport.data.sources import open_nominal, open_source
from nbsupport.data.subset import Subset
from nbsupport.errors import NotHereError, UserError, unknown
from nbsupport.jobs.spec import Job
from nbsupport.jobs.store import Store
from nbsupport.paths import store_dir
from nbsupport.profiles import Profile, profile_named
from nbsupport.profiles.real import RealProfile
from nbsupport.profiles.simulated import SimulatedProfile
from nbsupport.training.families import ARCHITECTURES, FAMILIES, architecture, images_per_second
from nbsupport.training.pretrained import fingerprint, published, weights_spec
from nbsupport.training.recipes import Recipe, recipe_named
from nbsupport.training.versions import VERSIONS

if TYPE_CHECKING:
    import pandas as pd

    from nbsupport.data.tasks import Task

SCRATCH = "scratch"
FULL = "imagenet/full"
BUDGETS = ("epochs", "steps")
# What pre-training learns to predict: the stage that does it, and the name of its recipe.
OBJECTIVES = {"labels": "pretrain", "captions": "contrast"}
GENERATION = {"variety": 0.16, "seed": 0}  # how the generative model is sampled
GENERATED_PER_SECOND = 1000  # a thread's
WEIGHTS_SECONDS = 10.0  # to fit published weights; fetching them is another matter
EVALUATION_SHARE = 0.33  # a forward pass costs about a third of a training step


@dataclass(frozen=True)
class Group:
    """Runs that differ only in family and seed: a role, its text in figures, its pre-training data.

    `subset` is None for training from scratch. `task` are options of the downstream task that
    differ from the profile's. `families` are run besides the study's. `seed_shift` is added to each
    cell's seed: the same group, with other draws throughout. `objective` is what pre-training
    learns to predict: "labels", or "captions" of a source that has them. `budget` replaces the
    study's: "steps" gives as many updates as the whole source has. `weights` are models that others
    have pre-trained, by family, in place of a subset; only these families are run (see
    training.pretrained for what they may be called).
    """

    role: str
    label: str
    subset: Subset | None
    task: Mapping[str, Any] = field(default_factory=dict)
    families: tuple[str, ...] = ()
    seed_shift: int = 0
    objective: str = "labels"
    budget: str = ""
    weights: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.objective not in OBJECTIVES:
            raise unknown("objective", self.objective, OBJECTIVES)
        if self.budget and self.budget not in BUDGETS:
            raise unknown("budget", self.budget, BUDGETS)
        for family in self.families:
            if family not in ARCHITECTURES:
                raise unknown("architecture family", family, ARCHITECTURES)
        if self.weights and self.subset is not None:
            raise UserError(f"group {self.role}: give a subset or weights, not both")
        for family, name in self.weights.items():
            if published(name).family != family:
                raise UserError(f"weights {name} of group {self.role} are of no {family}")


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
        store: Path | None = None,
        engine: str = "local",
        nominal: bool = False,
    ) -> None:
        self.profile: Profile = profile_named(profile)
        self.world = self._checked_world(world)
        self.families = tuple(families) or self.profile.families
        self.seeds = tuple(seeds) or self.profile.seeds
        for family in self.families:
            if family not in FAMILIES:
                raise unknown("architecture family", family, FAMILIES)
        for seed in self.seeds:
            if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
                raise UserError(f"seeds={list(self.seeds)!r}: give whole numbers of at least 0")
        if budget not in BUDGETS:
            raise unknown("budget", budget, BUDGETS)
        self.budget, self.engine, self.nominal = budget, engine, nominal
        self.store = Store(store or store_dir())

    def _checked_world(self, world: int) -> int:
        if not self.profile.has_world(world):
            raise UserError(
                f"world {world!r}: profile {self.profile.name} has {self.profile.allowed_worlds}"
            )
        return world

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
            return open_nominal(spec, rehearsing=not self.profile.evidence).all()
        return open_source(spec).all()

    def has(self, kind: str) -> bool:
        """Whether the profile has such a source to pre-train on."""
        return self.profile.has(kind)

    def captions(self, corpus: str) -> Subset:
        """A whole caption corpus, "clean" or "noisy"."""
        return open_source(self.simulation.captions_spec(corpus, self.world)).all()

    def published(self, corpus: str) -> Mapping[str, str]:
        """Names of models that others have trained on a caption corpus, by family."""
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
        return open_source(spec | {"folder": str(self.store.folder(job))}).all()

    @cached_property
    def generation(self) -> Job:
        """The job that makes the generated images of a simulated world: one for all its cells."""
        from nbsupport.training.assets import GENERATOR

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

    # what is run --------------------------------------------------------------------------------
    def runs(self, groups: Iterable[Group] | Mapping[str, Subset | None]) -> list[Run]:
        """Every run that these groups need: each group in each cell. Nothing is trained."""
        return [
            self._run(group, family, seed)
            for group in as_groups(groups)
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
        from nbsupport.jobs import engines
        from nbsupport.jobs.progress import Progress

        jobs = [job for run in runs for job in run.jobs]
        shown = Progress() if progress else None
        return engines.run(jobs, self.store, engine=self.engine, on_event=shown)

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
        cost = recipe.epochs * len(task.table("train")) / images_per_second(family, self.profile.px)
        label = f"fine-tune {family} from {group.role}, seed {seed}"
        job = Job("finetune", VERSIONS["finetune"], spec, task.fingerprint, parent, label, cost)
        return Run(group, family, seed, job)

    def task_of(self, group: Group) -> "Task":
        """The downstream task of a group."""
        from nbsupport.data.tasks import nominal, open_task

        spec = self.profile.task_spec(self.world) | dict(group.task)
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
        cost = recipe.epochs_for(images) * images / images_per_second(family, self.profile.px)
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

        rows = []
        for run in runs:
            result = results[run.finetune.key]
            common = self._common(run, result)
            rows += [common | record for record in result["records"]]
        return pd.DataFrame(rows)

    def _common(self, run: Run, result: dict[str, Any]) -> dict[str, Any]:
        subset, job = run.group.subset, run.finetune
        family, weights = run.family, run.group.weights
        return {
            "profile": self.profile.name,
            "world": self.world,
            "role": run.group.role,
            "source": subset.source.name if subset else weights.get(family, "none"),
            "images": len(subset) if subset else 0,
            "classes": subset.num_classes if subset else 0,
            "family": family,
            "architecture": job.spec.get("architecture", architecture(family, self.profile.px)),
            "seed": run.seed,
            "key": job.key,
            "parent_key": job.parent.key if job.parent else "",
            "versions": "+".join(f"{j.stage}-{j.version}" for j in run.jobs),
            "device": result["device"],
            "precision": result["precision"],
            "seconds": round(result["seconds"], 2),
            "images_per_second": round(result["images_per_second"]),
        }


def as_groups(groups: Iterable[Group] | Mapping[str, Subset | None]) -> list[Group]:
    """Groups as they are, or one group per entry of a mapping from a name to a subset."""
    if isinstance(groups, Mapping):
        return [Group(name, name, subset) for name, subset in groups.items()]
    return list(groups)
