"""Plain torch modules, made by a function in the user's own file."""

import importlib.util
import inspect
from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any, final

import numpy as np
import torch
from torch import Tensor, nn

from ...errors import IntegrityError, PluginError, StudyError
from ...plugins import beside
from ...sources import source_hash
from ..base import Finding
from ..checkpoints.checkpoint import Checkpoint, unwrapped_names
from ..checkpoints.tensors import check_equal, check_whole, read_tensors
from ..layout import Layout
from .models import (
    Loaded,
    Models,
    OpenedCheckpoints,
    Stored,
    check_expert,
    describe,
    subject,
)
from .problem_file import ProblemFile
from .rows import Rows


@final
class PlainModels(Models):
    """Safetensors files of the `state_dict()` of a module that `file.py:factory` makes.

    The factory is the user's own code, takes no argument and is run, when the problem is checked,
    too: only the module knows its parameters. It maps inputs to features `(B, H)`.
    """

    def __init__(self, file: ProblemFile) -> None:
        self._file = file
        self._checkpoint = OpenedCheckpoints(file)
        self._found: dict[str | None, dict[str, str]] = {}

    def compatibility(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding per checkpoint, from headers alone."""
        pretrained = self._checkpoint(None)
        if not self._place[0].is_file():
            raise PluginError(
                f"`module` must name a Python file. Found none at `{self._place[0]}`."
            )
        self._names(None)
        yield Finding("pretrained model", True, describe(pretrained))
        for name in tasks:
            expert = self._checkpoint(name)
            finding = check_expert(name, self._file, pretrained, expert)
            self._names(name)
            self._check_buffers(name)
            yield finding

    def weights(self, tasks: Sequence[str]) -> Iterator[Stored]:
        """Yield the stored parameters of each model; tied ones are stored once."""
        parameters = [name for name, _ in self._made().named_parameters()]
        for task in (None, *tasks):
            names = self._names(task)
            merged = {name: [names[name]] for name in parameters}
            yield Stored(subject(task), self._checkpoint(task), merged, {})

    def facts(self, tasks: Sequence[str]) -> dict[str, Any]:
        """Return digests of the weights, and of the module's file with the files it imports."""
        found = {str(name): self._checkpoint(name).sha256 for name in (None, *tasks)}
        return found | {"module": [self._file.module, source_hash(self._place[0])]}

    def config(self, task: str) -> dict[str, Any]:
        """Return an empty configuration: a plain module has none."""
        return {}

    def head_rows(self, task: str) -> int:
        """Refuse: a plain module has no head of its own."""
        raise StudyError(
            f"Task `{task}` of a `module` must have a head. Found `expert`. Use `fit`."
        )

    def features(self, inputs: Tensor) -> Tensor:
        """Return features of the right shape and of no meaning."""
        with torch.inference_mode():
            found: Tensor = self._made().eval()(inputs)
        return found

    def backbone(self) -> nn.Module:
        """Return a new module with the pretrained parameters."""
        return self._load(None)

    def pretrained(self) -> Loaded:
        """Return the pretrained model."""
        return _flat(self._load(None))

    def expert(self, task: str) -> Loaded:
        """Return the expert of a task, in the layout of the pretrained model."""
        return _flat(self._load(task))

    def inputs(self, rows: Rows) -> Tensor:
        """Return the column of inputs as `(n, ...)`, int64 or float32."""
        return torch.from_numpy(np.asarray(rows.inputs[0]))

    @property
    def _place(self) -> tuple[Any, str]:
        path, _, factory = str(self._file.module).partition(":")
        return self._file.folder / path, factory

    @cached_property
    def _factory(self) -> Any:
        path, name = self._place
        spec = importlib.util.spec_from_file_location(f"_fusefront_module_{path.stem}", path)
        if spec is None or spec.loader is None:
            raise PluginError(f"`module` must name a Python file. Found `{path}`.")
        module = importlib.util.module_from_spec(spec)
        try:
            with beside(path):
                spec.loader.exec_module(module)
        except Exception as error:  # a user's file may raise anything; name that file
            raise PluginError(
                f"`{path}` must import without error. Found {type(error).__name__}: {error}. "
                "Fix the file."
            ) from error
        factory = getattr(module, name, None)
        if not callable(factory) or inspect.signature(factory).parameters:
            raise PluginError(
                f"`{path}` must have a function `{name}` without arguments that makes the module. "
                f"Found {'none' if factory is None else 'another signature'}."
            )
        return factory

    def _made(self) -> nn.Module:
        """Return a new module of the user's, with the values that it starts from."""
        with torch.random.fork_rng(devices=[]):
            module = self._factory()
        if not isinstance(module, nn.Module):
            raise PluginError(
                f"`{self._file.module}` must make a torch.nn.Module. Found {type(module).__name__}."
            )
        return module

    def _load(self, task: str | None) -> nn.Module:
        names, module = self._names(task), self._made()
        tensors = read_tensors(self._checkpoint(task), list(dict.fromkeys(names.values())))
        state = module.state_dict()
        module.load_state_dict({n: tensors[names[n]].to(state[n].dtype) for n in state})
        return module.eval()

    def _names(self, task: str | None) -> dict[str, str]:
        """Return the stored name of every tensor of the module's state, which is found once."""
        if task not in self._found:
            self._found[task] = self._find_names(self._checkpoint(task))
        return self._found[task]

    def _find_names(self, checkpoint: Checkpoint) -> dict[str, str]:
        """Find tensors of the module's state in headers.

        A tied parameter has several names in the state. One of them is enough, as the writer of
        safetensors keeps it, and all that are stored must have the same value.

        Raises:
            IntegrityError: If a tensor is missing, unexpected, of the wrong shape, or quantised.
        """
        if checkpoint.is_adapter:
            raise StudyError(
                f"Experts of a `module` must be whole models. Found adapter `{checkpoint.folder}`."
            )
        state, first = self._made().state_dict(keep_vars=True), dict[int, str]()
        own = {new: old for old, new in unwrapped_names(state).items()}
        found: dict[str, str] = {}
        for stored in checkpoint.tensors:
            if (name := own.get(stored)) is None or state[name].shape != _shape(checkpoint, stored):
                raise self._misfit(checkpoint, stored, name, state)
            found[name] = stored
        for name, tensor in state.items():
            if name in found and (other := first.setdefault(id(tensor), name)) != name:
                check_equal(checkpoint, found[other], found[name])
        for name, tensor in state.items():
            if name not in found and id(tensor) not in first:
                raise self._misfit(checkpoint, None, name, state)
            found.setdefault(name, found.get(first.get(id(tensor), name), ""))
        floats = (found[name] for name, tensor in state.items() if tensor.is_floating_point())
        check_whole(checkpoint, floats)
        return found

    def _misfit(
        self, checkpoint: Checkpoint, stored: str | None, name: str | None, state: Any
    ) -> IntegrityError:
        found = f"no `{name}`"
        if stored is not None and name is None:
            found = f"`{stored}`, which the module lacks"
        elif stored is not None:
            shape = _shape(checkpoint, stored)
            found = f"`{stored}` of shape {shape} instead of {tuple(state[name].shape)}"
        return IntegrityError(
            f"`{checkpoint.folder}` must contain the tensors of `{self._file.module}`. "
            f"Found {found}. Save its `state_dict()` again."
        )

    def _check_buffers(self, task: str) -> None:
        """Refuse buffers that fine-tuning changed: merging weights does not define them."""
        ours, theirs = self._names(None), self._names(task)
        names = [name for name, _ in self._made().named_buffers() if name in ours]
        before = read_tensors(self._checkpoint(None), [ours[name] for name in names])
        after = read_tensors(self._checkpoint(task), [theirs[name] for name in names])
        for name in names:
            if not torch.equal(before[ours[name]], after[theirs[name]]):
                raise IntegrityError(
                    f"Buffers of expert `{task}` must equal those of the pretrained model, since "
                    f"merging weights leaves them undefined. Found a different `{name}`. Use an "
                    "expert that kept its buffers."
                )


def _shape(checkpoint: Checkpoint, name: str) -> tuple[int, ...]:
    return checkpoint.tensors[name].shape


def _flat(module: nn.Module) -> Loaded:
    named = {name: p.detach() for name, p in module.named_parameters()}
    layout = Layout(names=tuple(named), shapes=tuple(tuple(p.shape) for p in named.values()))
    return Loaded(
        layout=layout, params=torch.cat([p.reshape(-1) for p in named.values()]), head=None
    )
