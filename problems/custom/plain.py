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
from ..checkpoints.tensors import read_tensors
from ..layout import Layout
from .models import Loaded, Models, OpenedCheckpoints, check_expert, describe
from .problem_file import ProblemFile
from .rows import Rows


@final
class PlainModels(Models):
    """Safetensors files of the `state_dict()` of a module that `file.py:factory` makes.

    The factory is the user's own code, takes no argument and is run. Its module maps inputs to
    features `(B, H)`.
    """

    def __init__(self, file: ProblemFile) -> None:
        self._file = file
        self._checkpoint = OpenedCheckpoints(file)

    def compatibility(self, tasks: Sequence[str]) -> Iterator[Finding]:
        """Yield a finding per checkpoint, from headers alone."""
        pretrained = self._checkpoint(None)
        if not self._place[0].is_file():
            raise PluginError(
                f"`module` must name a Python file. Found none at `{self._place[0]}`."
            )
        yield Finding("pretrained model", True, describe(pretrained))
        for name in tasks:
            yield check_expert(name, pretrained, self._checkpoint(name))

    def facts(self, tasks: Sequence[str]) -> dict[str, Any]:
        """Return digests of the weights, and of the module's file with the files it imports."""
        found = {str(name): self._checkpoint(name).sha256 for name in (None, *tasks)}
        return found | {"module": [self._file.module, source_hash(self._place[0])]}

    def config(self, task: str) -> dict[str, Any]:
        """Return an empty configuration: a plain module has none."""
        return {}

    def backbone(self) -> nn.Module:
        """Return a new module with the pretrained parameters."""
        return self._load(None)

    def pretrained(self) -> Loaded:
        """Return the pretrained model."""
        return _flat(self._load(None))

    def expert(self, task: str) -> Loaded:
        """Return the expert of a task, in the layout of the pretrained model."""
        module = self._load(task)
        ours = dict(self._load(None).named_buffers())
        for name, buffer in module.named_buffers():
            if not torch.equal(buffer, ours[name]):
                raise IntegrityError(
                    f"Buffers of expert `{task}` must equal those of the pretrained model, since "
                    f"merging weights leaves them undefined. Found a different `{name}`. Use an "
                    "expert that kept its buffers."
                )
        return _flat(module)

    def inputs(self, rows: Rows) -> Tensor:
        """Return the column of inputs as `(n, ...)`: int64 if it holds integers, else float32."""
        found = np.asarray(rows.inputs[0])
        if found.dtype == object:
            found = np.stack([np.asarray(value) for value in rows.inputs[0]])
        whole = np.issubdtype(found.dtype, np.integer)
        return torch.from_numpy(found.astype(np.int64 if whole else np.float32))

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

    def _load(self, task: str | None) -> nn.Module:
        checkpoint = self._checkpoint(task)
        if checkpoint.is_adapter:
            raise StudyError(
                f"Experts of a `module` must be whole models. Found adapter `{checkpoint.folder}`."
            )
        with torch.random.fork_rng(devices=[]):
            module = self._factory()
        if not isinstance(module, nn.Module):
            raise PluginError(
                f"`{self._file.module}` must make a torch.nn.Module. Found {type(module).__name__}."
            )
        expected, found = _shapes(module.state_dict()), checkpoint.tensors
        wrong = [n for n in {*expected, *found} if n not in found or n not in expected]
        wrong += [n for n in expected if n in found and found[n].shape != expected[n]]
        if wrong:
            raise IntegrityError(
                f"`{checkpoint.folder}` must hold the tensors of `{self._file.module}`. "
                f"Found that `{min(wrong)}` is missing, unexpected, or of another shape. Save "
                "its `state_dict()` again."
            )
        tensors = read_tensors(checkpoint, list(expected))
        kinds = {name: value.dtype for name, value in module.state_dict().items()}
        module.load_state_dict({name: value.to(kinds[name]) for name, value in tensors.items()})
        return module.eval()


def _shapes(state: dict[str, Tensor]) -> dict[str, tuple[int, ...]]:
    return {name: tuple(value.shape) for name, value in state.items()}


def _flat(module: nn.Module) -> Loaded:
    named = {name: p.detach() for name, p in module.named_parameters()}
    layout = Layout(names=tuple(named), shapes=tuple(tuple(p.shape) for p in named.values()))
    return Loaded(
        layout=layout, params=torch.cat([p.reshape(-1) for p in named.values()]), head=None
    )
