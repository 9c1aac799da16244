"""The blueprint of every resource: strict arguments, and an OpenAPI operation that says all that it answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import current_app, request
from flask_smorest import Api, Blueprint

from accommodation.base import InvalidInput
from api.auth.access import ACCESS
from api.auth.cookies import SESSION
from api.auth.guard import CSRF_HEADER, operation_of
from api.auth.permissions import NEEDS_SECOND_FACTOR, SESSION_OPERATIONS, SIGN_IN_OPERATIONS
from api.examples import REQUESTS
from api.kept_answers import HEADER, LONGEST, SHOWN_ONCE
from api.parsing import StrictParser
from api.problems import PROBLEM_TYPE, TITLES, http_problem

JSON = "application/json"
IF_MATCH = {
    "in": "header",
    "name": "If-Match",
    "required": True,
    "description": "The ETag that was read: 428 without, 412 when it is not the present one. Weak ones and * never are.",
    "schema": {"type": "string"},
    "example": '"5f1c0a9e6b7d4832a1c0f4e2d3b59687"',
}
IDEMPOTENCY_KEY = {
    "in": "header",
    "name": HEADER,
    "required": False,
    "description": (
        "Choose a random one for each act. Sent again within 24 hours with the same body, by the same caller, it does "
        "nothing more and answers as the first time, with Idempotent-Replayed: true."
    ),
    "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": "^[ -~]+$"},
    "example": "8d3f0a5e-1c2b-4f6a-9e7d-0b1c2d3e4f50",
}
View = TypeVar("View", bound=Callable[..., Any])


class HarbourApi(Api):
    """flask-smorest's Api with our problems instead of its errors."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave errors to `api.problems`."""

    def handle_http_exception(self, error: Any) -> Any:
        """Answer as everywhere else."""
        return http_problem(error)


class HarbourBlueprint(Blueprint):
    """A blueprint whose operations have an id (the view's name), roles, an example, and problems for every failure."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, import_name: str, **kwargs: Any) -> None:
        super().__init__(name, import_name, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_harbour_doc)
        self.before_request(_refuse_stray_query)

    def add_url_rule(self, rule: str, endpoint: Any = None, view_func: Any = None, *args: Any, **options: Any) -> None:
        """Register a view under its operation id."""
        if view_func is not None:
            _document(view_func, operation=operation_of(view_func.__name__))
        super().add_url_rule(rule, endpoint, view_func, *args, **options)

    @staticmethod
    def versioned(view: View) -> View:
        """Say of a view that it asks for If-Match (it calls `check_etag`)."""
        _document(view, versioned=True)
        return view

    @staticmethod
    def _prepare_harbour_doc(doc: dict[str, Any], doc_info: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        operation: str = doc_info["operation"]
        doc["operationId"] = operation
        doc["responses"].pop(422, None)  # webargs' own error shape, which nobody ever sees here
        doc["responses"]["default"] = {"$ref": "#/components/responses/Problem"}
        if roles := ACCESS.roles_of(operation):
            doc["security"] = _security_of(operation, kwargs["method"])
            doc["x-roles"] = sorted(roles)
        elif operation in SIGN_IN_OPERATIONS:
            doc["security"] = []
        if operation in NEEDS_SECOND_FACTOR:
            doc["x-needs-second-factor"] = True
        if doc_info.get("versioned"):
            doc.setdefault("parameters", []).append(IF_MATCH)
        if kwargs["method"] == "post" and ACCESS.roles_of(operation) and operation not in SHOWN_ONCE:
            doc.setdefault("parameters", []).append(IDEMPOTENCY_KEY)
        if "requestBody" in doc:
            doc["requestBody"]["content"][JSON]["example"] = REQUESTS[operation]
        return doc


def _security_of(operation: str, method: str) -> list[dict[str, list[str]]]:
    """Return the ways to call an operation: a key, or a session's cookie, with its token beside it for a change."""
    by_session: dict[str, list[str]] = {"session": []} if method == "get" else {"session": [], "csrf": []}
    return [by_session] if operation in SESSION_OPERATIONS | NEEDS_SECOND_FACTOR else [{"key": []}, by_session]


def _document(view: Any, **facts: Any) -> None:
    view._apidoc = {**getattr(view, "_apidoc", {}), **facts}


def _refuse_stray_query() -> None:
    """Refuse a query where none is taken: a misspelt address must not look as though it had been understood."""
    view = current_app.view_functions[request.endpoint or ""]
    parameters = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    if request.args and not any(parameter["in"] == "query" for parameter in parameters):
        raise InvalidInput(("", "This address takes no query."))


def describe_problems(api: Api) -> None:
    """Put the one error shape and the kinds of key into the document, and take out shapes that are not ours."""
    for foreign in ("Error", "PaginationMetadata"):
        api.spec.components.schemas.pop(foreign, None)
    api.spec.components.schema(
        "Problem",
        {
            "type": "object",
            "required": ["type", "title", "status", "detail", "instance"],
            "properties": {
                "type": {"type": "string", "enum": [f"/problems/{slug}" for slug in TITLES]},
                "title": {"type": "string"},
                "status": {"type": "integer"},
                "detail": {"type": "string"},
                "instance": {"type": "string"},
                "errors": {
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["pointer", "detail"],
                        "properties": {"pointer": {"type": "string"}, "detail": {"type": "string"}},
                    },
                },
            },
        },
    )
    api.spec.components.response(
        "Problem",
        {
            "description": "A problem (RFC 9457); nothing was changed.",
            "content": {PROBLEM_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        },
    )
    api.spec.components.security_scheme("key", {"type": "http", "scheme": "bearer"})
    cookie = {"type": "apiKey", "in": "cookie", "name": f"__Host-{SESSION}"}
    api.spec.components.security_scheme("session", cookie)
    api.spec.components.security_scheme("csrf", {"type": "apiKey", "in": "header", "name": CSRF_HEADER})
