"""The loose shapes of MiniStack's values, which has no types of its own."""

from __future__ import annotations

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
