"""The run that is served: its model, loaded anew when it has kept other weights; all that touches Keras is in one thread."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dlcli.actions.answered.out_of_sight import out_of_sight
from dlcli.actions.answered.predictor import Predictions, Predictor, joined
from dlcli.actions.answered.row_stream import csv_form_of, rows_of_text
from dlcli.actions.answered.rows import Row, RowsPlace, check_keys, plain_row, row_fields
from dlcli.actions.new_data import raw_samples, read_raw
from dlcli.data.unlike import Unlike, together
from dlcli.errors import DlcliError
from dlcli.runs import Run
from dlcli.runs.atomic import MANIFEST
from dlcli.training.kept.threshold import NAME as THRESHOLD
from dlcli.training.kept.trained import Trained, open_trained

PLACE = RowsPlace("the request")


@dataclass(frozen=True)
class Answer:
    """What is said of the rows of one request."""

    run: str
    predictions: Sequence[dict[str, Any]]
    unlike: Sequence[Unlike] = ()
    notes: Sequence[str] = ()


class LoadedRun:
    """A run with its model in memory."""

    def __init__(self, run: Run, *, allow_code: bool) -> None:
        self.run, self.allow_code = run, allow_code
        self.opened = ExitStack()
        self.seen = print_of_weights(run)
        self.trained, self.predictor = self.loaded()

    def loaded(self) -> tuple[Trained, Predictor]:
        """The run as it stands now, its graph made by a first answer. Raises `ArtifactError` where it cannot be."""
        with open_trained(self.run, allow_code=self.allow_code) as trained:
            trained.prepare_by_graph()
            predictor = Predictor(trained)
            if trained.schema.windows is None:
                self.answered(predictor, [plain_row(trained.schema)])
            else:
                _ = trained.model
        return trained, predictor

    @property
    def has_changed(self) -> bool:
        """Whether the run has kept other weights than those that answer."""
        now = print_of_weights(self.run)
        return now is not None and now != self.seen

    def load_anew(self) -> bool:
        """Takes the weights that the run has kept since; what cannot be read leaves things as they are."""
        now = print_of_weights(self.run)
        try:
            self.trained, self.predictor = self.loaded()
        except (DlcliError, OSError):
            self.seen = now  # it is not tried again before it has changed once more
            return False
        self.seen = now
        return True

    def of_requests(self, requests: Sequence[Sequence[Row]]) -> list[Answer | DlcliError]:
        """The answers to several requests, of whose rows all are told together where none of them is wrong."""
        if self.trained.schema.windows is not None:
            return [self.of_one(rows) for rows in requests]
        try:
            whole = self.answered(self.predictor, [row for rows in requests for row in rows])
        except DlcliError as error:
            return [self.of_one(rows) for rows in requests] if len(requests) > 1 else [error]
        predictions, answers, start = whole.rows(), list[Answer | DlcliError](), 0
        for rows in requests:
            # What is unlike training is told to whoever sent it, and counted by what that request holds.
            unlike = whole.unlike if len(requests) == 1 or not whole.unlike else self.unlike(rows)
            answers.append(self.answer(predictions[start : start + len(rows)], unlike))
            start += len(rows)
        return answers

    def of_one(self, rows: Sequence[Row]) -> Answer | DlcliError:
        """The answer to one request by itself."""
        try:
            told = (
                self.of_series(rows) if self.trained.schema.windows is not None else self.answered(self.predictor, rows)
            )
        except DlcliError as error:
            return error
        return self.answer(told.rows(), told.unlike)

    def answer(self, predictions: Sequence[dict[str, Any]], unlike: Sequence[Unlike]) -> Answer:
        """An answer of this run."""
        return Answer(self.run.name, predictions, unlike)

    def answered(self, predictor: Predictor, rows: Sequence[Row]) -> Predictions:
        """The predictions for rows."""
        names = dict.fromkeys(key for row in rows for key in row)
        fields = row_fields(rows, predictor.trained.schema, PLACE, names=names)
        return predictor.of(fields, all_may_go=True)

    def unlike(self, rows: Sequence[Row]) -> list[Unlike]:
        """What of some rows is unlike training."""
        names = dict.fromkeys(key for row in rows for key in row)
        fields = row_fields(rows, self.trained.schema, PLACE, names=names)
        return together(raw_samples(fields, self.trained.schema, with_target=False).unlike)

    def check(self, rows: Sequence[Row]) -> None:
        """Raises `DataError` where a row lacks what the model takes."""
        for row in {frozenset(row): row for row in rows}.values():
            check_keys(row, self.trained.schema, PLACE)

    def rows_of(self, content: bytes, form: str) -> list[Row]:
        """The rows of a csv, or of JSON line by line. Raises `DataError` at the line of what is none."""
        return rows_of_text(content, form, csv_form_of(self.trained.config), file=PLACE.file)

    def of_series(self, rows: Sequence[Row]) -> Predictions:
        """The predictions for the rows of a series, read as those of a file are."""
        import json

        name = "rows.jsonl"
        with out_of_sight({name: PLACE.file}, whole=PLACE.file) as folder:
            path = folder / name
            path.write_text("".join(f"{json.dumps(dict(row))}\n" for row in rows), encoding="utf-8")
            return self.of_path(path)

    def of_path(self, path: Path) -> Predictions:
        """The predictions for a file or a folder."""
        trained = self.trained
        fields = read_raw(trained.config, trained.schema, str(path))
        return joined(list(self.predictor.parts(fields, relative=False)))


def print_of_weights(run: Run) -> tuple[int, ...] | None:
    """What tells whether the weights that a run has kept, and what it records of them, are still the same; None without any."""
    with suppress(OSError):
        files = [run.model / MANIFEST, run.path / "env.json", run.path / THRESHOLD]
        found = [file.stat() for file in files[:2] + [each for each in files[2:] if each.exists()]]
        return tuple(value for each in found for value in (each.st_ino, each.st_size, each.st_mtime_ns))
    return None
