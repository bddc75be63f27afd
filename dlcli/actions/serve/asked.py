"""What a request holds: rows as JSON, as csv or line by line, or files to be answered; what is none of these is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from dlcli.actions.answered.json_row import json_value_of, place_in
from dlcli.actions.answered.rows import Row
from dlcli.actions.serve.limits import Limits, Refusal
from dlcli.actions.serve.loaded import LoadedRun
from dlcli.spec.mistake import describe

if TYPE_CHECKING:
    from starlette.requests import Request

JSON, LINES, CSV, FILES = "application/json", "application/x-ndjson", "text/csv", "multipart/form-data"
SHOWN = '{"rows": [{…}, …]}'
MOST_FILES = 1000
TABLES = {".csv": "csv", ".jsonl": "jsonl", ".ndjson": "jsonl"}


@dataclass(frozen=True)
class Asked:
    """The rows of a request, and its files by the names that they were sent under."""

    rows: list[Row] = field(default_factory=list)
    files: list[tuple[str, bytes]] = field(default_factory=list)


async def asked_of(request: Request, loaded: LoadedRun, limits: Limits) -> Asked:
    """What a request holds. Raises `Refusal`, and `DataError` at the line of a csv that is wrong."""
    packed = request.headers.get("content-encoding", "identity").strip().lower()
    if packed not in {"identity", ""}:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"'{packed}' is not unpacked here",
            word="other_type",
            hint="send it without Content-Encoding",
        )
    kind = request.headers.get("content-type", JSON).partition(";")[0].strip().lower()
    if kind == FILES:
        return await files_asked(request, loaded, limits)
    content = await body_of(request, limits)
    if kind in {CSV, LINES}:
        return Asked(checked_rows(loaded, loaded.rows_of(content, "csv" if kind == CSV else "jsonl"), limits))
    if kind not in {JSON, "text/plain", "application/x-www-form-urlencoded", ""}:
        raise Refusal(
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            f"'{kind}' is not understood",
            word="other_type",
            hint=f"send {JSON}, {CSV}, {LINES} or {FILES}",
        )
    return Asked(checked_rows(loaded, json_rows_of(content), limits))


async def body_of(request: Request, limits: Limits) -> bytes:
    """The content of a request. Raises `Refusal` for one that is too large, before all of it has come."""
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > limits.body:
        raise too_large(limits)
    pieces, size = list[bytes](), 0
    async for piece in request.stream():
        size += len(piece)
        if size > limits.body:
            raise too_large(limits)
        pieces.append(piece)
    return b"".join(pieces)


def too_large(limits: Limits) -> Refusal:
    """The refusal of a request that is too large."""
    return Refusal(
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        f"a request may have {limits.body:,} bytes",
        word="too_large",
        hint="send fewer rows at a time, or predict them with dlcli predict",
    )


def json_rows_of(content: bytes) -> list[Row]:
    """The rows of a JSON value. Raises `Refusal` for another one."""
    try:
        value = json_value_of(content)
    except ValueError as error:
        message = f"the request cannot be read as JSON: {getattr(error, 'msg', error)}{place_in(error)}"
        raise Refusal(HTTPStatus.BAD_REQUEST, message, word="bad_json", hint=f"send {SHOWN}") from None
    held = value.get("rows") if isinstance(value, Mapping) else value
    rows: list[Any] = held if isinstance(held, list) else [value]
    odd = next((at for at, row in enumerate(rows) if not isinstance(row, Mapping)), None)
    if odd is not None or not rows:
        found = "the request holds no rows" if odd is None else f"row {odd + 1} is no object but {describe(rows[odd])}"
        hint = f"send {SHOWN}: an object for each row, as /schema says"
        raise Refusal(HTTPStatus.UNPROCESSABLE_ENTITY, found, word="no_rows", hint=hint)
    return rows


def checked_rows(loaded: LoadedRun, rows: list[Row], limits: Limits) -> list[Row]:
    """Rows that are neither too many nor lack anything. Raises `Refusal`, and `DataError`."""
    if len(rows) > limits.rows:
        raise Refusal(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"a request may have {limits.rows:,} rows, and this one has {len(rows):,}",
            word="too_many_rows",
            hint="send them in several requests",
        )
    if not rows:
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY, "the request holds no rows", word="no_rows", hint=f"send {SHOWN}"
        )
    loaded.check(rows)
    return rows


async def files_asked(request: Request, loaded: LoadedRun, limits: Limits) -> Asked:
    """The files of a form; tables are rows. Raises `Refusal` for a form without any."""
    from starlette.datastructures import UploadFile
    from starlette.formparsers import MultiPartException

    declared = request.headers.get("content-length", "")
    if not declared.isdigit() or int(declared) > limits.body:
        raise too_large(limits)
    rows, files = list[Row](), list[tuple[str, bytes]]()
    try:
        async with request.form(max_files=MOST_FILES) as form:
            for _, value in form.multi_items():
                if not isinstance(value, UploadFile):
                    continue
                name, content = PurePath(value.filename or "file").name, await value.read()
                table = TABLES.get(PurePath(name).suffix.lower())
                if table is None:
                    files.append((name, content))
                else:
                    rows += loaded.rows_of(content, table)
    except MultiPartException as error:
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            f"the form cannot be read: {error.message}",
            word="bad_form",
            hint="send files as multipart/form-data",
        ) from None
    if rows and files:
        raise Refusal(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "the form holds tables and other files",
            word="mixed_files",
            hint="send them in two requests",
        )
    if not files:
        return Asked(checked_rows(loaded, rows, limits))
    return Asked(files=files)
