"""The application: what each address of the board answers, behind the guard."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from dlcli.actions.board.answers import answer_text, board_curves, board_table
from dlcli.actions.board.guard import Guard
from dlcli.actions.board.made import MadePages
from dlcli.actions.board.watched import WatchedRuns
from dlcli.actions.listening import HEADERS
from dlcli.actions.run_again import recorded_run
from dlcli.errors import ArtifactError, DlcliError, UsageError
from dlcli.runs import Run
from dlcli.view.html.page import Page, page_html
from dlcli.view.html.pages import board_page, fault_page, waiting_page
from dlcli.view.report import Missing

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

STATUS = {UsageError: HTTPStatus.BAD_REQUEST, ArtifactError: HTTPStatus.NOT_FOUND}
"""What a person can mend at the page, and what is not there; every other error is a conflict with what stands in the folder."""


class Board:
    """The answers of the board over the runs of one folder."""

    def __init__(self, watched: WatchedRuns, made: MadePages) -> None:
        self.watched, self.made = watched, made

    async def index(self, request: Request) -> Response:
        """The page with the table."""
        return page_answer(board_page(str(self.watched.root)))

    async def table(self, request: Request) -> Response:
        """The table as JSON. Reading files blocks, so that it is done beside the loop that answers others."""
        query = request.query_params
        filters, sort = [each for each in query.getlist("filter") if each.strip()], query.get("sort") or None
        value = await asyncio.to_thread(lambda: board_table(self.watched, filters=filters, sort=sort))
        return json_answer(answer_text(value, known=query.get("since")))

    async def curves(self, request: Request) -> Response:
        """The curves of some runs as JSON."""
        names = request.query_params.getlist("run")
        value = await asyncio.to_thread(lambda: board_curves(self.watched, names))
        return json_answer(answer_text(value, known=request.query_params.get("since")))

    async def page(self, request: Request) -> Response:
        """The page on a run: whole where it is ready, else what its record tells, until it is; or why there is none."""
        name = request.path_params["name"]
        try:
            run = await asyncio.to_thread(lambda: self.watched.run(name))
            made = self.made.page(run)
            if made is not None and made.fault is None:
                return html_answer(made.content)
            return page_answer(await asyncio.to_thread(lambda: waiting(run, None if made is None else made.fault)))
        except DlcliError as error:
            return page_answer(fault_page(name, Missing(error.message, error.hint)), status=status_of_error(error))

    async def ready(self, request: Request) -> Response:
        """Whether the page on a run is ready."""
        run = await asyncio.to_thread(lambda: self.watched.run(request.path_params["name"]))
        return json_answer('{"ready":true}' if self.made.page(run) is not None else '{"ready":false}')


def waiting(run: Run, fault: str | None) -> Page:
    """What is known of a run without its data and its model."""
    return waiting_page(recorded_run(run), fault)


def board_app(board: Board, guard: Guard) -> Starlette:
    """The application of a board: four addresses, and nothing that can be written."""
    from starlette.applications import Starlette
    from starlette.middleware import Middleware
    from starlette.middleware.base import BaseHTTPMiddleware
    from starlette.routing import Route

    async def guarded(request: Request, answer: Callable[[Request], Awaitable[Response]]) -> Response:
        response = refused(guard, request) or guard.let_in(request) or await answer(request)
        response.headers.update(HEADERS)
        return response

    routes = [
        Route("/", board.index),
        Route("/runs.json", board.table),
        Route("/curves.json", board.curves),
        Route("/run/{name:path}", board.page),
        Route("/ready/{name:path}", board.ready),
    ]
    return Starlette(
        routes=routes,
        middleware=[Middleware(BaseHTTPMiddleware, dispatch=guarded)],
        exception_handlers={DlcliError: told_error},
    )


def refused(guard: Guard, request: Request) -> Response | None:
    """The answer to a request that is not let in."""
    from starlette.responses import PlainTextResponse

    refusal = guard.refusal(request)
    return None if refusal is None else PlainTextResponse(f"{refusal[1]}\n", status_code=refusal[0])


async def told_error(request: Request, error: Exception) -> Response:
    """An error in the words of the command line, as JSON."""
    from starlette.responses import JSONResponse

    assert isinstance(error, DlcliError)
    content: dict[str, Any] = {"message": error.message, "hint": error.hint, "kind": error.kind}
    return JSONResponse({"error": content}, status_code=status_of_error(error))


def status_of_error(error: DlcliError) -> HTTPStatus:
    """The status of the answer that tells an error."""
    return STATUS.get(type(error), HTTPStatus.CONFLICT)


def html_answer(content: str, *, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A page."""
    from starlette.responses import HTMLResponse

    return HTMLResponse(content, status_code=status)


def page_answer(page: Page, *, status: HTTPStatus = HTTPStatus.OK) -> Response:
    """A page that goes on asking."""
    return html_answer(page_html(page), status=status)


def json_answer(content: str) -> Response:
    """Text that is JSON already."""
    from starlette.responses import Response

    return Response(content, media_type="application/json")
