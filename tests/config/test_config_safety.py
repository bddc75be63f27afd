"""Rows 16, 17 and 18 of the table of faults: a configuration runs no code, imports nothing and reads no other file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from dlcli.config.catalogue import keras_catalogue

LAYER = "Dense: {units: 64, activation: relu}"
IMPORTS = {
    "os.system": (15, 5, "unknown layer 'os.system'"),
    "{os.system: ls}": (15, 6, "unknown layer 'os.system'"),
    "{class_name: os.system}": (15, 6, "unknown layer 'class_name'"),
    "{module: subprocess}": (15, 6, "unknown layer 'module'"),
    "{_target_: os.system}": (15, 6, "unknown layer '_target_'"),
    "{class_name: Dense, config: {units: 3}}": (
        15,
        5,
        "expected one name with its arguments behind it, found 2 names: 'class_name', 'config'",
    ),
    "keras.layers.Dense": (15, 5, "unknown layer 'keras.layers.Dense'"),
    "{keras.layers.Dense: 3}": (15, 6, "unknown layer 'keras.layers.Dense'"),
    "{__import__: os}": (15, 6, "unknown layer '__import__'"),
    "{Dense: {units: 64, class_name: os.system}}": (15, 25, "unknown argument 'class_name' for Dense"),
    "{Dense: {units: 64, module: subprocess}}": (15, 25, "unknown argument 'module' for Dense"),
    "{Dense: {units: 64, activation: os.system}}": (15, 37, "unknown activation 'os.system'"),
    "{Dense: {units: 64, activation: {class_name: function, config: eval}}}": (
        15,
        37,
        "'activation' must be the name of an activation, found a mapping",
    ),
    "{Dense: {units: 64, kernel_initializer: {class_name: os.system}}}": (15, 46, "unknown initializer 'class_name'"),
    "{Dense: {units: 64, kernel_regularizer: eval}}": (15, 45, "unknown regularizer 'eval'"),
    "{Dense: {units: 64, dtype: {class_name: os.system}}}": (15, 32, "'dtype' must be text, found a mapping"),
    "{Dense: {units: 64, quantization_config: {class_name: x}}}": (
        15,
        46,
        "'quantization_config' must be a plain value, found a mapping",
    ),
    "{Reshape: {target_shape: [{class_name: x}]}}": (15, 31, "'target_shape' must hold plain values, found a mapping"),
    "{TimeDistributed: {layer: {class_name: os.system}}}": (15, 32, "unknown layer 'class_name'"),
}


def test_row_16_names_come_from_a_closed_list(problem, change):
    for written, expected in IMPORTS.items():
        assert problem(change((LAYER, written))).at == expected, written
    assert len(IMPORTS) == 19


def test_row_16_every_kind_of_thing_is_a_closed_list(problem, change, digits):
    swaps = {
        ("source: digits", "source: {os.system: ls}"): (8, 12),
        ("- Rescaling: {scale: 0.0625}", "- os.system: ls"): (11, 7),
        ("loss: sparse_categorical_crossentropy", "loss: os.system"): (19, 7),
        ("Adam: {learning_rate: 1e-3}", "os.system: ls"): (22, 3),
        ("1e-3", "{os.system: ls}"): (22, 26),
        ("[accuracy]", "[os.system]"): (24, 11),
    }
    for swap, place in swaps.items():
        found = problem(change(swap))
        assert found.at[:2] == place
        assert found.message.startswith("unknown ")
    assert len(swaps) == 6
    assert problem(digits + "  callbacks: [os.system]\n").at == (30, 15, "unknown callback 'os.system'")


def test_row_16_a_module_beside_the_file_is_not_imported(write, digits, tmp_path):
    """Control: the module would leave a trace when it is imported."""
    write("trap.py", "from pathlib import Path\nPath(__file__).with_name('sprung').touch()\n")
    names = ["trap", "trap.Layer", "{trap.Layer: 1}", "{class_name: Layer, module: trap}"]
    for name in names:
        write("config.yaml", digits.replace(LAYER, name))
        code = "import sys; from dlcli.config import load_config; load_config('config.yaml')"
        ended = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert ended.returncode == 1
        assert "ConfigError" in ended.stderr
    assert not (tmp_path / "sprung").exists()
    subprocess.run([sys.executable, "-c", "import trap"], cwd=tmp_path, check=True)
    assert (tmp_path / "sprung").exists()


def test_row_17_lambda_is_refused_in_every_form(problem, change):
    reason = keras_catalogue().refused["layers"]["Lambda"]
    message = f"Lambda is not available: {reason}"
    forms = {"Lambda": 5, "{Lambda: 'x ** 2'}": 6, "{Lambda: {function: 'lambda x: x'}}": 6}
    for written, column in forms.items():
        assert problem(change((LAYER, written))).at == (15, column, message)
    assert problem(change((LAYER, "TimeDistributed: {layer: Lambda}"))).at == (15, 30, message)


def test_row_18_arguments_that_read_files_take_lists_only(problem, change):
    end = ": files are read by the data section only"
    wrong = {
        "{StringLookup: {vocabulary: /etc/passwd}}": (
            15,
            33,
            "'vocabulary' must be a list, found the text '/etc/passwd'",
        ),
        "{IntegerLookup: {vocabulary: /etc/passwd}}": (
            15,
            34,
            "'vocabulary' must be a list, found the text '/etc/passwd'",
        ),
        "{TextVectorization: {vocabulary: /etc/passwd}}": (
            15,
            38,
            "'vocabulary' must be a list, found the text '/etc/passwd'",
        ),
        "{StringLookup: {idf_weights: /etc/passwd}}": (
            15,
            34,
            "'idf_weights' must be a list, found the text '/etc/passwd'",
        ),
        "{StringLookup: {vocabulary: {a: /etc/passwd}}}": (15, 33, "'vocabulary' must be a list, found a mapping"),
        "{StringLookup: {vocabulary: 3}}": (15, 33, "'vocabulary' must be a list, found the number 3"),
        '{StringLookup: {vocabulary: "${name}"}}': (15, 33, "'vocabulary' must be a list, found the text 'digits'"),
    }
    for written, (line, column, message) in wrong.items():
        assert problem(change((LAYER, written))).at == (line, column, message + end)
    inline = {
        key
        for entry in keras_catalogue().kinds["layers"].values()
        for key, argument in entry["arguments"].items()
        if argument.get("inline")
    }
    assert inline == {"vocabulary", "idf_weights"}


def test_row_18_a_vocabulary_in_the_file_is_read(read, change):
    config = read(change(("    - Rescaling: {scale: 0.0625}", "    - StringLookup: {vocabulary: [a, b]}")))
    assert config.data.prepare[0].arguments == {"vocabulary": ["a", "b"]}


def test_row_18_a_path_is_no_short_form_of_a_lookup(problem, change):
    found = problem(change((LAYER, "StringLookup: /etc/passwd")))
    assert found.at == (15, 19, "'max_tokens' must be a number, found the text '/etc/passwd'")


def test_the_environment_is_no_value_of_a_file(problem, change, monkeypatch):
    monkeypatch.setenv("SECRET", "value")
    for name in ("SECRET", "env.SECRET", "env:SECRET", "oc.env:SECRET"):
        found = problem(change(("name: digits", f"name: '${{{name}}}'")))
        assert found.at == (4, 7, f"nothing is named '${{{name}}}'")


def test_a_device_without_end_is_read_no_further_than_a_file_may_be_long(problem, digits):
    assert Path("/dev/zero").exists()
    found = problem("extends: /dev/zero\n" + digits)
    assert found.at == (0, 0, "the file is too large: a configuration has at most 2,000,000 bytes")
    assert found.file == "/dev/zero"
