"""Texts that a model goes on with: it says how likely each next word or character is, and one after the other is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dlcli.actions.answered.columns import np_objects
from dlcli.actions.answered.predictor import Predictions
from dlcli.actions.new_data import read_raw
from dlcli.data import Samples
from dlcli.data.schema import InputSchema, TargetSchema
from dlcli.data.sources.paths import is_file
from dlcli.errors import UsageError
from dlcli.training.engine.measure import forward_graph
from dlcli.training.kept.predictions import as_shown
from dlcli.training.kept.trained import Trained

if TYPE_CHECKING:
    import numpy as np

PROMPT, TEXT = "prompt", "text"
NO_WORDS = 2
"""The first ids stand for padding and for words that are not known: nothing that one could write."""


@dataclass(frozen=True)
class Drawing:
    """How many words or characters are drawn: at a `temperature` of 0 the likeliest, at 1 as often as the model says."""

    count: int
    temperature: float
    seed: int


def texts_generated(trained: Trained, prompts: Iterable[str], drawing: Drawing) -> Iterator[Predictions]:
    """Each prompt with what follows it. Raises `UsageError` for a model that does not say what comes next in a text."""
    schema, target = next_in_text(trained)
    writer = TextWriter(trained, schema, target, drawing)
    notes = [*trained.notes]
    for prompt in prompts:
        columns = {PROMPT: np_objects([prompt]), TEXT: np_objects([writer.text(prompt)])}
        yield Predictions(trained.run.name, 1, columns, notes)


def next_in_text(trained: Trained) -> tuple[InputSchema, TargetSchema]:
    """The text that a model takes, and what it says of what comes next. Raises `UsageError` for another model."""
    inputs, targets = trained.schema.inputs, trained.schema.targets
    if len(inputs) == len(targets) == 1 and inputs[0].text and targets[0].following == inputs[0].name:
        return inputs[0], targets[0]
    raise UsageError(
        f"--generate is for models that say what comes next in a text, and '{trained.run.name}' does not",
        hint="such a model has data.target: {next: INPUT}, as configs/text/mini_gpt.yaml",
        kind="option_without_effect",
    )


class TextWriter:
    """Goes on with texts, word after word."""

    def __init__(self, trained: Trained, schema: InputSchema, target: TargetSchema, drawing: Drawing) -> None:
        import numpy as np

        self.trained, self.schema, self.target, self.drawing = trained, schema, target, drawing
        self.words = list(target.classes or ())
        self.draws = np.random.default_rng(drawing.seed)
        self.graph: Callable[[Any], Any] | None = None

    def text(self, prompt: str) -> str:
        """A prompt with what follows it. Raises `UsageError` for one in which no word is known."""
        ids, places = self.ids_of(prompt)
        added = list[str]()
        for _ in range(self.drawing.count):
            chances = self.chances(ids, places)
            drawn = self.drawn(chances)
            ids.append(drawn)
            added.append(self.words[drawn])
        between = self.target.between
        return between.join([prompt.rstrip() if between else prompt, *added])

    def ids_of(self, prompt: str) -> tuple[list[int], int]:
        """The ids of the last words of a prompt that the model can look back on, and how many these are at most."""
        whole = self.prepared(np_objects([prompt]))
        places = whole.shape[1]
        # A preparation keeps the beginning of what is too long, and what comes next depends on the end.
        pieces = list(prompt) if not self.target.between else prompt.split()
        cut = self.target.between.join(pieces[-places:])
        ids = [int(each) for each in self.prepared(np_objects([cut]))[0] if each]
        if not [each for each in ids if each >= NO_WORDS]:
            raise UsageError(
                f"the model knows no word of '{prompt[:40]}'",
                hint=f"begin with words that it has seen, such as: {' '.join(self.words[NO_WORDS : NO_WORDS + 5])}",
                kind="unknown_prompt",
            )
        return ids, places

    def prepared(self, texts: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
        """The ids (texts, places) of texts, 0 behind the end of each."""
        import numpy as np

        nothing = {self.target.name: np.zeros(len(texts), np.float32)}
        samples = Samples({self.schema.name: texts}, nothing, np.arange(len(texts)))
        inputs, _ = self.trained.feed(samples, with_target=False).take(slice(None))
        return inputs[self.schema.name]

    def chances(self, ids: list[int], places: int) -> np.ndarray[Any, Any]:
        """How likely each word (words,) comes next."""
        import numpy as np

        window = ids[-places:]
        row = np.zeros((1, places), np.float32)
        row[0, : len(window)] = window
        batch = {self.schema.name: row}
        if self.graph is None:
            self.graph = forward_graph(self.trained.model, batch)
        output = self.graph(batch)
        values = np.asarray(output[self.target.name] if isinstance(output, dict) else output, np.float32)
        (head,) = self.trained.config.heads
        shown: np.ndarray[Any, Any] = as_shown(values[:, len(window) - 1], head.loss)[0]
        return shown

    def drawn(self, chances: np.ndarray[Any, Any]) -> int:
        """The id of the next word."""
        import numpy as np

        words = chances[NO_WORDS : len(self.words)].astype(np.float64)
        if not self.drawing.temperature:
            return NO_WORDS + int(words.argmax())
        with np.errstate(divide="ignore", over="ignore"):
            scores = np.log(words)
            weights = np.exp((scores - scores.max()) / self.drawing.temperature)  # the likeliest is 1 at any of them
        return NO_WORDS + int(self.draws.choice(len(weights), p=weights / weights.sum()))


def prompts_of(trained: Trained, data: str) -> Iterator[str]:
    """The texts of a file or a table, or what is written as it stands."""
    if not is_file(Path(data)):
        yield data
        return
    schema, _ = next_in_text(trained)
    if schema.pieces is not None:
        yield Path(data).read_text(encoding="utf-8").removeprefix("\ufeff").rstrip("\n")
        return
    fields = read_raw(trained.config, trained.schema, data)
    yield from (str(each) for each in fields.arrays[schema.array or schema.name][:] if each is not None)
