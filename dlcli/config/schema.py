"""Config, the table of contents of the language: the four steps in the order in which they are taught, and how to train."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import (
    Field,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    ValidatorFunctionWrapHandler,
    field_validator,
    model_validator,
)

from dlcli.config.backbones import unprepared_backbones
from dlcli.config.named_files import naming_mark
from dlcli.config.problems import located
from dlcli.config.starting_weights import StartingWeights
from dlcli.config.sweep import Sweep
from dlcli.config.train import Train
from dlcli.config.tree import OPTION, Mark, Node, settings_in
from dlcli.config.unusual import unusual_values
from dlcli.data import Data
from dlcli.errors import ArtifactError, BlockError, ConfigError, DataError, DlcliError, Place, Problem, TreePath
from dlcli.layers import Layers
from dlcli.loss import Loss, Metric
from dlcli.loss.target_loss import Head, named_targets
from dlcli.optimizer import Optimizer
from dlcli.optimizer.schedules import early_end
from dlcli.spec import (
    CodePath,
    KerasObject,
    Mistake,
    Spec,
    describe,
    details_of,
    did_you_mean,
    fail,
    language_of,
    plain,
)

LARGEST_SEED = 2**32 - 1


@dataclass(frozen=True)
class ForTargets:
    """The losses or metrics of several targets as they are written."""

    targets: list[str]
    value: Any


class Config(Spec):
    """One experiment."""

    name: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    """What runs are called; by default the file's name."""
    seed: Annotated[int, Field(ge=0, le=LARGEST_SEED)] = 0
    """Where all randomness starts: the split, the first weights, the order of samples, dropout."""
    data: Data
    """Step 1: the input data and the target."""
    layers: Layers
    """Step 2: the layers."""
    loss: Loss | dict[str, Loss]
    """Step 3: the loss, the guideline that a person gives; for several targets a mapping by target."""
    loss_weights: dict[str, Annotated[float, Field(ge=0)]] = {}
    """How much the loss of each of several targets counts in their sum; 1 where nothing is said."""
    optimizer: Optimizer
    """Step 4: the optimizer."""
    metrics: list[Metric] | dict[str, list[Metric]] = []
    """What is counted besides the loss; for several targets a mapping by target."""
    train: Train
    """How long to train."""
    weights: StartingWeights | None = None
    """Weights that were trained before, with which the training starts."""
    plugins: list[CodePath] = []
    """Python files whose classes can be named like those of Keras; they run only with --allow-code."""
    sweep: Sweep | None = Field(default=None, exclude=True)
    """What `dlcli sweep` searches; a training reads none of it."""

    _root: Node | None = PrivateAttr(default=None)
    _connected: bool = PrivateAttr(default=False)
    _phases: list[Config] = PrivateAttr(default_factory=list)

    @model_validator(mode="before")
    @classmethod
    def name_targets(cls, tree: Any) -> Any:
        """Tells `loss` and `metrics` of several targets, whether or not the block that names these is right itself."""
        data = tree.get("data") if isinstance(tree, dict) else None
        targets = named_targets(data.get("targets"), tree.get("loss")) if isinstance(data, dict) else []
        if not targets:
            return tree
        told = {key: ForTargets(targets, tree[key]) for key in ("loss", "metrics") if key in tree}
        return {**tree, **told}

    @field_validator("loss", "metrics", mode="wrap")
    @classmethod
    def read_by_target(cls, value: Any, read: ValidatorFunctionWrapHandler, information: ValidationInfo) -> Any:
        kind = "losses" if information.field_name == "loss" else "metrics"
        if isinstance(value, ForTargets):
            return things_by_target(value.value, value.targets, kind, information)
        return only_target(value, kind, information)

    @property
    def connected(self) -> bool:
        """Whether the connections of the layers have been judged: only where data is read can its inputs be unknown."""
        return self._connected

    @property
    def heads(self) -> list[Head]:
        """Each target with its loss and metrics."""
        return heads_of(self.loss, self.metrics, self.loss_weights)

    @property
    def phases(self) -> list[Config]:
        """What is trained one behind the other: the file with the settings of each phase, or itself alone."""
        return self._phases or [self]

    @property
    def notes(self) -> list[Problem]:
        """What is allowed and still worth a look, at its line."""
        if self._phases:
            return list(dict.fromkeys(note for phase in self._phases for note in phase.notes))
        return self.noted(
            early_end(self.optimizer, epochs=self.train.epochs),
            *unprepared_backbones(self.layers, self.data),
            *unusual_values(self.optimizer, self.train),
        )

    def noted(self, *mistakes: Mistake | None) -> list[Problem]:
        """Mistakes that need not be any, at their lines."""
        assert self._root is not None
        return [
            located(self._root, each.path, each.message, each.suggestion, kind=each.kind)
            for each in mistakes
            if each is not None
        ]

    def written_layers(self) -> list[Any]:
        """The entries of the layers as they are written; none where they are no list."""
        node = None if self._root is None else self._root.plain().get("layers")
        return plain(node) if isinstance(node, list) else []

    def settings(self) -> list[str]:
        """The settings of the command line that have made it what it is, as they were written."""
        return [] if self._root is None else list(dict.fromkeys(settings_in(self._root)))

    def plain(self) -> dict[str, Any]:
        """The whole configuration, defaults included, as plain data that reads back as the same."""
        result: dict[str, Any] = plain(self)
        if self.train.phases and not self.train.is_cut:
            del result["train"]["epochs"]  # phases have epochs of their own
        return result

    def located(self, error: BlockError) -> ConfigError:
        """The error of a block at its line."""
        assert self._root is not None
        return ConfigError([located(self._root, error.path, error.message, error.hint, at="key", kind=error.kind)])

    @contextmanager
    def locating(self) -> Iterator[None]:
        """Turns errors of blocks that are met within into errors at their lines."""
        try:
            yield
        except BlockError as error:
            raise self.located(error) from error

    def at_source(self, error: BlockError | DataError) -> DlcliError:
        """The error of data at the line of the value that it is about, that names no file of its own; or of a block."""
        if isinstance(error, BlockError):
            return self.located(error)
        if self._root is not None and (error.file is None or error.about):
            node, _ = self._root.nearest(error.about or ("data",))
            mark = node.key or node.mark
            if error.file is None:
                error.file, error.line = mark.file, mark.line
            else:
                error.named = place_of(mark)
        self.name_file(error)
        return error

    def name_file(self, error: DlcliError) -> None:
        """Tells an error of a file where the configuration names it, if it does."""
        mark = None if self._root is None or error.file is None else naming_mark(self._root, error.file)
        if mark is not None and error.named is None:
            error.named = place_of(mark)

    @contextmanager
    def naming_files(self) -> Iterator[None]:
        """Tells errors of the files that are read within where the configuration names these."""
        try:
            yield
        except (ArtifactError, DataError) as error:
            self.name_file(error)
            raise

    @contextmanager
    def naming(self, path: TreePath) -> Iterator[None]:
        """Tells errors of the data that are met within which value of the configuration they go with."""
        try:
            yield
        except DataError as error:
            if self._root is not None:
                node, _ = self._root.nearest(path)
                error.named = place_of(node.key or node.mark)
            raise

    def line(self, path: TreePath) -> int | None:
        """The line at which a block stands in the file, if it came from one."""
        if self._root is None:
            return None
        node, _ = self._root.nearest(path)
        return node.mark.line


def place_of(mark: Mark) -> Place:
    """Where a mark stands; an option has no lines."""
    in_file = not mark.file.startswith(OPTION)
    return Place(mark.file.strip(), mark.line if in_file else None, mark.column if in_file else None)


def heads_of(loss: Any, metrics: Any, weights: Mapping[str, float]) -> list[Head]:
    """Each target with its loss, metrics and weight."""
    if not isinstance(loss, dict):
        return [Head(None, loss, metrics)]
    by_target = metrics if isinstance(metrics, dict) else {}
    only = len(loss) == 1
    return [Head(name, each, by_target.get(name, []), weights.get(name, 1.0), only) for name, each in loss.items()]


def only_target(value: Any, kind: str, information: ValidationInfo) -> Any:
    """The loss or the metrics of the only target. Raises `ValidationError` for metrics that are no list."""
    language = language_of(information)
    if kind == "losses":
        return value if isinstance(value, KerasObject) else language.keras(kind, value)
    if not isinstance(value, list):
        fail(
            Mistake(
                f"'metrics' must be a list, found {describe(value)}",
                suggestion=f"write [{value}]" if isinstance(value, str) else None,
                kind="wrong_type",
            )
        )
    return read_each(value, lambda each: each if isinstance(each, KerasObject) else language.keras(kind, each))


def things_by_target(value: Any, targets: list[str], kind: str, information: ValidationInfo) -> Any:
    """The losses or the metrics of several targets.

    Raises `ValidationError` for one that is no mapping by target, or leaves one out.
    """
    if kind == "metrics" and value == []:
        return value  # as it is by default, so that what is written of it reads as the same
    word = "loss" if kind == "losses" else "metrics"
    if not isinstance(value, dict) or (len(value) == 1 and next(iter(value)) not in targets):
        example = ", ".join(f"{name}: {'…' if word == 'loss' else '[…]'}" for name in targets)
        fail(
            Mistake(
                f"there are several targets, so '{word}' is a mapping by target",
                suggestion=f"write {{{example}}}",
                kind="needs_mapping_by_target",
            )
        )
    mistakes = [
        Mistake(
            f"there is no target '{name}'; there are: {', '.join(targets)}",
            (name,),
            did_you_mean(name, targets) or f"write data.targets: {{{name}: COLUMN}}",
            at="key",
            kind="no_such_target",
        )
        for name in value
        if name not in targets
    ]
    if kind == "losses":
        mistakes += [
            Mistake(f"the target '{name}' has no loss", kind="target_without_loss")
            for name in targets
            if name not in value
        ]
    if mistakes:
        fail(*mistakes)
    return read_each(
        {name: value[name] for name in targets if name in value}, lambda each: only_target(each, kind, information)
    )


def read_each(values: Any, read: Callable[[Any], Any]) -> Any:
    """Each of a list or mapping, with the mistakes of all of them at their places."""
    found: dict[Any, Any] = {}
    details: list[Any] = []
    for place, value in values.items() if isinstance(values, dict) else enumerate(values):
        try:
            found[place] = read(value)
        except ValidationError as error:
            details += details_of(error, place)
    if details:
        raise ValidationError.from_exception_data("dlcli", details)
    return found if isinstance(values, dict) else list(found.values())
