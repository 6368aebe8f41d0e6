"""The loose shapes of MiniStack's values, which has no types of its own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

# One resource, as a store keeps it or a template describes it.
Record = dict[str, Any]
# A request's parameters.
Params = dict[str, Any]
# Status, headers and body of an answer.
Answer = tuple[Any, ...]
# What a resource handler of CloudFormation answers: physical id and attributes.
Made = tuple[str, dict[str, Any]]
# A function of MiniStack's that a patch wraps.
Original = Callable[..., Any]


def ids_in(answer: Answer, prefix: str) -> list[str]:
    """Ids of a kind that EC2 answers with, `pcx` or `eni`, in their order. Another thread may add to a store meanwhile: what is
    new in it need not be what a request has made."""
    text = answer[2].decode() if isinstance(answer[2], bytes) else str(answer[2])
    return list(dict.fromkeys(re.findall(rf"(?<![\w-]){prefix}-[0-9a-f]+", text)))
