"""The application: what each address of a server answers, and every error as a status with what to do."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from dlcli.actions.listening import HEADERS
from dlcli.actions.serve.asked import asked_of
from dlcli.actions.serve.batches import Batches
from dlcli.actions.serve.files import answered_files
from dlcli.actions.serve.guard import ServeGuard
from dlcli.actions.serve.limits import Limits, Refusal
from dlcli.actions.serve.loaded import Answer, LoadedRun
from dlcli.actions.serve.metrics import Metrics
from dlcli.actions.serve.schema_told import open_api, told_schema
from dlcli.errors import ArtifactError, DlcliError
from dlcli.first_line import named_line
from dlcli.runs.atomic import json_plain
from dlcli.view.html.try_page import try_page_html
from dlcli.view.prediction import unlike_facts

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

WATCHED_EVERY = 1.0  # unseen: time alone
"""Seconds between two looks at whether the run has kept other weights."""


class Server:
    """The answers over one run. `tell` is given what is worth a line where the server runs."""

    def __init__(self, loaded: LoadedRun, guard: ServeGuard, limits: Limits, tell: Callable[[str], None]) -> None:
        self.loaded, self.guard, self.limits, self.tell = loaded, guard, limits, tell
        self.metrics = Metrics()
        self.worker = ThreadPoolExecutor(1, "model")
        self.batches = Batches(loaded, limits, self.metrics, self.worker)
        self.ending = False

    async def predict(self, request: Request) -> Response:
        """What the model says of the rows or files of a request."""
        try:
            async with asyncio.timeout(self.limits.seconds):
                asked = await asked_of(request, self.loaded, self.limits)
        except TimeoutError:
            message = f"the request did not come whole in {self.limits.seconds:g} seconds"
            raise Refusal(HTTPStatus.REQUEST_TIMEOUT, message, word="took_too_long", hint="send it faster") from None
        if asked.files:
            answer = await self.batches.alone(lambda: answered_files(self.loaded, asked.files))
        else:
            answer = await self.batches.answer(asked.rows)
        return json_response(answer_content(answer))

    async def schema(self, request: Request) -> Response:
        """What a row holds."""
        return json_response(told_schema(self.loaded.trained))

    async def described(self, request: Request) -> Response:
        """The addresses in OpenAPI."""
        return json_response(open_api(self.loaded.trained))

    async def health(self, request: Request) -> Response:
        """Whether the server answers; one that is ending does not want to be sent more."""
        status = HTTPStatus.SERVICE_UNAVAILABLE if self.ending else HTTPStatus.OK
        return json_response({"status": "ending" if self.ending else "ok"}, status)

    async def counted(self, request: Request) -> Response:
        """What the server has done, as Prometheus reads it."""
        from starlette.responses import Response

        return Response(self.metrics.text(), media_type="text/plain; version=0.0.4")

    async def page(self, request: Request) -> Response:
        """The page to try the model by hand. Who came by the address with the token gets it as a cookie."""
        from starlette.responses import HTMLResponse, RedirectResponse

        if self.guard.token is not None and "token" in request.query_params:
            answer: Response = RedirectResponse("/", HTTPStatus.SEE_OTHER)
            answer.set_cookie(self.guard.cookie, self.guard.token, httponly=True, samesite="strict", path="/")
            return answer
        return HTMLResponse(try_page_html(told_schema(self.loaded.trained)))

    async def watch(self) -> None:
        """Takes the weights that the run keeps while it is served; requests wait for as long as they are loaded."""
        loop = asyncio.get_running_loop()
        while True:
            await asyncio.sleep(WATCHED_EVERY)
            if not self.loaded.has_changed:
                continue
            if await loop.run_in_executor(self.worker, self.loaded.load_anew):
                self.metrics.loads += 1
                self.tell(f"'{self.loaded.run.name}' has kept other weights, which answer from now on")
            else:
                self.tell(f"'{self.loaded.run.name}' has changed and cannot be loaded: the weights from before go on")


class Application:
    """What uvicorn runs: one look-up by address, no layers between."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.answers: dict[str, tuple[str, Callable[[Request], Awaitable[Response]]]] = {
            "/": ("GET", server.page),
            "/predict": ("POST", server.predict),
            "/schema": ("GET", server.schema),
            "/openapi.json": ("GET", server.described),
            "/health": ("GET", server.health),
            "/metrics": ("GET", server.counted),
        }

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        from starlette.requests import ClientDisconnect, Request

        try:
            response = await self.response(Request(scope, receive))
        except ClientDisconnect:  # whoever asked has gone, which is no error of anybody
            return
        await response(scope, receive, send)

    async def response(self, request: Request) -> Response:
        """An answer behind the guard, with every error as a status, counted."""
        from starlette.requests import ClientDisconnect

        server, begun = self.server, time.monotonic()
        try:
            server.guard.check(request)
            response = await self.answer(request)
        except Refusal as refusal:
            response = refused_response(refusal)
        except DlcliError as error:
            response = error_response(error)
        except ClientDisconnect:
            raise
        except Exception as error:
            # Nothing of it leaves this machine: a line is told where the server runs.
            server.tell(f"a bug in dlcli: {named_line(error)}")
            response = error_body(HTTPStatus.INTERNAL_SERVER_ERROR, "bug", "the server failed at this request")
        response.headers.update(HEADERS)
        if server.ending:
            response.headers["Connection"] = "close"
        path = request.url.path if request.url.path in self.answers else "other"
        server.metrics.request(path, response.status_code, time.monotonic() - begun)
        return response

    async def answer(self, request: Request) -> Response:
        """What an address answers. Raises `Refusal` for one that there is not, and for another method than its own."""
        path = request.url.path
        if path not in self.answers:
            hint = f"there is: {', '.join(sorted(self.answers))}"
            raise Refusal(HTTPStatus.NOT_FOUND, f"there is no {path[:100]} here", word="no_such_address", hint=hint)
        method, answer = self.answers[path]
        if request.method != method and (request.method, method) != ("HEAD", "GET"):
            raise Refusal(
                HTTPStatus.METHOD_NOT_ALLOWED,
                f"{path} is asked with {method}",
                word="other_method",
                hint=f"send {method} {path}",
                method=method,
            )
        return await answer(request)


def answer_content(answer: Answer) -> dict[str, Any]:
    """An answer as JSON has it."""
    content: dict[str, Any] = {"run": answer.run, "predictions": answer.predictions}
    if answer.unlike:
        content["unlike"] = unlike_facts(answer.unlike)
        content["notes"] = [str(each) for each in answer.unlike]
    return content


def json_response(content: Any, status: int = HTTPStatus.OK) -> Response:
    """A value as JSON; what is not finite as null."""
    from starlette.responses import Response

    try:
        text = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    except (TypeError, ValueError):
        text = json.dumps(json_plain(content), ensure_ascii=False, separators=(",", ":"))
    return Response(text, status_code=int(status), media_type="application/json")


def refused_response(refusal: Refusal) -> Response:
    """The answer to a request that is refused."""
    response = error_body(refusal.status, refusal.word, refusal.message, hint=refusal.hint)
    if refusal.status == HTTPStatus.SERVICE_UNAVAILABLE:
        response.headers["Retry-After"] = "1"
    if refusal.method is not None:
        response.headers["Allow"] = refusal.method
    if refusal.status == HTTPStatus.UNAUTHORIZED:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def error_response(error: DlcliError) -> Response:
    """An error in the words of the command line: of rows or files 422, of the run itself 500."""
    status = HTTPStatus.INTERNAL_SERVER_ERROR if isinstance(error, ArtifactError) else HTTPStatus.UNPROCESSABLE_ENTITY
    where: Mapping[str, Any] = {"file": error.file, "line": error.line, "column": error.column}
    return error_body(status, error.kind, error.message, hint=error.hint, **where)


def error_body(status: HTTPStatus, word: str, message: str, *, hint: str | None = None, **where: Any) -> Response:
    """An error as JSON."""
    return json_response({"error": {"kind": word, "message": message, "hint": hint, **where}}, status)
