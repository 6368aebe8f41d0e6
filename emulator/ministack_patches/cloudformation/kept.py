"""What a resource of a template has besides what MiniStack makes of its properties."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..patch import Patch
from ..shapes import Made, Original, Record

_HANDLERS = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS"

# Of a resource that was made or updated: its physical id, and its properties now.
Keep = Callable[[str, Record], None]


def keeps(patch: Patch, resource_type: str, *, create: str, update: str) -> Callable[[Keep], Keep]:
    """Calls the decorated function after each creation and update of a resource of this type.

    @param create, update: digests of MiniStack's handlers
    """

    def of(keep: Keep) -> Keep:
        @patch.wraps(f"{_HANDLERS}[{resource_type}][create]", digest=create)
        def _create(original: Original, logical_id: str, props: Record, *args: Any, **kwargs: Any) -> Made:
            made: Made = original(logical_id, props, *args, **kwargs)
            keep(made[0], props)
            return made

        @patch.wraps(f"{_HANDLERS}[{resource_type}][update]", digest=update)
        def _update(original: Original, physical_id: str, old: Record, new: Record, *args: Any, **kwargs: Any) -> Made:
            made: Made = original(physical_id, old, new, *args, **kwargs)
            keep(made[0], new)
            return made

        return keep

    return of
