"""A Ray cluster as the driver sees it: its nodes, which come and go, and a seat on them for each
worker."""

import os
import signal
import socket
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from nbsupport.errors import UserError, short
from nbsupport.jobs import devices
from nbsupport.jobs.devices import counted
from nbsupport.jobs.engines import ADDRESS
from nbsupport.jobs.engines.ray_slot import Slot
from nbsupport.machine import cpu_count
from nbsupport.paths import root

# Said before Ray is imported. It reports nothing to its makers, starts no workers of uv's making,
# and leaves CUDA_VISIBLE_DEVICES alone where no GPU is asked for.
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
    "RAY_DEDUP_LOGS": "0",
}
for _name, _value in _SETTINGS.items():
    os.environ.setdefault(_name, _value)

try:
    import ray
    from ray.exceptions import RayError
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy
except ModuleNotFoundError as error:
    raise UserError(
        f"engine ray: {error.name} is not installed here; `make ray` adds it to .venv, elsewhere "
        "`pip install -r requirements-ray.txt` does"
    ) from None

LOOK = 2.0  # seconds between two looks at which nodes there are
PATIENCE = 120.0  # seconds in which a first worker must have come to its place
_STARTS = 3  # how often workers may fail to start on a node before it is left alone
# Of the project only what trains travels to the nodes.
_EXCLUDES = ["/*", "!/nbsupport", "!/assets", "__pycache__", "*.pyc"]
# What the driver is told and its workers must not be.
_OURS = {"NBSUPPORT_STORE", "NBSUPPORT_ENGINE", "NBSUPPORT_WORKERS", "NBSUPPORT_DEVICE", ADDRESS}


def connect() -> bool:
    """Connect to the cluster of NBSUPPORT_ADDRESS or RAY_ADDRESS, else start one of this machine's
    cores and GPUs; False where this process was connected already.

    UserError where none answers.
    """
    if ray.is_initialized():
        return False
    address = os.environ.get(ADDRESS) or os.environ.get("RAY_ADDRESS") or "local"
    more = {"num_cpus": cpu_count(), "include_dashboard": False} if address == "local" else {}
    before = signal.getsignal(signal.SIGTERM)  # Ray puts its own in its place
    try:
        _require_answer(address)
        ray.init(
            address=address,
            runtime_env={"working_dir": str(root()), "excludes": _EXCLUDES},
            log_to_driver=False,
            logging_level="ERROR",
            **more,
        )
    except (RayError, OSError, RuntimeError, ValueError) as problem:
        raise UserError(
            f"no Ray cluster at {address} ({short(str(problem), 160)}): give --address HOST:PORT "
            "of a head node with this Python and this Ray"
        ) from None
    finally:
        if before is not None:
            signal.signal(signal.SIGTERM, before)
    return True


def _require_answer(address: str) -> None:
    """OSError where nobody listens at HOST:PORT: Ray would try for minutes."""
    host, _, port = address.rpartition(":")
    if host and port.isdigit():
        socket.create_connection((host, int(port)), timeout=10).close()


def disconnect() -> None:
    """Leave the cluster, or end the one that `connect` started."""
    ray.shutdown()


@dataclass(eq=False)
class Node:
    """A machine of the cluster; `data` says of each data set that was looked for what is wrong."""

    id: str
    name: str
    cpus: int
    gpus: int
    failures: int = 0
    data: dict[str, str] = field(default_factory=dict)
    asked: set[str] = field(default_factory=set)

    def is_there(self) -> bool:
        """Whether the cluster still has it."""
        return self.id in {entry["NodeID"] for entry in ray.nodes() if entry["Alive"]}


@dataclass(eq=False)
class Seat:
    """An actor on a node, and the job it does: the messages of it come by `stream`."""

    node: Node
    gpu: bool
    actor: Any
    starting: Any
    ready: bool = False
    given_up: bool = False
    job: Any = None
    stream: Any = None

    @property
    def idle(self) -> bool:
        """Whether it can be given a job."""
        return self.ready and self.stream is None and not self.given_up


class Cluster:
    """Seats on all nodes there are, at most `most`: one a core, or for images of `px` pixels a side
    as many a GPU as share it (`devices.sharing`); on GPU nodes one for jobs of the CPU besides
    where `mixed`. `complaints` are of what keeps a node from working."""

    def __init__(
        self, most: int, *, gpu: bool, mixed: bool, kept_seconds: float, px: int = 0
    ) -> None:
        self.most, self.gpu, self.mixed, self.kept_seconds = most, gpu, mixed, kept_seconds
        self.px = px
        self.nodes: dict[str, Node] = {}
        self.seats: list[Seat] = []
        self.complaints: list[str] = []
        self._looked = -LOOK
        self._actor = ray.remote(Slot)

    def wait(self) -> None:
        """Wait for the seats; UserError where none is ready in time."""
        end, first = time.monotonic() + PATIENCE, float("inf")
        while time.monotonic() < min(end, first + 10):
            self.look()
            ready = [seat for seat in self.seats if seat.ready]
            if ready and len(ready) == len(self.seats):
                return
            first = min(first, time.monotonic()) if ready else first
            time.sleep(0.1)
        if not any(seat.ready for seat in self.seats):
            kind = "GPU" if self.gpu else "core"
            why = "; ".join(self.complaints) or f"no node has a {kind} free"
            raise UserError(f"no worker of the Ray cluster came to its place ({why})")

    def look(self) -> None:
        """See which nodes have come and gone, and which seats are ready now."""
        if time.monotonic() - self._looked >= LOOK:
            self._looked = time.monotonic()
            alive = {entry["NodeID"]: entry for entry in ray.nodes() if entry["Alive"]}
            for key in alive.keys() - self.nodes.keys():
                self.nodes[key] = _node(alive[key])
            for key in self.nodes.keys() - alive.keys():
                del self.nodes[key]
            self.seats = [s for s in self.seats if s.node.id in self.nodes or s.stream is not None]
            self._fill()
        for seat in self.seats:
            if not seat.ready and not seat.given_up:
                self._greet(seat)
        self.seats = [s for s in self.seats if s.ready or s.starting is not None or s.given_up]

    def _fill(self) -> None:
        """Put seats where there is room, a turn a node."""
        wanted = [self._lacking(node) for node in self.nodes.values()]
        while any(wanted) and len(self.seats) < self.most + self.mixed * len(self.nodes):
            for node, own in zip(list(self.nodes.values()), wanted, strict=True):
                if own:
                    self.seats.append(self._seat(node, gpu=own.pop(0)))

    def _lacking(self, node: Node) -> list[bool]:
        """The seats that a node has room for: whether each has a GPU."""
        if node.failures >= _STARTS:
            return []
        there = [seat.gpu for seat in self.seats if seat.node is node]
        gpus = (node.gpus * self._sharing(node) if self.gpu else 0) - there.count(True)
        on_cpu = (int(self.mixed and node.gpus > 0) if self.gpu else node.cpus) - there.count(False)
        return [True] * gpus + [False] * on_cpu

    def _sharing(self, node: Node) -> int:
        return devices.sharing(self.px, node.cpus // max(1, node.gpus))

    def shared(self, seat: Seat) -> bool:
        """Whether a node has more seats with a GPU than GPUs: one can be given up."""
        others = [s for s in self.seats if s.node is seat.node and s.gpu and not s.given_up]
        return seat.gpu and len(others) > seat.node.gpus

    def _seat(self, node: Node, *, gpu: bool) -> Seat:
        sharing = self._sharing(node)
        threads = max(1, node.cpus // max(1, node.gpus * sharing)) if gpu else 1
        actor = self._actor.options(
            num_cpus=0 if gpu else 1,
            num_gpus=_share(sharing) if gpu else 0,
            max_concurrency=2,  # it can be told to end while it works
            scheduling_strategy=NodeAffinitySchedulingStrategy(node.id, soft=False),
            runtime_env={"env_vars": _variables()},
        ).remote(gpu, threads, self.kept_seconds)
        return Seat(node, gpu, actor, actor.problem.remote())

    def _greet(self, seat: Seat) -> None:
        """Take in whether a new seat can work."""
        try:
            if not ray.wait([seat.starting], timeout=0)[0]:
                return
            problem = ray.get(seat.starting)
        except RayError as error:
            problem, seat.starting = short(str(error), 200), None
            seat.node.failures += 1
        seat.ready, seat.given_up = not problem, bool(problem) and seat.starting is not None
        if problem:
            self.complaints.append(f"node {seat.node.name}: {problem}")

    def idle(self, *, gpu: bool) -> Iterator[Seat]:
        """The seats that can be given a job of a kind."""
        return (seat for seat in self.seats if seat.idle and seat.gpu == gpu)

    def remove(self, seat: Seat) -> None:
        """Forget a seat whose actor is gone; another takes its place where its node is there."""
        self.seats.remove(seat)
        self._looked = -LOOK

    def said(self) -> str:
        """On what jobs are done, for people."""
        seats = [seat for seat in self.seats if seat.ready and seat.gpu == self.gpu]
        nodes = {seat.node.id: seat.node for seat in seats}.values()
        count = len(seats)
        if self.gpu:
            count = min(count, sum(node.gpus for node in nodes))
        shared = f" shared by {len(seats)} workers" if len(seats) > count else ""
        what = counted(count, "GPU" if self.gpu else "CPU thread")
        return f"on {what} of {counted(len(nodes), 'node')}{shared}"


def _share(workers: int) -> float:
    """What each of so many workers takes of a GPU. Ray counts ten-thousandths: not too much."""
    return 10_000 // workers / 10_000


def _variables() -> dict[str, str]:
    """What workers are told: the user's settings, and where modules of his own are, as far as the
    nodes have them at the same path. What Python has installed there is theirs."""
    told = {n: v for n, v in os.environ.items() if n.startswith("NBSUPPORT_") and n not in _OURS}
    installed, own = tuple({sys.prefix, sys.base_prefix}), str(root())
    places = [place for place in sys.path if place and not place.startswith(installed)]
    places = [place for place in places if place != own and "site-packages" not in place]
    return told | {"PYTHONPATH": os.pathsep.join([*places, own])}


def _node(entry: dict[str, Any]) -> Node:
    has = entry["Resources"]
    name = f"{entry['NodeManagerHostname']} ({entry['NodeID'][:6]})"
    return Node(entry["NodeID"], name, int(has.get("CPU", 0)), int(has.get("GPU", 0)))
