"""Models from elsewhere: what could run code, reach files or take memory is refused before Keras sees it."""

from __future__ import annotations

import io
import json
import os
import shutil
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.errors import ArtifactError, UnsafeError
from dlcli.runs import Run
from dlcli.runs.atomic import MANIFEST, write_manifest
from dlcli.runs.manifest import write_recorded
from dlcli.training.kept.untrusted import check_model_file

Command = Callable[..., Any]
Members = dict[str, bytes]


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory, run_dlcli: Command, write_experiment: Callable[..., Path]
) -> Path:
    """The folder of a run."""
    folder = tmp_path_factory.mktemp("untrusted")
    config = write_experiment(folder, {"train.epochs": 1})
    done = run_dlcli("train", config, "--name", "a", "-q", cwd=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def members(trained: Path) -> Members:
    """What the file of the run's model holds."""
    with zipfile.ZipFile(trained / "runs" / "a" / "model" / "model.keras") as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(path: Path, members: Members) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def dense(members: Members, **changes: Any) -> Members:
    """The members with other values in the first dense layer of the configuration; `config__…` are its arguments."""
    tree = json.loads(members["config.json"])
    layer = next(each for each in tree["config"]["layers"] if each["class_name"] == "Dense")
    for key, value in changes.items():
        if key.startswith("config__"):
            layer["config"][key.removeprefix("config__")] = value
        else:
            layer[key] = value
    return {**members, "config.json": json.dumps(tree).encode()}


def weights(change: Callable[[Any], None]) -> Callable[[Members], Members]:
    """The members with a change in the file of weights."""
    import h5py

    def changed(members: Members) -> Members:
        buffer = io.BytesIO(members["model.weights.h5"])
        with h5py.File(buffer, "r+") as file:
            change(file)
        return {**members, "model.weights.h5": buffer.getvalue()}

    return changed


def external(file: Any) -> None:
    file.create_dataset("layers/dense/vars/9", shape=(4,), dtype="f4", external=[("/etc/passwd", 0, 16)])


def linked(file: Any) -> None:
    import h5py

    file["layers/dense/vars/9"] = h5py.ExternalLink("/etc/passwd", "/x")


def enormous(file: Any) -> None:
    file.create_dataset("layers/dense/vars/9", shape=(3_000_000, 3_000_000), dtype="f4", chunks=(100, 100))


def nested(members: Members) -> Members:
    tree: Any = "end"
    for _ in range(400):
        tree = [tree]
    return dense(members, config__name=tree)


LAMBDA = {"module": "keras.layers", "class_name": "Lambda"}
HOSTILE: dict[str, tuple[Callable[[Members], Members], str]] = {
    "a Lambda layer": (
        lambda members: dense(members, **LAMBDA),
        "holds keras.layers.Lambda, which is no thing of Keras",
    ),
    "os.system": (
        lambda members: dense(members, module="os", class_name="system"),
        "holds os.system, which is no thing",
    ),
    "a function of Keras that downloads": (
        lambda members: dense(members, module="keras.utils", class_name="get_file"),
        "holds keras.utils.get_file, which is no thing",
    ),
    "a function that takes safety away": (
        lambda members: dense(
            members, config__activation={"module": "keras.config", "class_name": "enable_unsafe_deserialization"}
        ),
        "holds keras.config.enable_unsafe_deserialization, which is no thing",
    ),
    "a plain function": (
        lambda members: dense(
            members, config__activation={"module": "builtins", "class_name": "function", "config": "eval"}
        ),
        "holds builtins.function, which is no thing",
    ),
    "a SavedModel as a layer": (
        lambda members: dense(members, class_name="TFSMLayer"),
        "holds keras.layers.TFSMLayer, which is no thing",
    ),
    "a layer of PyTorch": (
        lambda members: dense(members, class_name="TorchModuleWrapper"),
        "holds keras.layers.TorchModuleWrapper, which is no thing",
    ),
    "a class behind another name": (
        lambda members: dense(members, registered_name="builtins>eval"),
        "holds Dense under the name builtins>eval",
    ),
    "a vocabulary in a file": (
        lambda members: dense(members, class_name="StringLookup", config__vocabulary="/etc/passwd"),
        "reads its vocabulary from the file /etc/passwd",
    ),
    "a layer of ten thousand million units": (
        lambda members: dense(members, config__units=10**10),
        "declares units: 10,000,000,000, and 163 weights are stored",
    ),
    "a configuration of a gigabyte": (
        lambda members: {**members, "config.json": members["config.json"] + b" " * (33 << 20)},
        "unpacks to 34.6 MB; the limit is 33.6 MB",
    ),
    "a configuration without a bottom": (nested, "nested more than 200 deep"),
    "weights in another file": (weights(external), "lies in other files"),
    "weights behind a link": (weights(linked), "is a link to another file, /etc/passwd"),
    "weights of 36 TB": (weights(enormous), "claims 36,000.0 GB, but the file stores 0 bytes"),
    "a program beside the model": (lambda members: {**members, "run.py": b""}, "holds 'run.py', which no model has"),
    "a member that leads out": (lambda members: {**members, "assets/../../x": b""}, "leads out of it"),
    "a member with a whole path": (lambda members: {**members, "/etc/cron.d/x": b""}, "leads out of it"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_model_is_refused_before_keras_sees_it(name: str, members: Members, tmp_path: Path) -> None:
    change, message = HOSTILE[name]
    with pytest.raises(UnsafeError) as caught:
        check_model_file(packed(tmp_path / "model.keras", change(members)))
    assert message in caught.value.message
    assert caught.value.code == 10


def test_a_link_as_a_member_is_refused(members: Members, tmp_path: Path) -> None:
    path = packed(tmp_path / "model.keras", members)
    link = zipfile.ZipInfo("assets/x")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UnsafeError, match="leads out of it"):
        check_model_file(path)


def test_the_same_archive_without_a_change_passes(members: Members, tmp_path: Path) -> None:
    assert len(HOSTILE) == 18
    check_model_file(packed(tmp_path / "model.keras", members))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"no archive", b"\x89HDF\r\n\x1a\n" + bytes(100)])
def test_what_is_no_archive_is_damaged(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "model.keras"
    path.write_bytes(content)
    with pytest.raises(ArtifactError, match=r"^model\.keras is damaged or no \.keras file: "):
        check_model_file(path)


def test_layers_that_ask_for_more_weights_than_are_stored_do_not_get_them(members: Members, tmp_path: Path) -> None:
    """The sizes of the layer are small; what it takes is not."""
    from dlcli.training.kept.model_folder import load_keras_file
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    tree = json.loads(members["config.json"])
    first = next(each for each in tree["config"]["layers"] if each["class_name"] == "InputLayer")
    assert first["config"]["batch_shape"] == [None, 16]
    first["config"]["batch_shape"] = [None, 10**10]
    for each in tree["config"]["layers"]:
        each.pop("build_config", None)
    path = packed(tmp_path / "model.keras", {**members, "config.json": json.dumps(tree).encode()})
    with pytest.raises(UnsafeError, match=r"ask for 80,000,000,000 weights or more, and 163 are stored"):
        load_keras_file(path)
    assert load_keras_file(packed(tmp_path / "model.keras", members)).count_params() == 163


def test_a_model_of_another_keras_is_named_with_both_versions(members: Members, tmp_path: Path) -> None:
    import keras

    from dlcli.training.kept.model_folder import load_keras_file
    from dlcli.training.setup.backend import start_keras

    start_keras(seed=0)
    strange = dense(members, config__no_such_argument=1)
    metadata = {**json.loads(members["metadata.json"]), "keras_version": "9.9.9"}
    path = packed(tmp_path / "model.keras", {**strange, "metadata.json": json.dumps(metadata).encode()})
    with pytest.raises(ArtifactError) as caught:
        load_keras_file(path)
    assert caught.value.code == 5
    assert caught.value.hint == f"it was saved by Keras 9.9.9; this is Keras {keras.__version__}"
    assert "Dense" in caught.value.message


@pytest.mark.parametrize("command", [["evaluate", "a"], ["predict", "a", "classes.npz"], ["inspect", "a"]])
def test_no_command_loads_a_run_in_which_somebody_has_put_such_a_model(
    command: list[str], trained: Path, members: Members, tmp_path: Path, run_dlcli: Command
) -> None:
    folder = tmp_path / "copy"
    shutil.copytree(trained, folder)
    model = folder / "runs" / "a" / "model"
    packed(model / "model.keras", dense(members, module="os", class_name="system", config__name="touch pwned"))
    (model / MANIFEST).unlink()
    write_manifest(model)
    for name in ("env.json", "config.resolved.json"):
        path = folder / "runs" / "a" / name
        write_recorded(Run(path.parent), path, path.read_text().replace(str(trained), str(folder)).encode())
    done = run_dlcli(*command, "--json", cwd=folder)
    assert (done.code, done.error["name"]) == (10, "unsafe")
    assert "model.keras holds os.system" in done.error["message"]
    assert not [each for each in os.listdir(folder) if "pwned" in each]


@pytest.mark.parametrize(
    ("module", "name", "taken"),
    [
        ("keras.layers", "Dense", True),
        (None, "Dense", True),
        ("os", "Dense", False),
        ("kerasx.layers", "Dense", False),
        (["keras.layers"], "Dense", False),
        ("keras.layers", "Evil", False),
    ],
)
def test_a_class_of_keras_is_one_by_module_and_name(module: object, name: str, taken: bool, tmp_path: Path) -> None:
    from dlcli.errors import UnsafeError
    from dlcli.training.kept.untrusted import check_thing, names_of_keras

    def check() -> None:
        thing = {"class_name": name, "module": module, "config": {}}
        check_thing(thing, tmp_path / "model.keras", known=names_of_keras(), own=(), stored=10)

    if taken:
        check()
    else:
        with pytest.raises(UnsafeError, match="no thing of Keras"):
            check()
