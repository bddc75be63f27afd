"""TensorBoard: files of events in the run, `train` beside `validation`, so that both lie in one chart."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from typing import Any

from dlcli.runs import Run
from dlcli.training.listeners.trackers.tracker import End, tracker_folder, values_of_epoch
from dlcli.view.training.events import EpochLine, Plan


class TensorBoard:
    """Writes RUN/trackers/tensorboard/{train,validation}; `tensorboard --logdir runs` shows all runs."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.writers: dict[str, Any] = {}

    def begin(self, plan: Plan, settings: Mapping[str, Any]) -> None:
        """Begins the files anew with the epochs that are over: after a kill some are trained a second time."""
        shutil.rmtree(tracker_folder(self.run) / "tensorboard", ignore_errors=True)
        for line in plan.earlier:
            self.epoch(line)

    def epoch(self, line: EpochLine) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        by_split: dict[str, dict[str, float]] = {}
        for name, value in values_of_epoch(line).items():
            split, _, metric = name.rpartition("/")
            by_split.setdefault(split or "train", {})[metric] = value
        for split, values in by_split.items():
            found = [Summary.Value(tag=metric, simple_value=value) for metric, value in values.items()]
            self.writer(split).add_event(Event(step=line.epoch, summary=Summary(value=found)))

    def writer(self, split: str) -> Any:
        """The file of a split."""
        from tensorboard.summary.writer.event_file_writer import EventFileWriter

        if split not in self.writers:
            self.writers[split] = EventFileWriter(str(tracker_folder(self.run) / "tensorboard" / split))
        return self.writers[split]

    def end(self, how: End) -> None:
        for writer in self.writers.values():
            writer.close()
