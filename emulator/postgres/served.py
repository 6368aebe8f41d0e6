"""What the front has to know of an instance. RDS's own state answers it, so nothing here goes stale."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol


class Served(Protocol):
    """One instance, as RDS describes it at the moment of the question."""

    @property
    def resource_id(self) -> str: ...

    @property
    def arn(self) -> str:
        """Of the instance under its present name. It stands for the address that RDS makes of the name."""

    @property
    def source_id(self) -> str:
        """Of the instance whose data it has: its own `resource_id`, or a replica's source."""

    @property
    def available(self) -> bool: ...

    @property
    def master(self) -> tuple[str, str | None]:
        """Name and password of the master user; None: the one that its data has."""

    @property
    def database(self) -> str:
        """That it was made with; empty: none."""

    @property
    def parameters(self) -> Mapping[str, str]:
        """Of its parameter group."""

    def admits(self, user: str, token: str) -> bool:
        """Whether the token is right, and its signer may connect as the user."""
