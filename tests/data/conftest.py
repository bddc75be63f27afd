from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
from pydantic import ValidationError

from dlcli.config.language import Language
from dlcli.data import Data, Dataset
from dlcli.errors import DlcliError


class Refusal(NamedTuple):
    """All that an error says."""

    kind: type[DlcliError]
    code: int
    message: str
    file: str | None
    line: int | None
    hint: str | None


Load = Callable[..., Dataset]
Refuse = Callable[..., Refusal]
Mistakes = Callable[..., list[tuple[str, str | None]]]
Write = Callable[..., Path]
Whole = Callable[..., Any]


def load_block(block: Mapping[str, Any], *, seed: int = 0, labels: Any = None, weight: str | None = None) -> Dataset:
    return Data.model_validate(dict(block), context=Language()).load(seed=seed, labels=labels, weight=weight)


@pytest.fixture
def load() -> Load:
    """`load({"source": …}, seed=0, labels="classes")`: the data set of a data block."""
    return load_block


@pytest.fixture
def refuse() -> Refuse:
    """`refuse({"source": …})`: what the error says that a data block ends in."""

    def run(block: Mapping[str, Any], *, seed: int = 0, labels: Any = None, weight: str | None = None) -> Refusal:
        with pytest.raises(DlcliError) as caught:
            load_block(block, seed=seed, labels=labels, weight=weight)
        error = caught.value
        return Refusal(type(error), error.code, error.message, error.file, error.line, error.hint)

    return run


@pytest.fixture
def mistakes() -> Mistakes:
    """`mistakes({"source": …})`: messages and suggestions of a data block that is wrong before anything is read."""

    def run(block: Mapping[str, Any]) -> list[tuple[str, str | None]]:
        with pytest.raises(ValidationError) as caught:
            Data.model_validate(dict(block), context=Language())
        return [
            (each["ctx"]["message"], each["ctx"]["suggestion"]) if each["type"] == "mistake" else (each["msg"], None)
            for each in caught.value.errors(include_url=False)
        ]

    return run


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """`write("a,b\\n1,2\\n")`: a file with this content."""

    def run(content: str | bytes, name: str = "table.csv") -> Path:
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return run


@pytest.fixture
def archive(tmp_path: Path) -> Write:
    """`archive(x=…, y=…)`: a NumPy archive of these arrays."""

    def run(**arrays: Any) -> Path:
        np.savez(tmp_path / "data.npz", **arrays)
        return tmp_path / "data.npz"

    return run


@pytest.fixture
def whole() -> Whole:
    """`whole(dataset, "features")`: an input, or the target without a name, of all splits in the source's order."""

    def run(dataset: Dataset, name: str | None = None) -> np.ndarray[Any, Any]:
        parts = list(dataset.splits.values())
        rows = np.concatenate([part.rows for part in parts])
        values = np.concatenate([part.target if name is None else part.inputs[name] for part in parts])
        assert len(set(rows.tolist())) == len(rows)
        ordered: np.ndarray[Any, Any] = values[np.argsort(rows)]
        return ordered

    return run
