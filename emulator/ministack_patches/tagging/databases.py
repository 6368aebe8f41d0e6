"""The index of tags knows databases and their snapshots.

AWS: "GetResources" (Resource Groups Tagging API Reference)
Test: members.test.ts: is found by its tag
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ministack.services import rds, tagging

from ..patch import Patch

PATCH = Patch(__name__)


@PATCH.adds("ministack.services.tagging._COLLECTORS[rds]")
def _collect() -> Iterator[tuple[str, list[Any]]]:
    for instance in list(rds._instances.values()):
        arn = instance.get("DBInstanceArn", "")
        yield arn, tagging._normalise_list(rds._tags.get(arn, []))
