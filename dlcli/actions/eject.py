"""Ejects an experiment: the same as a plain Keras script, proved before it is written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from dlcli.actions.ejected.expressions import Unsayable
from dlcli.actions.ejected.proof import array_bytes, prove
from dlcli.actions.ejected.script import Script
from dlcli.config import Config
from dlcli.errors import BlockError, ConflictError, TreePath, UsageError
from dlcli.runs.atomic import check_output_place, write_output
from dlcli.training.setup.backend import chatter_to, keras_loading, start_keras
from dlcli.training.setup.experiment import read_data, set_up
from dlcli.view.ejected import Ejected

MARK = "With train.engine: keras, dlcli reaches the same numbers."
"""What tells a script that was written here from others, in its first so many bytes."""
ABOUT = 4096


def eject(config: Config, *, file: Path, name: str, allow_code: bool) -> Ejected:
    """Writes the script of a configuration to `file`, and its arrays beside it; `name` is that of the configuration.

    Raises `ConfigError` at the line of what plain Keras cannot say.
    """
    for path, why in unsayable_keys(config):
        raise config.located(BlockError(path, f"a plain script cannot say this: {why}", kind="cannot_eject"))
    arrays_file = file.with_suffix(".npz")
    with chatter_to(None):
        script, exact = proved_script(config, arrays_file.name, about_script(config, name, file), allow_code=allow_code)
    content, text = array_bytes(script.arrays), script.text()
    write_output(arrays_file, content)
    write_output(file, text.encode())
    return Ejected(file=str(file), arrays=str(arrays_file), lines=text.count("\n"), bytes=len(content), exact=exact)


def check_ejected_place(file: Path) -> None:
    """Raises `ConflictError` where a file would be lost that was not written here, `ResourceError` where none can be."""
    arrays = file.with_suffix(".npz")
    if file == arrays:
        raise UsageError(f"'{file}' is no name of a script", hint="write FILE.py", kind="bad_output")
    ejected = file.is_file() and file.read_bytes()[:ABOUT].find(MARK.encode()) >= 0
    for path in (file, arrays):
        check_output_place(path)
        if path.exists() and not ejected:
            message = f"{path} is there and was not written by dlcli eject"
            hint = f"choose another name: -o {file.stem}-keras.py"
            raise ConflictError(message, file=path, hint=hint, kind="place_taken")


def about_script(config: Config, name: str, file: Path) -> str:
    """The docstring of a script."""
    return f"{config.name or file.stem}: the experiment of {name} in plain Keras.\n\n    python {file.name}\n\n{MARK}\n"


def proved_script(config: Config, arrays_file: str, about: str, *, allow_code: bool) -> tuple[Script, bool]:
    """The script, which was run up to its first step, and whether that is equal to the last bit.

    Raises `ConfigError` at the line of what plain Keras cannot say.
    """
    with keras_loading(config.data.source):
        dataset = read_data(config, allow_code=allow_code)
    start_keras(seed=config.seed, precision=config.train.precision, deterministic=config.train.deterministic)
    experiment = set_up(config, dataset)
    try:
        script = Script(experiment, dataset, arrays_file, about)
        try:
            "".join(script.training())
            return script, prove(script)
        except Unsayable:
            if experiment.preparation is None:
                raise
            # What layers learn batch by batch may differ in its last bits from what `adapt` learns of all samples.
            start_keras(seed=config.seed, precision=config.train.precision, deterministic=config.train.deterministic)
            experiment = set_up(config, dataset)
            script = Script(experiment, dataset, arrays_file, about, learnt=False)
            return script, prove(script)
    except Unsayable as error:
        path = experiment.built.places.get(error.layer or "", ("layers",))
        message = f"a plain script cannot say this: {error.what}: {error.why}"
        raise config.located(BlockError(path, message, kind="cannot_eject")) from None


def unsayable_keys(config: Config) -> Iterator[tuple[TreePath, str]]:
    """What no plain script says, each with its place and the reason."""
    train, data = config.train, config.data
    if data.augment:
        yield ("data", "augment"), "what changes a sample is drawn from its number here, and from a stream in Keras"
    if data.stream is True:
        yield ("data", "stream"), "the arrays stand beside the script, and these stay on disk"
    if len(config.phases) > 1:
        yield ("train", "phases"), "each phase compiles the model anew"
    if config.weights is not None:
        yield ("weights",), "the first weights come from another run or file"
    if config.plugins:
        yield ("plugins",), "classes of plugins are not those of Keras"
    if config.optimizer.arguments.get("use_ema"):
        yield ("optimizer",), "`fit` would put the averages in the place of the weights after each epoch"
    for key in ("callbacks", "steps_per_epoch", "until", "time_limit"):
        if getattr(train, key):
            yield ("train", key), "its loop of epochs has no short words for it"
    if train.reduce_on_plateau is not None and train.reduce_on_plateau.cooldown:
        yield ("train", "reduce_on_plateau"), "its loop of epochs has no short words for a cooldown"
    if train.precision != "float32":
        yield ("train", "precision"), "other roundings than those of 32 bits are not compared"
