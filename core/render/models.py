"""The models that stay loaded, and the environment that decides their pixels."""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
import platform
import re
import socket
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import ModelError, RenderError
from core.files import one_line
from core.ops.base import ModelRef

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from core.recipe.weights import Weights

    Array = NDArray[np.float32]

_LIBRARIES = ("torch", "diffusers", "transformers", "peft", "onnxruntime")
_PIXELS = ("device", "gpu", "cuda", "cpu", "dtype", "threads", *_LIBRARIES)
"""What of the environment decides the last bits of a model's pictures."""


def _unset(ref: ModelRef) -> Weights:
    raise ModelError(f"Nothing says where the model {one_line(ref.id)!r} lies.", todo="Report this with the recipe.")


class Models:
    """Models in memory, at most `resident` at a time; the one that was not used for longest goes first.

    `resolve` finds the files of a model (`core.recipe.weights.resolve` with a show's register) and may be set anew
    when the next job belongs to another show: models are told apart by the hash of their weights.
    """

    def __init__(
        self,
        device: str = "auto",
        threads: int = 1,
        *,
        resolve: Callable[[ModelRef], Weights] = _unset,
        dtype: str = "auto",
        resident: int = 2,
    ) -> None:
        """
        Args:
            device: `cpu`, `cuda`, `cuda:N`, or `auto`: the first GPU, else the processor.
            threads: of torch and onnxruntime on the processor.
            dtype: of diffusion weights: `float32`, `bfloat16`, or `auto`: float32 on the processor, bfloat16 on a GPU.
                A VAE is always float32. ONNX networks run on the processor as they are.
        """
        self.resolve = resolve
        self.threads = threads
        self._wanted, self._dtype, self._resident = device, dtype, resident
        self._found = ""
        self._loaded: OrderedDict[tuple[str, str], dict[Any, Any]] = OrderedDict()

    @property
    def device(self) -> str:
        """`cpu` or `cuda:N`."""
        if not self._found:
            self._found = _device(self._wanted)
        return self._found

    @property
    def dtype(self) -> str:
        if self._dtype != "auto":
            return self._dtype
        return "float32" if self.device == "cpu" else "bfloat16"

    def load(self, ref: ModelRef, role: str = "", parts: Sequence[ModelRef] = ()) -> Any:
        """The model, loaded: a `core.render.diffusion.Pipeline` in `role` with its `parts`, or for ONNX a `Network`.

        Roles of one checkpoint share its weights, whatever else goes into them.

        Raises:
            ModelError: missing, unsafe, not what was pinned, or not able to play the role. RenderError: out of memory.
        """
        weights, worn = self.resolve(ref), tuple((part.kind, self.resolve(part)) for part in parts)
        key = (ref.kind, weights.sha256)
        view = (role, *((kind, part.sha256) for kind, part in worn))
        views = self._loaded.get(key, {})
        if view not in views:
            if key not in self._loaded:
                self._drop(until=self._resident - 1)
            if ref.kind == "onnx":
                views[view] = Network(weights.path, self.threads)
            else:
                views[view] = self._open(key, weights, role, worn)
            self._loaded[key] = views
        self._loaded.move_to_end(key)
        return views[view]

    def _open(self, key: tuple[str, str], weights: Weights, role: str, parts: tuple[tuple[str, Weights], ...]) -> Any:
        from core.render import diffusion, pipelines, wardrobe

        pipelines.prepare(self.threads)
        import torch

        if self.device != "cpu" and not torch.cuda.is_available():
            raise ModelError(
                f"torch {torch.__version__} does not see the GPU.",
                where=self.device,
                todo="Install the torch build for this GPU and driver, or render on the processor (device cpu).",
            )
        siblings = tuple(self._loaded.get(key, {}).values())
        for attempt in (1, 2):
            try:
                loaded = pipelines.load(
                    weights, role, device=self.device, dtype=self.dtype, parts=parts, siblings=siblings
                )
                return diffusion.Pipeline(loaded, role, self.device, lambda: self._make_room(key))
            except Exception as error:
                if not wardrobe.is_out_of_memory(error):
                    raise
                if attempt == 2:
                    raise RenderError(
                        f"The model does not fit into the memory of {self.device}.",
                        where=one_line(weights.source),
                        todo="End other programs that use the device, or take a smaller model.",
                    ) from error
            self._make_room(key)
        raise AssertionError("unreachable")

    def _make_room(self, key: tuple[str, str]) -> None:
        """Let every model but `key` go, and give back what torch holds in reserve."""
        for other in [other for other in self._loaded if other != key]:
            del self._loaded[other]
        self._release()

    def unload(self) -> None:
        """Let every model go, and give the device's memory back."""
        self._drop(until=0)

    def _drop(self, until: int) -> None:
        if len(self._loaded) > until:
            while len(self._loaded) > until:
                self._loaded.popitem(last=False)
            self._release()

    def _release(self) -> None:
        gc.collect()
        if self.device != "cpu":
            import torch

            torch.cuda.empty_cache()

    def environment(self) -> dict[str, str | int]:
        """Facts for the record, empty where they do not apply. Imports torch only on a machine with a GPU."""
        facts: dict[str, str | int] = {
            "device": self.device,
            "gpu": "",
            "driver": "",
            "cuda": "",
            "cpu": _processor(),
            "dtype": self.dtype,
            "vae_dtype": "float32",
            "attention": "scaled_dot_product_attention",
            "onnx": "CPUExecutionProvider",
            "threads": self.threads,
            "host": socket.gethostname(),
            "python": platform.python_version(),
            **{name: _version(name) for name in (*_LIBRARIES, "rushes")},
        }
        if self.device != "cpu":
            facts |= _gpu(self.device)
        return facts

    def digest(self) -> str:
        """The class of environments that give the same pixels, as text."""
        return pixel_class(self.environment())


def pixel_class(environment: Mapping[str, Any]) -> str:
    """The class of environments that give the same pixels as this one (`Models.environment`), as text."""
    return "; ".join(f"{name} {environment[name]}" for name in _PIXELS if environment.get(name, "") != "")


class Network:
    """An ONNX network on the processor: the same bits on every machine of a class, with a fixed number of threads."""

    def __init__(self, path: Path, threads: int) -> None:
        """Raises ModelError: no onnxruntime, or a file that it cannot read."""
        try:
            import onnxruntime
        except ImportError as error:
            raise ModelError(
                "This needs onnxruntime, which is not installed.",
                todo="Install rushes with its models: pip install 'rushes[generate]'",
            ) from error
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = threads, 1
        options.use_deterministic_compute = True
        options.log_severity_level = 3
        try:
            self._session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime has no public tree of errors
            raise ModelError(
                f"The network cannot be read: {one_line(str(error))}", where=str(path), todo="Fetch or export it again."
            ) from error
        self.path = path
        entry = self._session.get_inputs()[0]
        self.inputs, self._input, self.shape = len(self._session.get_inputs()), entry.name, tuple(entry.shape)
        """How many inputs it has, and the shape of the first; sizes that are free are names or None."""

    def __call__(self, array: Array) -> Array:
        """The first output for one input. Raises RenderError where the network refuses it."""
        try:
            result: Array = self._session.run(None, {self._input: array})[0]
        except Exception as error:
            raise RenderError(
                f"The network stopped: {one_line(str(error))}",
                where=str(self.path),
                todo="It may be damaged, or made for other pictures. Use another model.",
            ) from error
        return result


def _device(wanted: str) -> str:
    if wanted != "auto":
        return "cuda:0" if wanted == "cuda" else wanted
    driver = Path("/proc/driver/nvidia/version").exists() or Path("/dev/dxg").exists()
    if not driver or importlib.util.find_spec("torch") is None:  # then torch need not be asked: it takes seconds
        return "cpu"
    import torch

    return "cuda:0" if torch.cuda.is_available() else "cpu"


def _gpu(device: str) -> dict[str, str | int]:
    if importlib.util.find_spec("torch") is None:
        return {}
    import torch

    if not torch.cuda.is_available():
        return {}
    driver = Path("/proc/driver/nvidia/version")
    found = re.search(r"\s(\d+\.\d+[\d.]*)\s", driver.read_text()) if driver.exists() else None
    return {
        "gpu": torch.cuda.get_device_name(device),
        "cuda": str(torch.version.cuda or ""),
        "driver": found[1] if found else "",
    }


def _processor() -> str:
    try:
        found = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    except OSError:
        found = None
    return one_line(found[1]) if found else platform.machine()


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""
