"""From a model to its prepared form: found in the cache, or made there."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from deepsched.engine.prepared.entry import UntrustedError, find_model, seal_entry
from deepsched.engine.prepared.fingerprint import fingerprint_model
from deepsched.engine.prepared.lock import CAN_LOCK, hold_lock
from deepsched.engine.prepared.obstacle import NotPreparedError
from deepsched.engine.prepared.optimise import optimise_model
from deepsched.engine.prepared.store import (
    SIZE_VARIABLE,
    clear_unfinished,
    evict,
    make_unfinished,
    measure_folder,
    open_store,
    read_size_bound,
    remove,
    throw_away,
)
from deepsched.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

    from deepsched.engine.model import Model

_log = logging.getLogger("deepsched")
# By then all but the largest models are there; a caller should not wait longer for memory that it may not need.
_PATIENCE_S = 60.0


def prepare_model(model: Model, fingerprint: str, numa_node: int | None = None) -> Model:
    """Give the prepared form of `model`: from the cache, or else made now, which takes a few ordinary openings.

    Twice the weights are written to the disk: as they are, and as the kernels want them.

    Parameters
    ----------
    model : Model
        The original. It is read only where the cache does not have its prepared form.
    fingerprint : str
        What `fingerprint_model` gave for it.
    numa_node : int, optional
        Gives each NUMA node files of its own. Call from a thread on that node: files stay in the memory of the node
        from which they were first written or read.

    Raises
    ------
    NotPreparedError
        If there is no prepared form and none can be made; the reason is for people to read.
    ModelError
        If it must be made, but the model's file is another one by now.
    """
    if not CAN_LOCK:
        raise NotPreparedError("this operating system has no file locks")
    try:
        store = open_store()
        name = fingerprint if numa_node is None else f"{fingerprint}-node{numa_node}"
        path = _find(store / name) or _make(store / name, model, fingerprint)
    except OSError as error:
        raise NotPreparedError(f"the cache cannot be used ({error})") from error
    return model.as_prepared(str(path))


def _find(folder: Path) -> Path | None:
    try:
        return find_model(folder)
    except UntrustedError as error:
        _log.warning("a prepared model in the cache cannot be trusted and is made again: %s", error)
        return None


def _make(folder: Path, model: Model, fingerprint: str) -> Path:
    store, name = folder.parent, folder.name
    bound = read_size_bound()
    with hold_lock(store / f"{name}.lock", _PATIENCE_S):
        try:
            made = find_model(folder)
        except UntrustedError:
            throw_away(folder)
        else:
            if made is not None:
                return made  # by another process, meanwhile
        _log.info("preparing model %s, once for this machine.", model.label)
        clear_unfinished(store, name)
        unfinished = make_unfinished(store, name)
        try:
            _check_same(model, fingerprint)
            optimise_model(model, unfinished)
            _check_same(model, fingerprint)  # nor may it have changed while onnxruntime read it
            seal_entry(unfinished, name)
            _check_size(unfinished, bound)
            unfinished.rename(folder)
        finally:
            remove(unfinished)
        evict(store, folder, bound)
        made = _find(folder)
    if made is None:
        raise NotPreparedError("it did not stay in the cache")
    return made


def _check_size(folder: Path, bound: int) -> None:
    size = measure_folder(folder)
    if size > bound:
        raise NotPreparedError(f"it takes {size} bytes of a cache of {bound}; {SIZE_VARIABLE} can allow more")


def _check_same(model: Model, fingerprint: str) -> None:
    if fingerprint_model(model) != fingerprint:
        raise ModelError(f"model {model.label}: the file was changed since it was compiled; compile it again.")
