"""What the front has to know of an instance, and whom it asks. RDS's own state answers it, so nothing here goes stale."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True)
class Served:
    """One instance, as RDS describes it at the moment of the question."""

    resource_id: str
    # Of the instance under its present name. It stands for the address that RDS makes of the name.
    arn: str
    # Of the instance whose data it has: its own `resource_id`, or a replica's source.
    source_id: str
    available: bool
    # Name and password of the master user; None: the one that its data has.
    master: str
    master_password: str | None
    # That it was made with; empty: none.
    database: str
    # Of its parameter group.
    parameters: Mapping[str, str]


class Rds(Protocol):
    """Whom the front asks about its instances, by their `resource_id`."""

    async def described(self, resource_id: str) -> Served | None:
        """None: there is no such instance any more."""

    async def admits(self, resource_id: str, user: str, token: str) -> bool:
        """Whether the token is right, and its signer may connect as the user."""
