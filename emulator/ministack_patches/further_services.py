"""Services of a JSON protocol that MiniStack does not have at all."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Protocol

from ministack.core.responses import error_response_json, json_response

from .patch import Patch
from .shapes import Answer, Params, Record


class Refused(Exception):
    """A request that the service refuses, under the name of its exception."""

    def __init__(self, name: str, message: str) -> None:
        super().__init__(message)
        self.name = name


class Handler(Protocol):
    """@returns the answer's body @throws Refused"""

    def __call__(self, request: Record, headers: dict[str, str], /) -> Record: ...


def serve(patch: Patch, service: str, target_prefix: str, handlers: Mapping[str, Handler]) -> None:
    """Adds a service. `handlers`: name of the action, as `X-Amz-Target` ends in it."""

    async def handle_request(
        method: str, path: str, headers: dict[str, str], body: bytes, query_params: Params
    ) -> Answer:
        action = headers.get("x-amz-target", "").split(".")[-1]
        handler = handlers.get(action)
        answer: Answer
        if handler is None:
            answer = error_response_json("UnknownOperationException", f"no operation {action}", 400)
            return answer
        try:
            answer = json_response(handler(json.loads(body or b"{}"), headers))
        except Refused as refused:
            answer = error_response_json(refused.name, str(refused), 400)
        return answer

    patch.adds(f"ministack.core.router.SERVICE_PATTERNS[{service}]")(
        {"target_prefixes": [target_prefix], "host_patterns": [rf"{service}\."]}
    )
    patch.adds(f"ministack.app.SERVICE_HANDLERS[{service}]")(handle_request)
