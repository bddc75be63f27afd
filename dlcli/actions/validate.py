"""Validate: whether a configuration is right, with `build` also its data and the model on its shapes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from dlcli.config import load_config
from dlcli.config.sweep_space import checked_space
from dlcli.errors import DlcliError
from dlcli.unexpected import unexpected
from dlcli.view.validation import Judgement


def validated(file: str, settings: Sequence[str], *, build: bool, runs: Path, allow_code: bool) -> Judgement:
    """What is wrong with one file; whatever error it is, the next file can still be judged."""
    try:
        config, content = load_config(file, settings=settings)
        checked_space(content, config, file=file, settings=settings)
        if build:
            from dlcli.training.kept.starting_weights import set_up_started
            from dlcli.training.setup.backend import chatter_to

            with chatter_to(None):
                experiment = set_up_started(config, runs=runs, allow_code=allow_code)
            return Judgement(file, None, [*config.notes, *config.noted(*experiment.built.notes)])
    except DlcliError as error:
        return Judgement(file, error)
    except OSError:  # of no file: the door knows what is wrong with the system
        raise
    except Exception as error:
        return Judgement(file, unexpected(error))
    return Judgement(file, None, config.notes)
