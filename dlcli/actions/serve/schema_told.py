"""What a server tells of its model: what a row holds, what is said of it, and all of that as OpenAPI."""

from __future__ import annotations

from typing import Any

from dlcli import __version__
from dlcli.actions.answered.rows import plain_row
from dlcli.data.schema import ColumnSchema, InputSchema, Schema
from dlcli.data.sources.folders.file_source import FileSource
from dlcli.training.kept.trained import Trained


def told_schema(trained: Trained) -> dict[str, Any]:
    """Inputs and targets, an example of a row, and which files are taken."""
    schema, source = trained.schema, trained.config.data.source
    return {
        "run": trained.run.name,
        "inputs": [field for each in schema.inputs for field in told_input(each)],
        "targets": [
            {"name": each.name, "classes": each.classes, "labels": each.labels, "shape": each.shape}
            for each in schema.targets
        ],
        "example": plain_row(schema) if schema.windows is None else None,
        "files": list(source.inside) if isinstance(source, FileSource) else [],
        "series": schema.windows is not None,
    }


def told_input(schema: InputSchema) -> list[dict[str, Any]]:
    """The keys of a row that an input is made of."""
    if schema.columns is not None:
        return [told_column(each) for each in schema.columns]
    if schema.text:
        return [{"name": name, "kind": "text"} for name in schema.fields]
    return [{"name": schema.name, "kind": "array", "shape": schema.shape, "axes": schema.axes[1:], "seen": schema.seen}]


def told_column(column: ColumnSchema) -> dict[str, Any]:
    """A column."""
    told: dict[str, Any] = {"name": column.name, "kind": column.kind, "may_be_empty": column.fill is not None}
    if column.kind == "category":
        return told | {"categories": column.categories}
    return told | {"seen": column.seen}


def open_api(trained: Trained) -> dict[str, Any]:
    """The addresses in OpenAPI 3.1."""
    row = row_schema(trained.schema)
    rows = {
        "type": "object",
        "required": ["rows"],
        "properties": {"rows": {"type": "array", "minItems": 1, "items": row}},
    }
    example = {"rows": [plain_row(trained.schema)]} if trained.schema.windows is None else None
    content: dict[str, Any] = {
        "application/json": {"schema": rows} | ({} if example is None else {"example": example}),
        "application/x-ndjson": {"schema": {"type": "string"}},
        "text/csv": {"schema": {"type": "string"}},
        "multipart/form-data": {
            "schema": {"type": "object", "properties": {"file": {"type": "string", "contentMediaType": "*/*"}}}
        },
    }
    wrong = {str(status): {"description": words, "content": ERROR} for status, words in STATUSES.items()}
    answer = {
        "description": "A prediction for each row, in their order.",
        "content": {"application/json": {"schema": ANSWER}},
    }
    asking = {
        "summary": "What the model says of rows or files.",
        "requestBody": {"required": True, "content": content},
        "responses": {"200": answer, **wrong},
    }
    return {
        "openapi": "3.1.0",
        "info": {"title": trained.run.name, "version": __version__, "description": "A model trained with dlcli."},
        "paths": {
            "/predict": {"post": asking},
            **{
                path: {"get": {"summary": words, "responses": {"200": {"description": words}}}}
                for path, words in READ.items()
            },
        },
        "components": {"securitySchemes": {"token": {"type": "http", "scheme": "bearer"}}},
    }


READ = {
    "/": "A page to try the model by hand.",
    "/schema": "What a row holds, and what is said of it.",
    "/health": "Whether the server answers.",
    "/metrics": "What the server has done, as Prometheus reads it.",
    "/openapi.json": "This description.",
}
"""What may be read, with a word on each."""
STATUSES = {
    400: "The request cannot be read.",
    401: "The token is missing or wrong.",
    413: "The request is too large.",
    415: "The type of the content is not understood.",
    422: "A row or a file is not what the model takes.",
    503: "Too many wait, or the answer took too long.",
}
ERROR = {
    "application/json": {
        "schema": {
            "type": "object",
            "properties": {
                "error": {
                    "type": "object",
                    "properties": {name: {"type": ["string", "null"]} for name in ("kind", "message", "hint", "file")}
                    | {"line": {"type": ["integer", "null"]}},
                }
            },
        }
    }
}
ANSWER = {
    "type": "object",
    "properties": {
        "run": {"type": "string"},
        "predictions": {"type": "array", "items": {"type": "object"}},
        "unlike": {"type": "array", "items": {"type": "object"}},
        "notes": {"type": "array", "items": {"type": "string"}},
    },
}


def row_schema(schema: Schema) -> dict[str, Any]:
    """The JSON Schema of a row."""
    properties: dict[str, Any] = {}
    required = list[str]()
    for field in (field for each in schema.inputs for field in told_input(each)):
        properties[field["name"]] = value_schema(field)
        required.append(field["name"])
    return {"type": "object", "properties": properties, "required": required}


def value_schema(field: dict[str, Any]) -> dict[str, Any]:
    """The JSON Schema of a value of a row."""
    match field["kind"]:
        case "number":
            return {"type": ["number", "null"] if field["may_be_empty"] else "number"}
        case "category":
            return {
                "type": ["string", "number", "null"] if field["may_be_empty"] else ["string", "number"],
                "examples": field["categories"][:20],
            }
        case "array":
            value: dict[str, Any] = {"type": "number"}
            for size in reversed(field["shape"]):
                value = {"type": "array", "minItems": size, "maxItems": size, "items": value}
            return value
    return {"type": ["string", "number"] if field["kind"] == "time" else "string"}
