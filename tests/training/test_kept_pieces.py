"""What a run keeps and says, piece by piece: answers, scores, limits of a model from elsewhere, callbacks, failures."""

from __future__ import annotations

import json
import os
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from dlcli.config.catalogue import keras_catalogue
from dlcli.errors import BlockError, InternalError, ResourceError, UnsafeError
from dlcli.runs import Run, RunState
from dlcli.training.kept.predictions import answers_of, confusion, scores_by_class, unit_names
from dlcli.training.kept.untrusted import check_member, check_thing, check_weights, names_of_keras, serialized_things

PATH = Path("model.keras")


def loss_of(written: Any) -> Any:
    return keras_catalogue().read("losses", written)


def target(*, classes: list[str] | None = None, columns: list[str] | None = None, shape: tuple[int, ...] = ()) -> Any:
    return SimpleNamespace(classes=classes, each=columns, shape=shape)


def test_a_probability_of_one_half_is_a_no_and_a_score_of_zero_too() -> None:
    output = np.array([[0.5], [0.5000001], [0.2]], np.float32)
    said = answers_of(output, loss_of("binary_crossentropy"), target(classes=["no", "yes"]))
    assert said is not None
    assert said.classes.tolist() == [0, 1, 0]
    assert said.probabilities is not None
    np.testing.assert_allclose(said.probabilities, [[0.5, 0.5], [0.5, 0.5], [0.8, 0.2]], atol=1e-6)
    signs = answers_of(np.array([[0.0], [1e-6], [-2.0]], np.float32), loss_of("hinge"), target(classes=["no", "yes"]))
    assert signs is not None
    assert (signs.classes.tolist(), signs.probabilities) == ([0, 1, 0], None)


def test_what_has_no_form_of_its_target_says_nothing() -> None:
    two, three = np.zeros((4, 2), np.float32), np.zeros((4, 3), np.float32)
    binary, classes = loss_of("binary_crossentropy"), loss_of("sparse_categorical_crossentropy")
    assert answers_of(two, binary, target(classes=["no", "yes"])) is None
    assert answers_of(two[:, :1], binary, target(classes=["a", "b", "c"])) is None
    assert answers_of(two, classes, target(classes=["a", "b", "c"])) is None
    assert answers_of(three, classes, target()) is None
    assert answers_of(three, loss_of("mse"), target(classes=["a", "b", "c"])) is None
    for wide in (three, np.zeros((4, 5), np.float32)):
        assert answers_of(wide, classes, target(classes=["a", "b", "c"])) is not None
    labels = answers_of(two, binary, target(columns=["p", "q"], shape=(2,)))
    assert labels is not None
    assert labels.classes.shape == (4, 2)
    assert answers_of(three, binary, target(columns=["p", "q"], shape=(2,))) is None
    assert answers_of(two, loss_of("mse"), target(columns=["p", "q"], shape=(2,))) is None


def test_scores_are_those_of_scikit_learn_and_none_where_there_are_none() -> None:
    from sklearn.metrics import confusion_matrix, precision_recall_fscore_support

    truth, answer = np.array([0, 0, 1, 1, 1, 2]), np.array([0, 1, 1, 1, 0, 1])
    matrix = confusion(truth, answer, classes=4)
    np.testing.assert_array_equal(matrix, confusion_matrix(truth, answer, labels=range(4)))
    precision, recall, f1, support = precision_recall_fscore_support(truth, answer, labels=[0, 1], zero_division=0)
    said = scores_by_class(truth, answer, ["a", "b", "c", "d"])
    for number, name in enumerate("ab"):
        assert list(said[name].values()) == pytest.approx(
            [precision[number], recall[number], f1[number], support[number]]
        )
    assert said["c"] == {"precision": None, "recall": 0.0, "f1": 0.0, "samples": 1}
    assert said["d"] == {"precision": None, "recall": None, "f1": None, "samples": 0}
    assert unit_names(["a", "b"], 4) == ["a", "b", "unit 2", "unit 3"]


def member(name: str, *, size: int = 1, link: bool = False) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.file_size = size
    info.external_attr = ((stat.S_IFLNK if link else stat.S_IFREG) | 0o644) << 16
    return info


@pytest.mark.parametrize(
    ("name", "most"),
    [("config.json", 32 << 20), ("metadata.json", 1 << 20), ("model.weights.h5", 1000), ("assets/words.txt", 1000)],
)
def test_a_member_may_be_as_large_as_its_limit(name: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dlcli.training.kept.untrusted.free_memory", lambda: 2000)
    check_member(member(name, size=most), PATH)
    with pytest.raises(UnsafeError, match="the limit is"):
        check_member(member(name, size=most + 1), PATH)


@pytest.mark.parametrize("name", ["/config.json", "assets/../x", "assets\\x", "other.json", "x/assets"])
def test_a_member_that_leads_elsewhere_or_is_unknown_is_refused(name: str) -> None:
    info = member("x")
    info.filename = name
    with pytest.raises(UnsafeError):
        check_member(info, PATH)
    with pytest.raises(UnsafeError, match="leads out of it"):
        check_member(member("config.json", link=True), PATH)


def test_a_configuration_may_be_nested_to_two_hundred() -> None:
    def nested(depth: int) -> Any:
        tree: Any = {"class_name": "Dense"}
        for _ in range(depth):
            tree = [tree]
        return tree

    assert list(serialized_things(nested(199), PATH)) == [{"class_name": "Dense"}]
    with pytest.raises(UnsafeError, match="nested more than 200 deep"):
        list(serialized_things(nested(200), PATH))
    inner = {"class_name": "Dense", "config": {"activation": {"class_name": "ReLU"}}}
    assert [each["class_name"] for each in serialized_things({"layers": [inner]}, PATH)] == ["Dense", "ReLU"]


def thing(**changes: Any) -> None:
    given = {"module": "keras.layers", "class_name": "Dense", "config": {}, **changes}
    check_thing(given, PATH, known=names_of_keras(), own={"Mine"}, stored=163)


def test_a_layer_may_be_as_large_as_what_is_stored() -> None:
    for key in ("units", "filters", "input_dim", "output_dim", "num_heads"):
        thing(config={key: 163})
        with pytest.raises(UnsafeError, match=f"declares {key}: 164, and 163 weights are stored"):
            thing(config={key: 164})
    check_thing({"class_name": "Dense", "config": {"units": 1}}, PATH, known={"Dense"}, own=(), stored=0)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"config": None}, None),
        ({"registered_name": "Dense"}, None),
        ({"registered_name": "dlcli>Mine"}, None),
        ({"registered_name": "builtins>eval"}, "under the name builtins>eval"),
        ({"module": "plugin", "class_name": "Mine", "registered_name": "other>Name"}, None),
        ({"module": "plugin", "class_name": "Other"}, "holds plugin.Other, which .* needs --allow-code"),
        ({"module": None, "class_name": "Other"}, "holds Other, which is no thing of Keras that dlcli knows$"),
        ({"module": "keras.layers", "class_name": "Other"}, "holds keras.layers.Other, which .* knows$"),
        ({"class_name": 3}, "holds keras.layers.3"),
        ({"class_name": "Lambda"}, "holds keras.layers.Lambda"),
        ({"config": {"vocabulary": ["a"]}}, None),
        ({"config": {"vocabulary": "a.txt"}}, "reads its vocabulary from the file a.txt"),
    ],
)
def test_a_thing_is_known_by_module_and_name_or_it_is_refused(changes: dict[str, Any], words: str | None) -> None:
    if words is None:
        thing(**changes)
        return
    with pytest.raises(UnsafeError, match=words):
        thing(**changes)


@pytest.mark.parametrize(("rank", "more"), [(None, 0), (4, 1 << 22)])
def test_matrices_of_a_low_rank_are_allowed_beside_what_is_stored(rank: int | None, more: int, tmp_path: Path) -> None:
    import io

    import h5py

    from dlcli.training.kept.untrusted import check_model_file

    buffer = io.BytesIO()
    with h5py.File(buffer, "w") as file:
        file["kernel"] = np.zeros((16, 8), np.float32)
    config = {"module": "keras.layers", "class_name": "Dense", "config": {"units": 8, "lora_rank": rank}}
    with zipfile.ZipFile(tmp_path / "m.keras", "w") as archive:
        archive.writestr("config.json", json.dumps(config))
        archive.writestr("model.weights.h5", buffer.getvalue())
    assert check_model_file(tmp_path / "m.keras") == 128 + more
    assert check_weights(io.BytesIO(buffer.getvalue()), tmp_path / "m.keras") == 128


@pytest.mark.parametrize(("units", "fits"), [(300, True), (301, False)])
def test_layers_may_ask_for_three_times_what_is_stored(units: int, fits: bool) -> None:
    import keras

    from dlcli.training.kept.untrusted import no_more_than_stored

    def build() -> None:
        with no_more_than_stored(100, PATH):
            keras.layers.Dense(units, use_bias=False).build((None, 1))

    if fits:
        build()
        return
    with pytest.raises(UnsafeError, match="ask for 301 weights or more, and 100 are stored"):
        build()
    with pytest.raises(ZeroDivisionError), no_more_than_stored(100, PATH):  # what is another error stays one
        raise ZeroDivisionError


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run.claim(tmp_path / "runs", "a")


STATE = RunState("a", 1, "running", "a.yaml", "2026-01-01T00:00:00+00:00")


class ResourceExhaustedError(Exception):
    """What TensorFlow calls it."""


@pytest.mark.parametrize("error", [MemoryError(), ResourceExhaustedError("OOM")])
def test_memory_that_is_used_up_is_no_bug(error: Exception, run: Run) -> None:
    from dlcli.training.failures import recorded_bug

    told = recorded_bug(run, STATE, error)
    assert isinstance(told, ResourceError)
    assert told.hint == "lower train.batch_size, or make the layers smaller"
    assert not run.error_log.exists()


def test_what_refuses_a_training_is_told_even_where_its_folder_stays(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from dlcli.training.train import nothing_left_of

    def refuse(*_: Any, **__: Any) -> None:
        raise PermissionError(13, "Permission denied")

    def refused() -> None:
        with nothing_left_of(run, STATE):
            raise ResourceError("the disk is full", kind="disk_full")

    with monkeypatch.context() as patch:
        patch.setattr(os, "rmdir", refuse)
        with pytest.raises(ResourceError, match="^the disk is full$"):
            refused()
    with pytest.raises(ResourceError, match="^the disk is full$"):
        refused()
    assert not run.path.exists()


def test_a_bug_leaves_its_traceback_in_the_run(run: Run) -> None:
    from dlcli.training.failures import recorded_bug

    told = recorded_bug(run, STATE, ValueError("odd"))
    assert isinstance(told, InternalError)
    assert told.message == "a bug in dlcli: ValueError: odd"
    assert "ValueError: odd" in run.error_log.read_text()
    state = json.loads(run.state.read_bytes())
    assert (state["status"], state["reason"], state["exit_code"]) == ("failed", told.message, told.code)


def callbacks(*written: Any, folder: Path) -> Any:
    from dlcli.training.setup.callbacks import Callbacks

    catalogue = keras_catalogue()
    read = [catalogue.read("callbacks", each) for each in written]
    return Callbacks(read, None, folder=folder, epochs=2, steps=3)


def test_only_callbacks_that_hear_batches_make_steps_run_one_by_one(tmp_path: Path) -> None:
    import keras

    quiet, loud = {"CSVLogger": "a.csv"}, {"SwapEMAWeights": {"swap_on_epoch": True}}
    assert not callbacks(folder=tmp_path).by_batch
    assert not callbacks(quiet, loud, folder=tmp_path).by_batch
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(keras.callbacks.SwapEMAWeights, "on_train_batch_end", lambda self, batch, logs=None: None)
        assert callbacks(quiet, loud, folder=tmp_path).by_batch


@pytest.mark.parametrize("name", ["../a.csv", "/a.csv", "b/../../a.csv"])
def test_a_file_of_a_callback_lies_in_the_run(name: str, tmp_path: Path) -> None:
    with pytest.raises(BlockError, match="'filename' leads out of the run's folder"):
        callbacks({"CSVLogger": name}, folder=tmp_path)
    callbacks({"CSVLogger": "deep/er/a.csv"}, {"CSVLogger": "deep/b.csv"}, folder=tmp_path)
    assert (tmp_path / "deep" / "er").is_dir()


def test_a_callback_goes_on_with_its_file_where_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    assert callbacks({"CSVLogger": "a.csv"}, folder=tmp_path).state()[0]["bytes"] is None
    path.write_text("epoch,loss\n0,1.0\n1,0.5\n")
    one = callbacks({"CSVLogger": "a.csv"}, folder=tmp_path)
    [before] = one.state()
    assert before["bytes"] == 23
    assert "append" not in before["values"]
    assert before["values"]["sep"] == ","
    one.begin([{"values": {"sep": ";", "least": {"float": (0.1).hex()}}, "bytes": 17}])
    one.tell("on_train_end")
    assert path.read_text() == "epoch,loss\n0,1.0\n"
    assert (one.built[0].sep, one.built[0].least, one.built[0].append) == (";", 0.1, True)


def test_what_a_callback_objects_to_is_told_at_the_callbacks(tmp_path: Path) -> None:
    built = callbacks({"CSVLogger": "a.csv"}, folder=tmp_path)

    def raising(error: Exception) -> Callable[[], None]:
        def hook() -> None:
            raise error

        return hook

    built.list = SimpleNamespace(on_x=raising(ValueError("odd")), on_y=raising(PermissionError(13, "no", "a.csv")))
    with pytest.raises(BlockError, match="^odd$") as caught:
        built.tell("on_x")
    assert caught.value.path == ("train", "callbacks")
    with pytest.raises(ResourceError, match=r"^a callback cannot write: no$"):
        built.tell("on_y")
    built.list.on_y = raising(OSError("closed"))
    with pytest.raises(ResourceError, match=r"^a callback cannot write: closed$"):
        built.tell("on_y")


def test_a_log_is_a_plain_file_of_its_own_or_nothing(tmp_path: Path) -> None:
    from dlcli.training.setup.backend import opened_log

    plain, linked, fifo = tmp_path / "log.txt", tmp_path / "linked.txt", tmp_path / "fifo"
    plain.write_text("before\n")
    linked.write_text("mine\n")
    os.link(linked, tmp_path / "other.txt")
    os.mkfifo(fifo)
    (tmp_path / "soft.txt").symlink_to(linked)
    for path in (plain, linked, fifo, tmp_path / "soft.txt", None, tmp_path / "new.txt", tmp_path / "no" / "log.txt"):
        descriptor = opened_log(path)
        os.write(descriptor, b"after\n")
        os.close(descriptor)
    assert plain.read_text() == "before\nafter\n"
    assert linked.read_text() == "mine\n"
    assert (tmp_path / "new.txt").read_text() == "after\n"
