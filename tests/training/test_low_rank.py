"""Models with matrices of low rank, which Keras adds to the kernels when it saves them, can be opened again."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dlcli.errors import UnsafeError

LAYERS = {
    "Dense": {"units": 4, "lora_rank": 99},
    "EinsumDense": {"equation": "ab,bc->ac", "output_shape": 4, "lora_rank": 99},
    "Embedding": {"input_dim": 9, "output_dim": 4, "lora_rank": 99},
}


@pytest.mark.parametrize("name", LAYERS)
def test_a_rank_higher_than_the_kernel_is_evaluated_as_it_was_trained(
    name: str, tmp_path: Path, run_dlcli: Callable[..., Any], write_experiment: Callable[..., Path]
) -> None:
    import numpy as np

    from dlcli.training.kept.model_folder import load_keras_file

    head = [{"Flatten": {}}, {"Dense": {"units": 3, "activation": "softmax"}}]
    path = write_experiment(tmp_path, {"layers": [{name: LAYERS[name]}, *head], "train.epochs": 2})
    if name == "Embedding":
        np.savez(tmp_path / "classes.npz", x=np.arange(900).reshape(150, 6) % 9, y=np.arange(150) % 3)
    trained = run_dlcli("train", path, "--json", "-q", "--name", "low", cwd=tmp_path)
    assert trained.code == 0, trained.out
    kept = run_dlcli("evaluate", "low", "--split", "validation", "--json", cwd=tmp_path)
    assert kept.code == 0, kept.out
    assert kept.value["metrics"]["loss"] == pytest.approx(trained.value["metrics"]["validation"]["loss"], rel=1e-5)

    model = next((tmp_path / "runs" / "low").rglob("model.keras"))
    with zipfile.ZipFile(model) as archive:
        members = {each: archive.read(each) for each in archive.namelist()}
    members["config.json"] = members["config.json"].replace(b'"lora_rank": 99', b'"lora_rank": 990000')
    with zipfile.ZipFile(tmp_path / "claims.keras", "w") as archive:
        for member, content in members.items():
            archive.writestr(member, content)
    with pytest.raises(UnsafeError, match="ask for"):
        load_keras_file(tmp_path / "claims.keras")
