"""Ejects an experiment: the same as a plain Keras script, proved before it is written."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from dlcli.actions.ejected.backbone_texts import weight_files
from dlcli.actions.ejected.expressions import Remedy, Unsayable
from dlcli.actions.ejected.proof import array_bytes, prove
from dlcli.actions.ejected.refused import refusals_of
from dlcli.actions.ejected.script import Script
from dlcli.config import Config
from dlcli.errors import BlockError, ConfigError, ConflictError, UsageError
from dlcli.runs.atomic import check_output_place, write_output
from dlcli.training.kept.starting_weights import with_starting_weights
from dlcli.training.setup.backend import chatter_to, keras_loading, start_keras
from dlcli.training.setup.experiment import Experiment, read_data, set_up
from dlcli.view.ejected import Ejected

MARK = "With train.engine: keras, dlcli reaches the same numbers."
"""What tells a script that was written here from others, in its first so many bytes."""
ABOUT = 4096
INSTEAD = "train it with dlcli, and take the model: dlcli export RUN --format keras"
DRAWN = "the first weights with which the experiment begins, where Keras alone would draw others"


def eject(config: Config, *, file: Path, name: str, runs: Path, allow_code: bool) -> Ejected:
    """Writes the script of a configuration to `file`, and its arrays beside it; `name` is that of the configuration.

    `runs` is the folder of the runs whose weights it may begin with. Raises `ConfigError` at the line of what plain Keras
    cannot say.
    """
    for each in refusals_of(config):
        raise refused(config, Unsayable(each.key, each.why, hint=each.instead, path=each.place(config)))
    arrays_file, about = file.with_suffix(".npz"), about_script(config, name, file)
    with chatter_to(None):
        script, exact = proved_script(
            config, runs=runs, arrays_file=arrays_file.name, about=about, allow_code=allow_code
        )
    content, text = array_bytes(script.arrays), script.text
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


def refused(config: Config, error: Unsayable) -> ConfigError:
    """The error of what no plain script says, at its line."""
    message = f"a plain script cannot say this: {error.what}: {error.why}"
    hint = error.hint or INSTEAD
    return config.located(BlockError(error.path or ("layers",), message, hint=hint, kind="cannot_eject"))


@dataclass
class Beside:
    """What stands beside a script because Keras alone comes to something else."""

    states: bool = False
    """What layers learn from the data before a training: batch by batch it may differ in its last bits from all at once."""
    first_weights: bool = False

    def take(self, remedy: Remedy | None) -> bool:
        """Takes a remedy; whether it is a new one."""
        if remedy is None or getattr(self, remedy):
            return False
        setattr(self, remedy, True)
        return True


def proved_script(config: Config, *, runs: Path, arrays_file: str, about: str, allow_code: bool) -> tuple[Script, bool]:
    """The script, which was run up to its first step, and whether that is equal to the last bit.

    Raises `ConfigError` at the line of what plain Keras cannot say.
    """
    with keras_loading(config.data.source):
        dataset = read_data(config, allow_code=allow_code)
    beside = Beside()
    while True:
        start_keras(seed=config.seed, precision=config.train.precision, deterministic=config.train.deterministic)
        with config.naming_files():
            experiment = with_starting_weights(set_up(config, dataset), runs=runs)
        first_weights = first_weights_from(experiment) or (DRAWN if beside.first_weights else None)
        script = Script(experiment, dataset, arrays_file, about, learnt=not beside.states, first_weights=first_weights)
        try:
            assert script.training
            return script, prove(script)
        except Unsayable as error:
            if not beside.take(error.remedy):
                error.path = error.path or experiment.built.places.get(error.layer or "", ())
                raise refused(config, error) from None


def first_weights_from(experiment: Experiment) -> str | None:
    """What is said of first weights that come from a file; None where all are drawn."""
    files = [] if experiment.weights is None else [experiment.weights.file]
    files += [each.file for each in experiment.vectors.values()] + weight_files(experiment.config.layers)
    names = ", ".join(Path(each).name for each in dict.fromkeys(files))
    return f"the first weights: some of them from {names}, the others as they were drawn" if files else None
