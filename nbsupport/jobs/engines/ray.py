"""The engine of a Ray cluster: workers for each GPU or core of its nodes, which come and go.

Nodes need neither the store nor a shared disk. The driver alone reads and writes the store: it
takes a job's lease, sends what it starts from, and publishes what comes back; so other drivers on
the same store, of whatever engine, are kept off as always.
"""

import json
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any

from filelock import Timeout

from nbsupport.errors import UserError
from nbsupport.jobs import devices
from nbsupport.jobs.depot import RESULT
from nbsupport.jobs.devices import SMALL_PX
from nbsupport.jobs.engines import ENDS
from nbsupport.jobs.engines.local import GRACE
from nbsupport.jobs.engines.ray_cluster import Cluster, Seat, connect, disconnect, ray
from nbsupport.jobs.engines.ray_slot import KEPT_SECONDS
from nbsupport.jobs.job import ON_CPU, Job, canonical
from nbsupport.jobs.problems import StoreError
from nbsupport.jobs.request import Request, data_of
from nbsupport.jobs.store import Store
from nbsupport.jobs.work import Emit, Message, begin
from nbsupport.sharing import Held

PRESENT = "nbsupport.data.presence:present"  # asks a node for a data set, as a stage
PARENTS = 16  # whose files are kept in the cluster for the jobs that start from them


class RayEngine:
    """Workers on the nodes of a cluster: one of one thread a core, or some a GPU.

    Small images train on cores, unless told otherwise, as they do everywhere (`devices`). UserError
    where the cluster cannot be reached, or no worker starts.
    """

    def __init__(
        self,
        workers: int | None,
        jobs: Sequence[Job],
        on_message: Emit,
        kept_seconds: float = KEPT_SECONDS,
    ) -> None:
        self._on_message = on_message
        self._connected = connect()
        self._ends: deque[Message] = deque()
        self._parents: OrderedDict[str, Any] = OrderedDict()
        self._leases: dict[str, Held] = {}
        self._told: set[str] = set()
        try:
            px = max((job.spec.get("px", 0) for job in jobs), default=0)
            gpu, reason = _kind(px)
            mixed = gpu and any(job.stage in ON_CPU for job in jobs)
            most = max(1, min(workers or len(jobs), len(jobs)))
            self._cluster = Cluster(most, gpu=gpu, mixed=mixed, kept_seconds=kept_seconds, px=px)
            self._cluster.wait()
            self.where = f"{self._cluster.said()}: {reason}"
        except BaseException:
            self._leave()
            raise

    @property
    def slots(self) -> int:
        """Jobs at a time: more when nodes come, fewer when they go."""
        self._cluster.look()
        return sum(seat.ready and not seat.given_up for seat in self._cluster.seats)

    # handing out --------------------------------------------------------------------------------
    def takes(self, job: Job) -> bool:
        """Whether a seat is free for a job, on a node that has its data. Nodes that were not asked
        for these data yet are asked.

        UserError where no node has them.
        """
        if self._seat_for(int(job.stage not in ON_CPU), data_of(job)):
            return True
        self._pump(0)
        if data := data_of(job):
            self._ask(data, job)
        return False

    def _seat_for(self, gpus: int, data: dict[str, Any] | None) -> Seat | None:
        free = self._cluster.idle(gpu=self._cluster.gpu and bool(gpus))
        return next((s for s in free if data is None or s.node.data.get(_name(data)) == ""), None)

    def _ask(self, data: dict[str, Any], job: Job) -> None:
        """Ask each node with a free seat for a data set, once; tell of those that lack it."""
        name, nodes = _name(data), self._cluster.nodes.values()
        for seat in [seat for seat in self._cluster.seats if seat.idle]:
            if name not in seat.node.asked:
                seat.node.asked.add(name)
                record = {"key": name, "stage": "present", "spec": data}
                seat.job = (seat.node, name)
                line = Request(name, "", PRESENT, record).to_json()
                seat.stream = _stream(seat, line, None, {})
        lacking = [node for node in nodes if node.data.get(name)]
        for node in lacking:
            self._complain(job, f"node {node.name} gets no job that needs it: {node.data[name]}")
        if lacking and len(lacking) == len(nodes) and not self._leases:
            raise UserError(
                f"no node of the cluster has the data of {job.title} ({lacking[0].data[name]}): "
                "they must lie at the same path on each; what is done is kept"
            )

    def _complain(self, job: Job, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._on_message({"kind": "warning", "job": job.key, "text": text})

    def submit(self, request: Request) -> None:
        """Take the job's lease, and send it with what it starts from to a free seat."""
        store = Store(Path(request.root))
        try:
            self._leases[request.job] = store.lease(request.job)
        except Timeout:
            self._ends.append({"kind": "busy", "job": request.job})
            return
        settled = begin(store, request, self._on_message)
        seat = self._seat_for(request.gpus, request.data)
        if seat is None:  # its node went a moment ago
            settled = settled or {"kind": "died", "how": "its node is gone", "again": True}
        if settled or seat is None:
            self._free(request.job)
            self._ends.append({**(settled or {}), "job": request.job})
            return
        remains = store.fetch(request.record["stage"], request.job)
        seat.job = request
        seat.stream = _stream(seat, request.to_json(), self._parent(store, request), remains)

    def _parent(self, store: Store, request: Request) -> Any:
        """A reference to the files of a job's parent, which nodes fetch from one another."""
        if request.parent is None:
            return None
        stage, key = request.parent
        if key not in self._parents:
            self._parents[key] = ray.put(store.fetch(stage, key))
        self._parents.move_to_end(key)
        while len(self._parents) > PARENTS:
            self._parents.popitem(last=False)
        return self._parents[key]

    # taking in ----------------------------------------------------------------------------------
    def result(self, timeout: float) -> Message | None:
        """The next message that ends a job; news on the way goes to `on_message`."""
        if not self._ends:
            self._pump(timeout)
        return self._ends.popleft() if self._ends else None

    def _pump(self, timeout: float) -> None:
        """Take in what has come, waiting so long for the first."""
        self._cluster.look()
        busy = {seat.stream: seat for seat in self._cluster.seats if seat.stream is not None}
        if not busy:
            time.sleep(timeout if not self._ends else 0)
            return
        ready, _ = ray.wait(list(busy), num_returns=len(busy), timeout=0)
        if not ready:
            ready, _ = ray.wait(list(busy), num_returns=1, timeout=timeout)
        for stream in ready:
            self._take(busy[stream])

    def _take(self, seat: Seat) -> None:
        """One message of a seat."""
        try:
            message = ray.get(next(seat.stream))
        except (ray.exceptions.RayError, StopIteration) as problem:
            self._lost(seat, problem)
            return
        if isinstance(seat.job, Request):
            self._of_job(seat, seat.job, message)
        elif message["kind"] in ENDS:
            node, name = seat.job
            node.data[name] = _verdict(message)
            seat.job = seat.stream = None

    def _of_job(self, seat: Seat, request: Request, message: Message) -> None:
        files = message.pop("files", None)
        if files is not None:
            try:
                Store(Path(request.root)).publish(request.record["stage"], request.job, files)
            except StoreError as problem:
                self._end(seat, {"kind": "failed", "error": str(problem), "fatal": True})
                return
        if message["kind"] in ENDS:
            self._end(seat, message)
        elif message["kind"] != "kept":
            self._on_message(message)

    def _end(self, seat: Seat, message: Message) -> None:
        """A job has ended, in whatever way: give its lease back, and its seat to the next."""
        request, seat.job, seat.stream = seat.job, None, None
        if message.get("log"):
            message["log"] = str(request.folder / "log.txt")
        if message.pop("full", False) and self._cluster.shared(seat):
            seat.given_up, message["again"] = True, True
        if message.pop("gone", False):
            seat.given_up, message["again"] = True, True
            self._cluster.complaints.append(f"node {seat.node.name}: a GPU works no more")
        self._free(request.job)
        self._ends.append({**message, "job": request.job})

    def _free(self, key: str) -> None:
        if lease := self._leases.pop(key, None):
            lease.__exit__(None, None, None)

    def _lost(self, seat: Seat, problem: BaseException) -> None:
        """An actor is gone. With its node it is no fault of its job, which begins again for
        nothing."""
        there = seat.node.is_there()
        how = f"its worker on node {seat.node.name} is gone" + ("" if there else ", with the node")
        if isinstance(seat.job, Request):
            self._end(seat, {"kind": "died", "how": how, "again": not there})
        else:
            node, name = seat.job
            node.asked.discard(name)
            node.failures += 1
        self._cluster.remove(seat)

    # the end ------------------------------------------------------------------------------------
    def cancel(self) -> None:
        """Let workers put down what they have, take it in, and leave the cluster."""
        working = [s for s in self._cluster.seats if s.stream is not None and s.job is not None]
        try:
            for seat in working:
                seat.actor.end.remote()
            end = time.monotonic() + GRACE
            while any(seat.stream is not None for seat in working) and time.monotonic() < end:
                self._pump(0.2)
            leaving = [seat.actor.leave.remote() for seat in self._cluster.seats if seat.ready]
            ray.wait(leaving, num_returns=len(leaving), timeout=GRACE) if leaving else None
        finally:
            for key in list(self._leases):
                self._free(key)
            self._leave()

    def _leave(self) -> None:
        cluster = getattr(self, "_cluster", None)
        for seat in cluster.seats if cluster else []:
            ray.kill(seat.actor)
        if self._connected:
            disconnect()


def _stream(seat: Seat, line: str, parent: Any, remains: Any) -> Any:
    """The messages of a job, begun."""
    return seat.actor.work.options(num_returns="streaming").remote(line, parent, remains)


def _kind(px: int) -> tuple[bool, str]:
    """Whether images of `px` pixels a side are trained on the cluster's GPUs, and why; each worker
    tries its own."""
    wanted = devices.asked()
    devices.graphs_asked()
    gpus = sum(entry["Resources"].get("GPU", 0) for entry in ray.nodes() if entry["Alive"])
    if wanted == "cpu":
        return False, "as asked"
    if wanted == "auto" and px <= SMALL_PX:
        return False, f"images of at most {SMALL_PX} px train on the CPU, to the recorded bits"
    if not gpus and wanted == "cuda":
        raise UserError("device cuda: no node of the cluster has a GPU; give --device cpu")
    return bool(gpus), "each worker tries its own" if gpus else "no node of the cluster has a GPU"


def _name(data: dict[str, Any]) -> str:
    """64 hex digits that stand for a data set."""
    return sha256(canonical(data).encode()).hexdigest()


def _verdict(message: Message) -> str:
    """What is wrong with a node's data by its answer, "" where nothing is."""
    if message["kind"] != "done":
        return str(message.get("error") or message.get("how") or message["kind"])
    return str(json.loads(message["files"][RESULT])["result"]["problem"])


open_it = RayEngine
