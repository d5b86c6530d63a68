"""Updates as one CUDA graph: a GPU starts all kernels of an update at once, Python starts none.

Small networks and small batches keep a GPU waiting for Python. Off unless NBSUPPORT_GRAPHS=1 (see
`jobs.devices`). A training asks its own GPU first: one update from the graph must give the bits of
the same update without, or the training goes on without.
"""

from collections.abc import Callable, Iterable
from typing import Any, Protocol

import torch

WARM_UP = 3  # updates before the recording: libraries choose their kernels, state is made

Tensors = tuple[torch.Tensor, ...]
# (images, labels) -> loss and right predictions, with an update of the model done on the way
Step = Callable[..., Tensors]


class Recorder(Protocol):
    """What records the kernels of a step, and starts them again."""

    def apart(self, step: Step, inputs: Tensors) -> Tensors:
        """The step done now, where recording will be done."""

    def record(self, step: Step, inputs: Tensors) -> tuple[Callable[[], None], Tensors]:
        """What does the recorded step, from then on, with what lies in `inputs`; and where its
        results will lie. Nothing is done yet."""


class CudaRecorder:
    """Records a step as a CUDA graph."""

    def apart(self, step: Step, inputs: Tensors) -> Tensors:
        """On a stream of its own, as gradients remember the stream that they were first made on."""
        stream, own = torch.cuda.current_stream(), torch.cuda.Stream()
        own.wait_stream(stream)
        with torch.cuda.stream(own):
            outputs = step(*inputs)
        stream.wait_stream(own)
        return outputs

    def record(self, step: Step, inputs: Tensors) -> tuple[Callable[[], None], Tensors]:
        """RuntimeError where a kernel of the step cannot be recorded: one that is waited for."""
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            outputs = step(*inputs)
        return graph.replay, outputs


class Replayed:
    """A step that is recorded after a few times, and from then on done by its recording.

    `state` gives all tensors that a step changes; `told` is given why there is no recording, where
    there is none. All batches must have one shape. A `recorder` that is given stands for the GPU's.
    """

    def __init__(
        self,
        step: Step,
        state: Callable[[], Iterable[torch.Tensor]],
        told: Callable[[str], None],
        recorder: Recorder | None = None,
    ) -> None:
        self._step, self._state, self._told = step, state, told
        self._recorder = recorder or CudaRecorder()
        self._before = WARM_UP
        self._replay: Callable[[], None] | None = None
        self._inputs: Tensors = ()
        self._outputs: Tensors = ()

    @property
    def recorded(self) -> bool:
        """Whether steps are done by a recording now."""
        return self._replay is not None

    def __call__(self, *inputs: torch.Tensor) -> Tensors:
        """The step's results, which stay what they are."""
        if self._before > 0:
            self._before -= 1
            return self._recorder.apart(self._step, inputs)
        if self._before == 0:
            self._before = -1
            self._record(inputs)
        if self._replay is None:
            return self._step(*inputs)
        return self._replayed(inputs)

    def _replayed(self, inputs: Tensors) -> Tensors:
        assert self._replay is not None
        for place, value in zip(self._inputs, inputs, strict=True):
            place.copy_(value)
        self._replay()
        return tuple(output.clone() for output in self._outputs)

    def _record(self, inputs: Tensors) -> None:
        """Record the step, and see that the recording does what the step does."""
        before = [*(tensor.detach().clone() for tensor in self._state())]
        random = _random(inputs[0].device)
        expected = [*self._recorder.apart(self._step, inputs), *_copies(self._state())]
        self._put_back(before, random)
        try:
            # As `empty_like`: where the channels come last, they do in the copy.
            self._inputs = tuple(value.detach().clone() for value in inputs)
            self._replay, self._outputs = self._recorder.record(self._step, self._inputs)
            found = [*self._replayed(inputs), *_copies(self._state())]
        except RuntimeError as problem:
            self._give_up((str(problem).splitlines() or [type(problem).__name__])[0])
            self._put_back(before, random)
            return
        self._put_back(before, random)
        if not all(torch.equal(a, b) for a, b in zip(expected, found, strict=True)):
            self._give_up("an update from the graph does not give the bits of one without")

    def _give_up(self, why: str) -> None:
        self._replay, self._inputs, self._outputs = None, (), ()
        self._told(f"no CUDA graph: {why}")

    def _put_back(self, before: list[torch.Tensor], random: list[Any]) -> None:
        """The state as it was, in the same places: a recording knows them by these."""
        with torch.no_grad():
            for tensor, value in zip(self._state(), before, strict=True):
                tensor.copy_(value)
        torch.set_rng_state(random[0])
        if len(random) > 1:
            torch.cuda.set_rng_state(random[1])


def _copies(tensors: Iterable[torch.Tensor]) -> list[torch.Tensor]:
    return [tensor.detach().clone() for tensor in tensors]


def _random(device: torch.device) -> list[torch.Tensor]:
    """The state of the global random numbers: of the CPU, and of the device where it is a GPU."""
    kept = [torch.get_rng_state()]
    return [*kept, torch.cuda.get_rng_state(device)] if device.type == "cuda" else kept
