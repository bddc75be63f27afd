"""Which functions of keras.ops can stand among the layers, with their arguments: a part of what `generate.py` writes.

A function is listed if it takes tensors and plain values, gives each sample an answer of its own, and survives saving as an
operation of Keras. Those that do not are named below, with what speaks against them.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from dlcli.keras_internals import operation_class

LEFT_OUT: Mapping[str, str] = {
    "takes a function": "associative_scan cond fori_loop jvp map scan switch vectorized_map while_loop",
    "takes no tensor": "arange full geomspace linspace logspace",
    "gives no tensor, or none of values": "convert_to_tensor empty_like ndim size",
    "always mixes the samples of a batch": (
        "allclose argpartition corrcoef correlate ctc_decode diag diagflat dot flipud histogram in_top_k inner isin kron "
        "meshgrid nonzero outer psnr ravel searchsorted segment_max segment_min segment_prod segment_sum scatter "
        "scatter_update slice_update tensordot unique vander vdot vsplit vstack image.map_coordinates "
        "image.scale_and_translate"
    ),
    "puts out what it has not said": "adaptive_average_pool adaptive_max_pool bincount eig polar view_as_complex",
    "fails on most values": "cholesky ctc_loss lu_factor",
    "is random": "image.elastic_transform",
    "takes what YAML cannot say, or no batch": (
        "digitize get_item image.extract_patches_3d lstsq rearrange select slogdet unravel_index"
    ),
    "needs sizes that only a batch has": (
        "broadcast_to gcd image.affine_transform image.perspective_transform lcm nanmedian nanpercentile nanquantile unfold"
    ),
    "needs a tensor without samples": "batch_normalization conv conv_transpose depthwise_conv separable_conv",
}
"""By what speaks against them, the functions that are not in the list."""
NOT_BY_XLA = (
    "argsort average_pool cholesky_inverse det eigh extract_sequences fft fft2 fold ifft2 inv irfft "
    "istft logdet matrix_rank max_pool median percentile pinv qr quantile "
    "rfft solve solve_triangular sort stft svd take take_along_axis top_k"
)
"""Functions that XLA does not make faster on a CPU, or in which it does not notice an index that is not there."""
AXES = ("axis", "axes", "axis1", "axis2", "source", "destination")
"""Arguments that name axes, of which 0 is that of the samples."""


def operations(describe: Callable[[str, Any], dict[str, Any]]) -> dict[str, Any]:
    """The functions by name (`ops.sqrt`, `ops.image.resize`), each as `describe` describes it.

    Its traits say the arguments that are tensors (`call`), which of them have to come (`needed`), the arguments that name axes
    with their defaults (`axes`), and what stands for the function in a saved model (`class`).
    """
    left_out = {name for names in LEFT_OUT.values() for name in names.split()}
    entries: dict[str, Any] = {}
    others: dict[str, set[str]] = {}
    for name, function in functions():
        names = called_names(function)
        made = operation_class(function, names)
        if made is None or name in left_out:
            others[name] = names
            continue
        entry = describe("operations", function)
        parameters = inspect.signature(function).parameters
        call = [
            each
            for each in inspect.signature(made.call).parameters
            if each in parameters and parameters[each].kind is not inspect.Parameter.VAR_KEYWORD
        ]
        for key, argument in entry["arguments"].items():
            if key in call:
                entry["arguments"][key] = tensor_argument(parameters[key].default)
            elif argument.get("types") != ["boolean"]:  # the documentation of functions tells less than they take
                argument.pop("types", None)
        traits = {
            "call": call,
            "needed": [each for each in call if parameters[each].default is inspect.Parameter.empty],
            "axes": {key: each.get("default", -1) for key, each in entry["arguments"].items() if key in AXES},
            "xla": name not in NOT_BY_XLA.split() and not name.startswith("image."),
            "class": [made.__module__, made.__name__],
        }
        entries[f"ops.{name}"] = {"spellings": [], **entry, "traits": traits}
    for name, names in others.items():
        same = [each for each in names if f"ops.{each}" in entries]
        if len(same) == 1 and name not in left_out:
            entries[f"ops.{same[0]}"]["spellings"].append(f"ops.{name}")
    return entries


def tensor_argument(default: Any) -> dict[str, Any]:
    """An argument that is a tensor, or written out a number or a list; one without a default has to come."""
    entry: dict[str, Any] = {"types": ["boolean", "list", "number"]}
    return entry if default is inspect.Parameter.empty else {**entry, "default": default}


def functions() -> Iterator[tuple[str, Any]]:
    """The public functions of keras.ops, those of pictures behind `image.`."""
    import keras

    for prefix, module in (("", keras.ops), ("image.", keras.ops.image)):
        for name, value in sorted(vars(module).items()):
            if inspect.isfunction(value) and not name.startswith("_"):
                yield prefix + name, value


def called_names(function: Any) -> set[str]:
    """The names that a function calls."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    calls = (each.func for each in ast.walk(tree) if isinstance(each, ast.Call))
    return {each.id for each in calls if isinstance(each, ast.Name)}
