"""Predict: what a run's model says of raw data without targets."""

from __future__ import annotations

from collections.abc import Iterator

from dlcli.actions.answered.asked_for import AskedFor
from dlcli.actions.answered.generated import Drawing, prompts_of, texts_generated
from dlcli.actions.answered.predictor import Predictions, Predictor, is_relative
from dlcli.actions.answered.row_stream import ComingRows, RowStream, text_lines
from dlcli.actions.answered.ways import Answering, Answers, OfLayer, Spread
from dlcli.actions.new_data import read_raw
from dlcli.data import Fields
from dlcli.errors import DataError
from dlcli.runs import Run
from dlcli.training.kept.trained import Trained, open_trained

STREAMED_ABOVE = 1 << 28  # unseen: memory alone
"""Bytes above which data is read as it is answered, however much memory there is."""
TEMPERATURE = 1.0


def predictions_of(run: Run, asked: AskedFor, stream: RowStream | None, *, allow_code: bool) -> Iterator[Predictions]:
    """The predictions for all samples of a file or folder, part after part; or for the rows of a `stream` as they come.

    Raises `ArtifactError`, `DataError`, and `UsageError` for data of several splits.
    """
    with open_trained(run, allow_code=allow_code) as trained:
        if asked.generate is not None:
            yield from generated(trained, asked, stream)
            return
        predictor = Predictor(trained, answering=way_of(asked), keep=asked.keep, strict=asked.strict)
        if stream is None:
            fields = read_raw(trained.config, trained.schema, asked.data, keep=asked.keep, most_bytes=STREAMED_ABOVE)
            yield from predictor.parts(fields, relative=is_relative(asked.data))
            return
        _ = trained.model  # whoever sends rows one by one waits for none of them
        for part in stream.parts(trained.config, trained.schema, keep=asked.keep):
            yield from answered_as_they_came(predictor, part)


def answered_as_they_came(predictor: Predictor, part: ComingRows | Fields) -> Iterator[Predictions]:
    """The answers to rows that came together; where one is wrong those before it. Raises `DataError` at that one."""
    if isinstance(part, Fields):
        yield predictor.of(part, all_may_go=True, relative=False)
        return
    schema = predictor.trained.schema
    try:
        yield predictor.of(part.fields(schema), all_may_go=True, relative=False)
    except DataError:
        if len(part.rows) == 1:
            raise
        for half in part.halves():
            yield from answered_as_they_came(predictor, half)


def way_of(asked: AskedFor) -> Answering:
    """How the model is asked."""
    if asked.layer is not None:
        return OfLayer(asked.layer)
    return Answers() if asked.draws is None else Spread(asked.draws)


def generated(trained: Trained, asked: AskedFor, stream: RowStream | None) -> Iterator[Predictions]:
    """Texts with what follows them; of standard input each line is one."""
    assert asked.generate is not None
    temperature = TEMPERATURE if asked.temperature is None else asked.temperature
    seed = trained.config.seed if asked.seed is None else asked.seed
    prompts = prompts_of(trained, asked.data) if stream is None else text_lines(stream.stream)
    return texts_generated(trained, prompts, Drawing(asked.generate, temperature, seed))
