"""The blueprint of every resource: strict arguments, and an OpenAPI operation that says all that it answers."""

from __future__ import annotations

from typing import Any

from flask_smorest import Api, Blueprint

from api.auth.guard import operation_of
from api.auth.permissions import PERMISSIONS
from api.parsing import StrictParser
from api.problems import PROBLEM_TYPE, TITLES, http_problem

JSON = "application/json"


class HarbourApi(Api):
    """flask-smorest's Api with our problems instead of its errors."""

    DEFAULT_ERROR_RESPONSE_NAME = None

    def _register_error_handlers(self) -> None:
        """Leave errors to `api.problems`."""

    def handle_http_exception(self, error: Any) -> Any:
        """Answer as everywhere else."""
        return http_problem(error)


class HarbourBlueprint(Blueprint):
    """A blueprint whose operations have an id (the view's name), their roles, and problems for every failure."""

    ARGUMENTS_PARSER = StrictParser()

    def __init__(self, name: str, import_name: str, **kwargs: Any) -> None:
        super().__init__(name, import_name, **kwargs)
        self._prepare_doc_cbks.append(self._prepare_harbour_doc)

    def add_url_rule(self, rule: str, endpoint: Any = None, view_func: Any = None, *args: Any, **options: Any) -> None:
        """Register a view; OPTIONS is not answered automatically, since nothing here is for other sites' scripts."""
        if view_func is not None:
            view_func.provide_automatic_options = False
            _document_operation(view_func)
        super().add_url_rule(rule, endpoint, view_func, *args, **options)

    @staticmethod
    def _prepare_harbour_doc(doc: dict[str, Any], doc_info: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
        operation: str = doc_info["operation"]
        doc["operationId"] = operation
        doc.setdefault("responses", {})["default"] = {"$ref": "#/components/responses/Problem"}
        if operation in PERMISSIONS:
            doc["security"] = [{"key": []}]
            doc["x-roles"] = sorted(PERMISSIONS[operation])
        return doc


def _document_operation(view: Any) -> None:
    view._apidoc = {**getattr(view, "_apidoc", {}), "operation": operation_of(view.__name__)}


def describe_problems(api: Api) -> None:
    """Put the one error shape and the kinds of key into the document."""
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
