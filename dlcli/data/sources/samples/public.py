"""Public data sets by name, downloaded once by the library that offers them: `keras`, `tfds`, `huggingface`."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from pydantic import Field, field_validator

from dlcli.data.fields.fields import Fields, Place
from dlcli.data.fields.join import joined_splits
from dlcli.data.sources.source import Origin, Reading, SourceBlock
from dlcli.errors import DataError
from dlcli.extras import need
from dlcli.first_line import first_line
from dlcli.spec import Mistake, did_you_mean, fail

if TYPE_CHECKING:
    import numpy as np

SECONDS = 20.0
"""So long a server may keep silent."""
DIGITS = tuple("0123456789")
FASHION = ("T-shirt", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot")
CIFAR10 = ("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck")

FILES = {
    "mnist": "mnist.npz",
    "fashion_mnist": "fashion-mnist/ (four files that end in .gz)",
    "cifar10": "cifar-10-batches-py-target.tar.gz",
    "cifar100": "cifar-100-python-target.tar.gz",
    "imdb": "imdb.npz",
    "reuters": "reuters.npz",
    "california_housing": "california_housing.npz",
    "boston_housing": "boston_housing.npz",
}
"""The data sets of Keras, and what each is called in its folder of downloads."""
CLASSES = {"mnist": DIGITS, "fashion_mnist": FASHION, "cifar10": CIFAR10}
TEXTS = frozenset({"imdb", "reuters"})
NUMBERS = frozenset({"california_housing", "boston_housing"})


class KerasData(SourceBlock):
    """A data set of `keras.datasets`; its test split is kept."""

    word: ClassVar[str] = "keras"
    example: ClassVar[str] = "{keras: mnist}"
    origin: ClassVar[Origin] = Origin.PUBLIC

    name: str
    """mnist, fashion_mnist, cifar10, cifar100, imdb, reuters, california_housing or boston_housing."""
    words: Annotated[int, Field(ge=10)] = 10_000
    """Of imdb and reuters: how many of the most frequent words are told apart."""
    length: Annotated[int, Field(ge=1)] = 200
    """Of imdb and reuters: how many words of a text are kept, the last ones; shorter texts begin with zeros."""

    @field_validator("name")
    @classmethod
    def known(cls, name: str) -> str:
        if name not in FILES:
            there_are = f"there are: {', '.join(FILES)}"
            fail(
                Mistake(
                    f"Keras has no data set '{name}'; {there_are}",
                    suggestion=did_you_mean(name, FILES),
                    kind="unknown_name",
                )
            )
        return name

    def read(self, reading: Reading) -> Fields:
        """Training and test split, one after the other. Raises `DataError` where it cannot be downloaded."""
        import keras

        folder = Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "datasets"
        with downloading(f"the data set '{self.name}' of Keras", f"put {FILES[self.name]} into {folder} by hand"):
            module = getattr(keras.datasets, self.name)
            train, test = module.load_data(**({"num_words": self.words} if self.name in TEXTS else {}))
        parts = [self.fields(inputs, target) for inputs, target in (train, test)]
        return in_splits({"train": parts[0], "test": parts[1]})

    def fields(self, inputs: Any, target: Any) -> Fields:
        """One split."""
        import numpy as np

        target = np.asarray(target).reshape(-1)
        field = "text" if self.name in TEXTS else "features" if self.name in NUMBERS else "image"
        if field == "text":
            inputs = padded_texts(inputs, self.length)
        classes = CLASSES.get(self.name)
        known = list(classes) if classes else [str(number) for number in range(int(target.max()) + 1)]
        return Fields(
            {field: np.asarray(inputs), "label": target if self.name in NUMBERS else target.astype(np.int64)},
            [Place("", len(target))],
            axes={"text": ("samples", "time")} if field == "text" else {},
            inputs=(field,),
            target="label",
            classes={} if self.name in NUMBERS else {"label": known},
        )

    def input_names(self) -> list[str] | None:
        return ["text" if self.name in TEXTS else "features" if self.name in NUMBERS else "image"]


class Tfds(SourceBlock):
    """A data set of TensorFlow Datasets, by its name; its splits are kept."""

    word: ClassVar[str] = "tfds"
    example: ClassVar[str] = "{tfds: iris}"
    origin: ClassVar[Origin] = Origin.PUBLIC

    name: str
    """Its name, with a configuration after a slash where it has several: `glue/cola`."""
    folder: str | None = None
    """Where it is kept; by default where the library keeps it."""

    def read(self, reading: Reading) -> Fields:
        """All splits, one after the other. Raises `DataError` where it is missing or cannot be downloaded."""
        library = need("tensorflow_datasets", extra="tfds", use="'tfds'")
        with downloading(f"the data set '{self.name}' of TensorFlow Datasets", "prepare it where there is a network"):
            read, about = library.load(self.name, data_dir=self.folder, batch_size=-1, with_info=True)
            arrays = {split: library.as_numpy(values) for split, values in read.items()}
        classes = {name: list(each.names) for name, each in about.features.items() if hasattr(each, "names")}
        target = about.supervised_keys[1] if about.supervised_keys else None
        return in_splits({split: plain_fields(each, classes, target) for split, each in arrays.items()})

    def input_names(self) -> list[str] | None:
        return None


class HuggingFace(SourceBlock):
    """A data set of Hugging Face, by its name; its splits are kept."""

    word: ClassVar[str] = "huggingface"
    example: ClassVar[str] = "{huggingface: scikit-learn/iris}"
    origin: ClassVar[Origin] = Origin.PUBLIC

    name: str
    """Its name, such as `scikit-learn/iris`, or a folder that the library has saved."""
    config: str | None = None
    """Which of its configurations."""

    def read(self, reading: Reading) -> Fields:
        """All splits, one after the other. Raises `DataError` where it is missing or cannot be downloaded."""
        library = need("datasets", extra="huggingface", use="'huggingface'")
        with downloading(f"the data set '{self.name}' of Hugging Face", "save it where there is a network"):
            saved = Path(self.name).expanduser()
            read = (
                library.load_from_disk(str(saved)) if saved.is_dir() else library.load_dataset(self.name, self.config)
            )
        splits = dict(read) if hasattr(read, "keys") else {"train": read}
        first = next(iter(splits.values()))
        classes = {name: list(each.names) for name, each in first.features.items() if hasattr(each, "names")}
        named = [name for name in ("label", "labels", "target", "y") if name in first.features]
        target = next(iter([*classes, *named]), None)
        return in_splits(
            {split: plain_fields(dataset_columns(each), classes, target) for split, each in splits.items()}
        )

    def input_names(self) -> list[str] | None:
        return None


@contextlib.contextmanager
def downloading(what: str, by_hand: str) -> Iterator[None]:
    """Turns whatever goes wrong in a download into one error that says what was asked for and what to do without.

    Raises that as `DataError`.
    """
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(SECONDS)
    try:
        # What a library says of its progress is no result of dlcli's.
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except Exception as error:
        said = first_line(error, most=300)
        raise DataError(
            f"{what} cannot be had: {said}", hint=f"check the network, or {by_hand}", kind="not_downloaded"
        ) from error
    finally:
        socket.setdefaulttimeout(before)


def padded_texts(texts: Any, length: int) -> np.ndarray[Any, Any]:
    """Lists of word numbers as (samples, length): the last words, behind zeros where there are fewer."""
    import numpy as np

    found = np.zeros((len(texts), length), np.int32)
    for row, words in enumerate(texts):
        last = words[-length:]
        found[row, length - len(last) :] = last
    return found


def dataset_columns(table: Any) -> dict[str, Any]:
    """The columns of a split of Hugging Face as arrays; pictures decoded."""
    import numpy as np

    found = {}
    for name in table.features:
        values = table[name]
        first = values[0] if len(values) else None
        if hasattr(first, "convert"):
            found[name] = array_or_objects([np.asarray(value.convert("RGB")) for value in values])
        else:
            found[name] = array_or_objects(values, text=isinstance(first, str) or first is None)
    return found


def array_or_objects(values: Sequence[Any], *, text: bool = False) -> Any:
    """Values as an array; those of different lengths, which make none, as an array of objects."""
    import numpy as np

    try:
        return np.asarray(values, dtype=object if text else None)
    except ValueError:
        objects = np.empty(len(values), object)
        objects[:] = list(values)
        return objects


def plain_fields(arrays: Mapping[str, Any], classes: Mapping[str, list[str]], target: str | None) -> Fields:
    """The arrays of one split; text as Python's own, what is nested or ragged left out with a note."""
    import numpy as np

    kept, notes = {}, []
    for name, values in arrays.items():
        array = np.asarray(values)
        if array.dtype == object and len(array) and isinstance(array.flat[0], bytes):
            array = np.array([value.decode("utf-8", "replace") for value in array.ravel()], object).reshape(array.shape)
        is_text = array.dtype == object and all(value is None or isinstance(value, str) for value in array.ravel())
        if is_text or array.dtype.kind in "fiub":
            kept[name] = array
        else:
            notes.append(f"the field '{name}' is neither numbers nor text and was left out")
    samples = len(next(iter(kept.values())))
    return Fields(
        kept,
        [Place("", samples)],
        inputs=tuple(name for name in kept if name != target),
        target=target if target in kept else None,
        classes={name: names for name, names in classes.items() if name in kept},
        notes=tuple(notes),
    )


def in_splits(parts: Mapping[str, Fields]) -> Fields:
    """The splits that a library has, under the names of dlcli's; a single one is no split.

    Raises `DataError` where none of several is called train.
    """
    if len(parts) == 1:
        return next(iter(parts.values()))
    usual = {"train": "train", "validation": "validation", "valid": "validation", "dev": "validation", "test": "test"}
    named = {usual[name]: fields for name, fields in parts.items() if name in usual}
    if "train" not in named:
        raise DataError(
            f"the data set has the splits {', '.join(parts)}; expected one called train", kind="splits_differ"
        )
    return joined_splits(named)
