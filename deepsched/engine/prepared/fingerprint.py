"""What a prepared model depends on, as one number: the model's bytes, onnxruntime, the processor, and how it is made.

Packed weights fit one kind of processor and one build of onnxruntime only; with another they would be read wrong.
"""

from __future__ import annotations

import hashlib
import json
import platform
import time
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import onnx
import onnxruntime

from deepsched.engine.prepared.obstacle import NotPreparedError
from deepsched.engine.prepared.optimise import RECIPE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from deepsched.engine.model import Model

_CPUINFO = Path("/proc/cpuinfo")
# The fields that say which instructions there are; the others change from one reading to the next.
_CPU_FIELDS = ("vendor_id", "cpu family", "model", "flags", "CPU implementer", "CPU part", "Features", "isa")
_CHUNK = 1 << 20
# Every tensor outside of the model file has an entry of this name in the file.
_EXTERNAL = b"location"
# A file that changes twice within a tick of the file system's clock looks the same afterwards.
_SETTLED_NS = 1_000_000_000

Stamp = tuple[int, ...]


def fingerprint_model(model: Model) -> str:
    """Hash all that the prepared form of `model` depends on.

    A file that this process has hashed before is hashed again only if its stamp (size, times, number) has changed.

    Returns
    -------
    str
        64 hexadecimal digits.

    Raises
    ------
    NotPreparedError
        If a file of the model cannot be read.
    """
    try:
        if isinstance(model.content, bytes):
            digest, has_external = hashlib.sha256(model.content).hexdigest(), _EXTERNAL in model.content
        else:
            digest, has_external = _hash_file(Path(model.content))
        external = {name: _hash_file(path)[0] for name, path in _find_external(model)} if has_external else {}
    except (OSError, ValueError) as error:  # ValueError: a name that no file can have
        raise NotPreparedError(f"its files cannot be read ({error})") from error
    parts = [RECIPE, onnxruntime.__version__, onnxruntime.get_build_info(), _describe_processor(), digest, external]
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def _hash_file(path: Path) -> tuple[str, bool]:
    """Hash a file, and look whether it may refer to others."""
    stamp = _stamp(path)
    settled = time.time_ns() - stamp[-1] > _SETTLED_NS
    found = (_hash_once if settled else _hash_once.__wrapped__)(path, stamp)
    if _stamp(path) != stamp:
        raise OSError(f"{path} changes while it is read")
    return found


def _stamp(path: Path) -> Stamp:
    if not path.is_file():  # a device or a pipe may never end
        raise FileNotFoundError(f"{path} is no file")
    status = path.stat()
    return status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns


@lru_cache(maxsize=1024)
def _hash_once(path: Path, stamp: Stamp) -> tuple[str, bool]:  # noqa: ARG001 - the stamp is a part of the cache's key
    digest, has_external, tail = hashlib.sha256(), False, b""
    with path.open("rb", buffering=0) as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            has_external = has_external or _EXTERNAL in tail + chunk
            tail = chunk[1 - len(_EXTERNAL) :]
    return digest.hexdigest(), has_external


def _find_external(model: Model) -> Iterator[tuple[str, Path]]:
    """Find the files beside the model that hold its weights, under the names that the model has for them."""
    folder = model.folder if isinstance(model.content, bytes) else Path(model.content).parent
    for tensor in _find_tensors(model.read_proto()):
        for entry in tensor.external_data:
            if entry.key == "location" and folder is not None:
                yield entry.value, Path(folder, entry.value)


def _find_tensors(message: Any) -> Iterator[onnx.TensorProto]:
    """Find every tensor, wherever it stands: in subgraphs, attributes, functions, sparse tensors."""
    if isinstance(message, onnx.TensorProto):
        yield message
    elif not isinstance(message, onnx.ValueInfoProto):
        for field, value in message.ListFields():
            if field.message_type is not None:
                for part in [value] if hasattr(value, "ListFields") else value:
                    yield from _find_tensors(part)


@cache
def _describe_processor() -> list[str]:
    """List what kinds of processor there are; hybrid machines have several."""
    try:
        lines = _CPUINFO.read_text().splitlines()
    except OSError:
        lines = []
    fields = {line for line in lines if line.partition(":")[0].strip() in _CPU_FIELDS}
    return [platform.machine(), platform.processor(), *sorted(fields)]
