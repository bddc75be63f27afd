"""The look into a `.keras` file before Keras sees it, because loading a model can run code, read files and take memory.

Allowed is what dlcli itself could have written: members of a sensible size, things of Keras by their known names, weights
that lie in the file. This is a defence in depth and no sandbox; a model from an enemy belongs in a container.
"""

from __future__ import annotations

import io
import json
import math
import stat
import zipfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from dlcli.config.catalogue import keras_catalogue
from dlcli.data.memory import free_memory
from dlcli.data.sources.arrays.hdf5 import NoDatasets, datasets
from dlcli.errors import ArtifactError, DlcliError, ResourceError, UnsafeError
from dlcli.first_line import first_line
from dlcli.keras_internals import is_plain_operation
from dlcli.layers.memory import BYTES, TooLarge, bounded

CONFIG, METADATA, WEIGHTS, ASSETS = "config.json", "metadata.json", "model.weights.h5", "assets"
LARGEST = {CONFIG: 32 << 20, METADATA: 1 << 20}
"""The most bytes of members that are read as a whole."""
DEEPEST = 200
STRUCTURE = frozenset({"Functional", "Sequential", "Model", "InputLayer", "DTypePolicy", "DTypePolicyMap", "History"})
"""What a model consists of besides the things that a configuration names."""
PLAIN = frozenset(
    {"__keras_tensor__", "__slice__", "__tensor__", "__numpy__", "__tuple__", "__ellipsis__", "__bytes__", "slice"}
)
"""Values, not things, that Keras writes like things."""
CODE = frozenset({"FlaxLayer", "JaxLayer", "Lambda", "TFSMLayer", "TorchModuleWrapper"})
"""Layers that are code, or load it."""
SIZES = frozenset({"units", "filters", "input_dim", "output_dim", "key_dim", "value_dim", "num_heads", "hidden_dim"})
"""Arguments of which each is at most the number of weights of their layer."""
LOW_RANK = 1 << 22
"""So many numbers, 17 MB, may the matrices of `lora_rank` be: they are added to the kernels when a model is saved.

Up to the rank of its kernel they are at most twice the kernel; a higher one makes no sense, and may be written.
"""
COPIES = 3
"""How many copies of a layer Keras holds while it loads a wrapper: the layer itself and one for each direction."""
HINT = "if you trust whoever made it, load it with Keras yourself; dlcli does not"


def check_model_file(path: Path, *, own: Collection[str] = ()) -> int:
    """Raises `UnsafeError` for a `.keras` file that could do more than compute; `own` are the classes of allowed plugins.

    Gives how many numbers its layers may hold: those that are stored, and what Keras does not store of them.
    Raises `ArtifactError` for one that is damaged.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            for member in archive.infolist():
                check_member(member, path)
            config = json.loads(archive.read(CONFIG))
            weights = io.BytesIO(archive.read(WEIGHTS)) if WEIGHTS in archive.namelist() else None
    except (OSError, KeyError, ValueError, EOFError, RecursionError, zipfile.BadZipFile, NotImplementedError) as error:
        raise ArtifactError(
            f"{path.name} is damaged or no .keras file: {first_line(error)}", file=path, kind="damaged_model"
        ) from None
    stored = 0
    if weights is not None:
        stored = check_weights(weights, path)
    known, has_low_rank = names_of_keras(), False
    for thing in serialized_things(config, path):
        check_thing(thing, path, known=known, own=own, stored=stored)
        arguments = thing.get("config")
        has_low_rank |= isinstance(arguments, Mapping) and arguments.get("lora_rank") is not None
    return stored + (max(2 * stored, LOW_RANK) if has_low_rank else 0)


@contextmanager
def no_more_than_stored(stored: int, path: Path) -> Iterator[None]:
    """While a model is loaded, its layers may not ask for more weights than its file holds: `UnsafeError`.

    `COPIES` of them may stand at one time, because a wrapper is made together with what it wraps.
    """
    try:
        with bounded(COPIES * stored * BYTES):
            yield
    except Exception as error:
        cause: BaseException | None = error
        while cause is not None and not isinstance(cause, TooLarge):
            cause = cause.__cause__ or cause.__context__
        if cause is None:
            raise
        found = f"the layers of {path.name} ask for {cause.parameters:,} weights or more, and {stored:,} are stored"
        raise UnsafeError(found, file=path, hint=HINT, kind="claims_more_than_stored") from None


def check_member(member: zipfile.ZipInfo, path: Path) -> None:
    """Refuses members that no model has, that lead elsewhere or that unpack to more than there is room for."""
    name = PurePosixPath(member.filename)
    if name.is_absolute() or ".." in name.parts or "\\" in member.filename or stat.S_ISLNK(member.external_attr >> 16):
        raise UnsafeError(
            f"the member '{member.filename}' of {path.name} leads out of it",
            file=path,
            hint=HINT,
            kind="member_leads_out",
        )
    if member.filename not in {CONFIG, METADATA, WEIGHTS} and name.parts[:1] != (ASSETS,):
        raise UnsafeError(
            f"{path.name} holds '{member.filename}', which no model has", file=path, hint=HINT, kind="unknown_member"
        )
    limit = LARGEST.get(member.filename, free_memory() // 2)
    if member.file_size > limit:
        found = f"'{member.filename}' of {path.name} unpacks to {member.file_size / 1e6:,.1f} MB"
        raise UnsafeError(
            f"{found}; the limit is {limit / 1e6:,.1f} MB", file=path, hint=HINT, kind="unpacks_too_large"
        )


def check_weights(weights: io.BytesIO, path: Path) -> int:
    """How many numbers the file of weights holds, all of them in itself.

    Raises `UnsafeError` where they lie elsewhere, `ArtifactError` where the file is damaged.
    """
    try:
        forms = datasets(path, weights)
    except (UnsafeError, ResourceError) as error:
        raise UnsafeError(
            f"the weights of {path.name}: {error.message}", file=path, hint=HINT, kind=error.kind
        ) from None
    except NoDatasets:
        return 0
    except DlcliError as error:
        raise ArtifactError(f"the weights of {path.name}: {error.message}", file=path, kind=error.kind) from None
    return sum(math.prod(shape) for shape, _ in forms.values())


def serialized_things(value: Any, path: Path, depth: int = 0) -> Iterator[Mapping[str, Any]]:
    """Every serialized thing in a configuration, at any depth. Raises `UnsafeError` where it is nested too deep."""
    if depth > DEEPEST:
        raise UnsafeError(
            f"the configuration of {path.name} is nested more than {DEEPEST} deep",
            file=path,
            hint=HINT,
            kind="nested_too_deep",
        )
    if isinstance(value, Mapping):
        if "class_name" in value:
            yield value
        for each in value.values():
            yield from serialized_things(each, path, depth + 1)
    elif isinstance(value, list):
        for each in value:
            yield from serialized_things(each, path, depth + 1)


def names_of_keras() -> frozenset[str]:
    """The classes that a configuration can name, and what holds them."""
    kinds = keras_catalogue().kinds
    listed = {name for kind in kinds.values() for name in kind}
    return frozenset((listed | STRUCTURE | PLAIN) - CODE)


@cache
def operation_classes() -> frozenset[tuple[str, str]]:
    """Module and class of every operation that can stand among the layers."""
    operations = keras_catalogue().kinds["operations"].values()
    return frozenset((module, name) for module, name in (each["traits"]["class"] for each in operations))


def check_thing(
    thing: Mapping[str, Any], path: Path, *, known: Collection[str], own: Collection[str], stored: int
) -> None:
    """Refuses a thing that is not Keras's own, and one that names a file or more weights than are stored."""
    name, module = thing["class_name"], thing.get("module")
    config = thing.get("config") if isinstance(thing.get("config"), Mapping) else {}
    assert isinstance(config, Mapping)
    of_keras = module is None or module == "keras" or (isinstance(module, str) and module.startswith("keras."))
    listed = isinstance(module, str) and isinstance(name, str) and (module, name) in operation_classes()
    plain = is_plain_operation(module, name) or listed or (of_keras and name in known)
    if not isinstance(name, str) or not (plain or name in own):
        what = f"{module}.{name}" if module else str(name)
        flag = "; a class of a plugin needs --allow-code" if not of_keras else ""
        raise UnsafeError(
            f"{path.name} holds {what}, which is no thing of Keras that dlcli knows{flag}",
            file=path,
            hint=HINT,
            kind="unknown_thing",
        )
    registered = thing.get("registered_name")
    if registered not in (None, name) and str(registered).partition(">")[2] not in own and name not in own:
        raise UnsafeError(
            f"{path.name} holds {name} under the name {registered}", file=path, hint=HINT, kind="disguised_thing"
        )
    if isinstance(config.get("vocabulary"), str):
        found = f"'{name}' of {path.name} reads its vocabulary from the file {config['vocabulary']}"
        raise UnsafeError(found, file=path, hint=HINT, kind="reads_other_file")
    for key in SIZES & config.keys():
        size = config[key]
        if isinstance(size, int) and size > max(stored, 1):
            found = f"{name} of {path.name} declares {key}: {size:,}, and {stored:,} weights are stored"
            raise UnsafeError(found, file=path, hint=HINT, kind="claims_more_than_stored")
