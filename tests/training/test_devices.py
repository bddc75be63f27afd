"""What steps run on: devices that are asked for, devices that are missing, and a GPU that TensorFlow cannot use."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from dlcli.actions import doctor
from dlcli.config.devices import devices_mistake
from dlcli.errors import BlockError
from dlcli.training.setup import devices
from dlcli.training.setup.devices import IdleGpu, idle_gpu, is_loadable, notes_on_devices, take_devices

MODEL = "Model: \t\t NVIDIA A100-SXM4-40GB\nIRQ:   \t\t 77\n"


@pytest.fixture
def gpus(monkeypatch: pytest.MonkeyPatch) -> Callable[..., dict[str, Any]]:
    """Lets TensorFlow have so many GPUs, and notes what it is told of them."""
    import tensorflow as tf

    def made(count: int, *, capability: tuple[int, int] | None = (8, 0)) -> dict[str, Any]:
        there = [SimpleNamespace(name=f"/physical_device:GPU:{number}") for number in range(count)]
        told: dict[str, Any] = {"growth": []}
        cpus = [SimpleNamespace(name="/physical_device:CPU:0")]
        details = {} if capability is None else {"compute_capability": capability}
        told["visible"] = there
        config = tf.config
        monkeypatch.setattr(config, "list_physical_devices", lambda kind: {"GPU": there, "CPU": cpus}[kind])
        monkeypatch.setattr(config, "get_visible_devices", lambda kind: told["visible"])
        monkeypatch.setattr(config, "set_visible_devices", lambda some, kind: told.update({"visible": some}))
        growth = config.experimental
        monkeypatch.setattr(growth, "set_memory_growth", lambda gpu, on: told["growth"].append((gpu.name[-1], on)))
        monkeypatch.setattr(growth, "get_device_details", lambda gpu: details)
        return told

    return made


@pytest.mark.parametrize(
    ("asked", "seen"),
    [("auto", "01"), ("gpu", "01"), ("cpu", ""), (["gpu:1"], "1"), (["gpu:1", "gpu:0"], "10"), (["cpu:0"], "")],
)
def test_those_that_are_asked_for_are_seen_and_their_memory_grows(asked: Any, seen: str, gpus: Any) -> None:
    told = gpus(2)
    take_devices(asked)
    assert "".join(each.name[-1] for each in told["visible"]) == seen
    assert told["growth"] == [(number, True) for number in seen]


@pytest.mark.parametrize(
    ("asked", "count", "message", "path"),
    [
        ("gpu", 0, "there is no gpu; there is cpu:0", ("train", "devices")),
        (["gpu:2"], 2, "there is no gpu:2; there are cpu:0, gpu:0, gpu:1", ("train", "devices", 0)),
        (["gpu:0", "gpu:1"], 1, "there is no gpu:1; there are cpu:0, gpu:0", ("train", "devices", 1)),
    ],
)
def test_what_is_not_there_is_told_with_what_is(
    asked: Any, count: int, message: str, path: tuple[Any, ...], gpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(count)
    monkeypatch.setattr(devices, "idle_gpu", lambda: None)
    with pytest.raises(BlockError) as caught:
        take_devices(asked)
    assert (caught.value.message, caught.value.path, caught.value.kind) == (message, path, "no_such_device")


def test_a_gpu_that_is_of_no_use_is_told_where_one_is_asked_for(gpus: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    gpus(0)
    monkeypatch.setattr(
        devices, "idle_gpu", lambda: IdleGpu("a GPU of NVIDIA", "libcudnn.so.9 cannot be loaded", "do so")
    )
    with pytest.raises(BlockError) as caught:
        take_devices("gpu")
    assert caught.value.hint == "do so"
    assert caught.value.message.endswith(
        "there is cpu:0; a GPU of NVIDIA is in this machine, and TensorFlow cannot use it: libcudnn.so.9 cannot be loaded"
    )


def test_a_missing_device_stands_at_its_line(tmp_path: Path, write_experiment: Any, run_dlcli: Any) -> None:
    path = write_experiment(tmp_path, {"train.devices": ["gpu:7"]})
    error = run_dlcli("train", path.name, "--json", cwd=tmp_path).error
    line = path.read_text().splitlines().index('   "gpu:7"') + 1
    assert (error["kind"], error["line"], error["message"]) == (
        "no_such_device",
        line,
        "there is no gpu:7; there is cpu:0",
    )
    assert not (tmp_path / "runs" / "experiment").exists()


def machine(root: Path, files: Mapping[str, str]) -> Path:
    """A machine whose system says so of itself."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


DRIVEN = {"proc/driver/nvidia/gpus/0000:01:00.0/information": MODEL, "dev/nvidia0": ""}
CARD = {"sys/bus/pci/devices/0/vendor": "0x10de\n", "sys/bus/pci/devices/0/class": "0x030200\n"}
SOUND = {"sys/bus/pci/devices/0/vendor": "0x10de\n", "sys/bus/pci/devices/0/class": "0x040300\n"}
OTHER = {"sys/bus/pci/devices/0/vendor": "0x8086\n", "sys/bus/pci/devices/0/class": "0x030000\n"}


@pytest.mark.parametrize(
    ("files", "lacking", "name", "reason", "advice"),
    [
        ({}, (), None, "", ""),
        (OTHER, (), None, "", ""),
        (SOUND, (), None, "", ""),
        (CARD, (), "a GPU of NVIDIA", "its driver is not reached (/dev/nvidia0 is missing)", "--gpus all"),
        (DRIVEN, ("libcuda.so.1",), "NVIDIA A100-SXM4-40GB (NVIDIA)", "(libcuda.so.1 is missing)", "--gpus all"),
        (DRIVEN, ("libcudnn.so.9",), "NVIDIA A100-SXM4-40GB (NVIDIA)", "libcudnn.so.9 cannot be loaded", "[and-cuda]"),
        (DRIVEN, (), "NVIDIA A100-SXM4-40GB (NVIDIA)", "all libraries are there", "nvidia-smi"),
        ({"dev/nvidia0": ""}, ("libcudart.so.12",), "a GPU of NVIDIA", "libcudart.so.12 cannot", "[and-cuda]"),
    ],
)
def test_a_gpu_that_lies_idle_is_told_with_what_it_lacks(
    files: Mapping[str, str],
    lacking: tuple[str, ...],
    name: str | None,
    reason: str,
    advice: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    gpus: Any,
) -> None:
    gpus(0)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(devices, "is_loadable", lambda library: library not in lacking)
    idle = idle_gpu(machine(tmp_path, files))
    assert (None if idle is None else idle.name) == name
    if idle is not None:
        assert reason in idle.reason
        assert advice in idle.advice


def test_none_lies_idle_where_tensorflow_has_one_or_none_is_to_be_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpus: Any
) -> None:
    root = machine(tmp_path, DRIVEN)
    gpus(1)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert idle_gpu(root) is None
    gpus(0)
    assert idle_gpu(root) is not None
    for hidden in ("", "-1"):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert idle_gpu(root) is None


def test_a_tensorflow_for_processors_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, gpus: Any) -> None:
    import tensorflow as tf

    gpus(0)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(tf.sysconfig, "get_build_info", lambda: {"is_cuda_build": False})
    idle = idle_gpu(machine(tmp_path, DRIVEN))
    assert idle is not None
    assert (idle.reason, idle.advice) == (
        "this TensorFlow is built for processors alone",
        'pip install "tensorflow[and-cuda]"',
    )


def test_a_library_is_found_in_the_system_or_in_a_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_loadable("libc.so.6")
    assert not is_loadable("libnosuchthing.so.3")
    machine(tmp_path, {"nvidia/nothing/lib/libnosuchthing.so.3": ""})
    monkeypatch.syspath_prepend(tmp_path)
    assert is_loadable("libnosuchthing.so.3")


@pytest.mark.parametrize(
    ("precision", "count", "capability", "words"),
    [
        ("float32", 0, None, []),
        ("mixed_bfloat16", 0, None, []),
        ("mixed_float16", 0, None, ["mixed_float16 is made for GPUs"]),
        ("mixed_float16", 1, (6, 1), ["from compute capability 7.0 on, and /physical_device:GPU:0 has 6.1"]),
        ("mixed_float16", 1, (7, 0), []),
        (
            "mixed_bfloat16",
            2,
            (7, 5),
            ["capability 8.0 on, and /physical_device:GPU:0", "/physical_device:GPU:1 has 7.5"],
        ),
        ("mixed_bfloat16", 1, None, []),
    ],
)
def test_numbers_of_16_bits_are_spoken_of_where_nothing_is_made_for_them(
    precision: str, count: int, capability: Any, words: list[str], gpus: Any
) -> None:
    gpus(count, capability=capability)
    notes = notes_on_devices(SimpleNamespace(devices="cpu", precision=precision))  # type: ignore[arg-type]
    assert len(notes) == len(words)
    assert all(word in note for word, note in zip(words, notes, strict=True))


@pytest.mark.parametrize(("asked", "noted"), [("auto", True), ("cpu", False)])
def test_an_idle_gpu_is_told_unless_the_processor_is_asked_for(
    asked: str, noted: bool, gpus: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    gpus(0)
    monkeypatch.setattr(devices, "idle_gpu", lambda: IdleGpu("a GPU of NVIDIA", "so it is", "do so"))
    notes = notes_on_devices(SimpleNamespace(devices=asked, precision="float32"))  # type: ignore[arg-type]
    assert (
        notes
        == [
            "a GPU of NVIDIA is in this machine, and TensorFlow cannot use it: so it is; do so "
            "(devices: cpu says that none is wanted)"
        ]
        * noted
    )


def test_the_doctor_tells_an_idle_gpu(tmp_path: Path, run_dlcli: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "training_checked", lambda: doctor.Checked("training", True, "trains", None))
    monkeypatch.setattr(doctor, "idle_gpu", lambda: IdleGpu("a GPU of NVIDIA", "so it is", "do so"))
    done = run_dlcli("doctor", cwd=tmp_path)
    assert done.code == 7
    assert "does not work: a GPU of NVIDIA is in this machine, and TensorFlow cannot use it: so it is" in done.out
    assert done.out.splitlines()[-1] == "result    does not work: gpu"


@pytest.mark.parametrize(
    ("written", "kind"),
    [
        ("auto", None),
        ("cpu", None),
        ("gpu", None),
        (["gpu:0"], None),
        (["cpu:0"], None),
        ("gpu:0", "wrong_type"),
        ("tpu", "wrong_type"),
        ([], "wrong_type"),
        (1, "wrong_type"),
        (["gpu"], "wrong_type"),
        ([0], "wrong_type"),
        (["gpu:0", "gpu:0"], "named_twice"),
        (["gpu:0", "gpu:1"], None),
        (["cpu:0", "cpu:1"], None),
        (["cpu:0", "gpu:0"], "devices_of_two_kinds"),
        (["cpu:0", "cpu:2"], "parts_of_processor"),
        (["cpu:1"], "parts_of_processor"),
    ],
)
def test_devices_are_written_in_so_many_ways(written: Any, kind: str | None) -> None:
    mistake = devices_mistake(written)
    assert (None if mistake is None else mistake.kind) == kind
