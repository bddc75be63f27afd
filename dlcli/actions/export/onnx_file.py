"""The exporter `onnx`: a file for onnxruntime; names of columns are looked up inside, texts are not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.export.described import Taken
from dlcli.actions.export.exporter import Exporter, Writing
from dlcli.actions.export.forms import Form
from dlcli.actions.export.raw_columns import names_with_codes
from dlcli.keras_internals import patched_tf2onnx

if TYPE_CHECKING:
    from dlcli.actions.export.whole import Whole

OPSET, LOOKUP, LOOKUPS = 18, "ai.onnx.ml", 3
"""The versions of the operations of ONNX and of its looking up that onnxruntime has had since 2023."""
NAMES = "one of the names; another one counts as none of them"


def write_onnx(whole: Whole, writing: Writing) -> Whole:
    """Converts the graph, gives its inputs and outputs their names, and puts the lookup of names before it."""
    import onnx

    model = converted(whole)
    outputs = []
    for given, output in zip(whole.outputs, list(model.graph.output), strict=True):
        own = given.name if given.name not in {each.name for each in whole.inputs} else f"{given.name} (answer)"
        rename(model.graph, output.name, own)
        outputs.append(replace(given, tensor=own))
    for taken in whole.inputs:
        if taken.kind == "code":
            look_up(model.graph, taken)
        else:
            rename(model.graph, taken.tensor, taken.name)
    if all(each.domain != LOOKUP for each in model.opset_import):
        model.opset_import.append(onnx.helper.make_opsetid(LOOKUP, LOOKUPS))
    onnx.save_model(model, writing.path)
    inputs = [
        replace(each, kind="name", dtype="string", meaning=NAMES) if each.kind == "code" else each
        for each in whole.inputs
    ]
    return replace(whole, inputs=[replace(each, tensor=each.name) for each in inputs], outputs=outputs)


def look_up(graph: Any, taken: Taken) -> None:
    """Makes an input of codes one of names, of which a node before all others makes the codes."""
    import onnx

    keys, codes = names_with_codes(taken.names or [], taken.missing)
    code = next(each for each in graph.input if each.name == taken.tensor)
    inside = f"{taken.tensor}:code"
    rename(graph, taken.tensor, inside)
    code.name, code.type.tensor_type.elem_type = taken.name, onnx.TensorProto.STRING
    node = onnx.helper.make_node(
        "LabelEncoder", [taken.name], [inside], domain=LOOKUP, keys_strings=keys, values_int64s=codes, default_int64=-1
    )
    graph.node.insert(0, node)


def converted(whole: Whole) -> Any:
    """The ONNX model of a whole; its inputs bear the names of tensors, and its outputs stand in the order of the targets."""
    import tensorflow as tf
    from onnx import numpy_helper

    tf2onnx = patched_tf2onnx()
    names = [each.name for each in whole.outputs]
    specs = list(whole.specs().values())
    taken = [each.name for each in whole.inputs]

    def answers(*values: Any) -> Any:
        said = whole.model(dict(zip(taken, values, strict=True)), training=False)
        return [said[name] for name in names]

    function = tf.function(answers, autograph=False, input_signature=specs)
    model, _ = tf2onnx.convert.from_function(function, input_signature=specs, opset=OPSET, custom_op_handlers=OWN)
    # Constants that the graph has captured from outside come out as inputs that nobody gives.
    concrete = function.get_concrete_function()
    captured = {inside.name: outside for outside, inside in concrete.graph.captures if outside.dtype != tf.resource}
    for each in list(model.graph.input):
        if each.name in captured:
            model.graph.initializer.append(numpy_helper.from_array(captured[each.name].numpy(), each.name))
            model.graph.input.remove(each)
    return model


def as_where(ctx: Any, node: Any, name: str, arguments: Any) -> None:
    """A choice as it is: tf2onnx multiplies numbers of 64 bits by 0 and 1, which keeps what is not finite."""
    node.type = "Where"


def as_one_less_erf(ctx: Any, node: Any, name: str, arguments: Any) -> None:
    """The complement of the error function, in an exact GELU, which ONNX has not."""
    import numpy as np

    node.type = "Erf"
    output = node.output[0]
    one = ctx.make_const(f"{node.name}_one", np.ones((), np.float32)).output[0]
    negative = ctx.insert_new_node_on_output("Neg", output, name=f"{node.name}_negative").output[0]
    ctx.insert_new_node_on_output("Add", negative, name=f"{node.name}_complement", inputs=[negative, one])


OWN: dict[str, tuple[Any, list[Any]]] = {"SelectV2": (as_where, []), "Erfc": (as_one_less_erf, [])}
"""How operations of TensorFlow are written that tf2onnx does not write, or not for every number."""


def rename(graph: Any, old: str, new: str) -> None:
    """Gives an input or output another name, wherever it stands."""
    for each in (*graph.input, *graph.output):
        if each.name == old:
            each.name = new
    for node in graph.node:
        for names in (node.input, node.output):
            for at, name in enumerate(names):
                if name == old:
                    names[at] = new


def open_onnx(path: Path) -> None:
    """Opens it in onnxruntime."""
    import onnxruntime

    onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


ONNX = Exporter(
    word="onnx",
    file="model.onnx",
    forms=(Form(names=False, texts=False), Form(texts=False, prepared=True)),
    write=write_onnx,
    opened=open_onnx,
    imports=("import numpy as np", "import onnxruntime"),
    loading=('model = onnxruntime.InferenceSession(folder / "model.onnx")',),
    answering=(
        'given = {name: values.astype(object) if values.dtype.kind == "U" else values for name, values in inputs.items()}',
        'return dict(zip([each["name"] for each in schema["outputs"]], model.run(None, given)))',
    ),
    install="onnxruntime",
    packages={"onnx": "onnx", "tf2onnx": "onnx", "onnxruntime": "onnx"},
)
