"""A task has the memory of its definition: it is killed beyond it, and its service tells how much is used.

AWS: "Amazon ECS CloudWatch metrics" (Amazon ECS Developer Guide)
AWS: "Stopped tasks error codes" (Amazon ECS Developer Guide)
Test: ecs.test.ts: a task that needs more memory than its definition has is killed, and replaced

MemoryUtilization, per cent, by cluster and service. A task that is killed ends with exit code 137. Where the
system has no /proc, no task is limited and none is measured. MiniStack limits nothing and measures nothing.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

from ministack.core.concurrency import spawn_background
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import ecs

from ..cloudwatch.service_metrics import measured
from ..patch import Patch
from ..shapes import Original, Record
from .processes import Container, container_of

_EVERY_SECONDS = 0.25
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MEBIBYTE = 1024 * 1024

PATCH = Patch(__name__, after=["ecs.targets"])


@PATCH.wraps("ministack.services.ecs._mark_task_running", digest="843f9231")
def _watched_when_running(mark: Original, task_arn: str, task: Record) -> bool:
    running: bool = mark(task_arn, task)
    container = container_of(task)
    limit = _limit_of(task)
    if running and container and limit:
        spawn_background(
            _watch, task, container, limit * _MEBIBYTE, get_account_id(), get_region(), thread_name="ecs-memory"
        )
    return running


def _limit_of(task: Record) -> int:
    """MiB, as the task definition has them; 0: it has none."""
    definition = ecs._task_defs.get(task.get("taskDefinitionArn", "").rpartition("/")[2]) or {}
    return int(definition.get("memory") or 0)


def _watch(task: Record, container: Container, limit: int, account_id: str, region: str) -> None:
    with request_scope(account_id, region):
        cluster = ecs._cluster_name_from_arn(task.get("clusterArn", ""))
        dimensions = {"ClusterName": cluster, "ServiceName": task.get("group", "").partition(":")[2]}
        while ecs._task_is_active(task["taskArn"], task):
            used = _resident(container.pid)
            if used is None:
                return
            if used > limit:
                container.kill()
                return
            measured("AWS/ECS", "MemoryUtilization", dimensions, round(100 * used / limit, 1))
            time.sleep(_EVERY_SECONDS)


def _resident(pid: int) -> int | None:
    """Bytes; None when the process has ended, or nobody tells."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return None
