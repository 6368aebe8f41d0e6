"""Requests of a JSON protocol that MiniStack does not know, answered before MiniStack's own."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping

from .shapes import Answer, Original, Params


def answering(handlers: Mapping[str, Callable[[Params], Answer]]) -> Callable[..., Awaitable[Answer]]:
    """A wrapper of a service's `handle_request`. `handlers`: name of the action, as `X-Amz-Target` ends in it."""

    async def handle_request(
        handle: Original, method: str, path: str, headers: dict[str, str], body: bytes, query_params: Params
    ) -> Answer:
        handler = handlers.get(headers.get("x-amz-target", "").split(".")[-1])
        if handler is None:
            answer: Answer = await handle(method, path, headers, body, query_params)
            return answer
        return handler(json.loads(body or "{}"))

    return handle_request
