"""Batches: requests that wait while others are answered are answered together, and none of them twice or not at all."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeVar

from dlcli.actions.answered.rows import Row
from dlcli.actions.serve.limits import Limits, Refusal
from dlcli.actions.serve.loaded import Answer, LoadedRun
from dlcli.actions.serve.metrics import Metrics
from dlcli.errors import DlcliError

Result = TypeVar("Result")


@dataclass(frozen=True)
class Waiting:
    """A request that waits for its answer."""

    rows: Sequence[Row]
    answer: asyncio.Future[Answer]


class Batches:
    """Hands requests to the one thread that has the model.

    There is no delay: a request that finds the model idle is answered at once, and what comes meanwhile makes the next batch.
    """

    def __init__(self, loaded: LoadedRun, limits: Limits, metrics: Metrics, worker: ThreadPoolExecutor) -> None:
        self.loaded, self.limits, self.metrics, self.worker = loaded, limits, metrics, worker
        self.waiting: deque[Waiting] = deque()
        self.rows_waiting = 0
        self.busy = False

    async def answer(self, rows: Sequence[Row]) -> Answer:
        """The answer to a request. Raises `DlcliError` for wrong rows, `Refusal` where too many wait or it takes too long."""
        if self.rows_waiting + len(rows) > self.limits.waiting:
            raise Refusal(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{self.rows_waiting:,} rows wait already",
                word="too_many_waiting",
                hint="ask again later",
            )
        waiting = Waiting(rows, asyncio.get_running_loop().create_future())
        self.waiting.append(waiting)
        self.rows_waiting += len(rows)
        self.begin()
        return await self.in_time(waiting.answer)

    async def alone(self, work: Callable[[], Result]) -> Result:
        """What some work with the model gives, between two batches."""
        return await self.in_time(asyncio.get_running_loop().run_in_executor(self.worker, work))

    async def in_time(self, result: asyncio.Future[Result]) -> Result:
        """A result that is not waited for too long."""
        try:
            return await asyncio.wait_for(result, self.limits.seconds)
        except TimeoutError:
            message = f"there was no answer in {self.limits.seconds:g} seconds"
            hint = "ask with fewer rows, or again later"
            raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, message, word="took_too_long", hint=hint) from None

    def begin(self) -> None:
        """Lets the next batch begin, unless one is on its way."""
        if self.busy or not self.waiting:
            return
        batch, rows = list[Waiting](), 0
        while self.waiting and (not batch or rows + len(self.waiting[0].rows) <= self.limits.together):
            each = self.waiting.popleft()
            self.rows_waiting -= len(each.rows)
            if not each.answer.done():  # whoever asked has gone
                batch.append(each)
                rows += len(each.rows)
        if not batch:
            return
        self.busy = True
        self.metrics.batch(rows)
        loop = asyncio.get_running_loop()
        answers = loop.run_in_executor(self.worker, self.loaded.of_requests, [each.rows for each in batch])
        answers.add_done_callback(lambda done: self.end(batch, done))

    def end(self, batch: Sequence[Waiting], done: asyncio.Future[list[Answer | DlcliError]]) -> None:
        """Hands out the answers of a batch, and lets the next begin."""
        self.busy = False
        failure: Any = done.exception()
        answers: Sequence[Any] = [failure] * len(batch) if failure is not None else done.result()
        for each, answer in zip(batch, answers, strict=True):
            if each.answer.done():
                continue
            if isinstance(answer, BaseException):
                each.answer.set_exception(answer)
            else:
                each.answer.set_result(answer)
        self.begin()
