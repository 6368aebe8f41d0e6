"""A task of a service gets requests once its health check passes, and is replaced when the check fails or somebody stops it.

AWS: "Use load balancing to distribute Amazon ECS service traffic" (Amazon ECS Developer Guide)
AWS: "How the Amazon ECS deployment circuit breaker detects failures" (Amazon ECS Developer Guide)
AWS: "Health checks for Application Load Balancer target groups" (User Guide for Application Load Balancers)
AWS: "Amazon ECS services" (Amazon ECS Developer Guide)
Test: ecs.test.ts: a task runs its image with the environment of both and the credentials of its task role
Test: ecs.test.ts: a deployment whose image %s fails, with the reason
Test: ecs.test.ts: two tasks of a service share its requests
Test: ecs.test.ts: a task of a service that somebody stops is replaced

Each task is a target of the service's target group, by its address and its own port. The target is
`initial` until the health check of the group passes once, and `unhealthy` when it fails as often in
a row as the group says; then ECS stops the task, and the circuit breaker counts it. A deployment is
complete when its tasks are healthy. Checks come fifty times as often as the group says. MiniStack
counts a task as a healthy target as soon as it runs, has no two targets at one address, and starts
no task in place of one that StopTask has ended.
"""

from __future__ import annotations

import socket
import time
from typing import Any

from ministack.core.concurrency import resource_lock, spawn_background
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import alb, ecs

from ..elbv2 import balancers
from ..patch import Patch
from ..shapes import Original, Record
from .processes import LOOPBACK, container_of

_ECS = "ministack.services.ecs"
_FASTER = 50
# For a process to begin to listen, on a machine that does much else.
_BOOT_SECONDS = 20.0
_LONGEST_STATUS = 1_000

PATCH = Patch(__name__, after=["ecs.processes"])


def _groups_of(service: Record) -> list[str]:
    return [each["targetGroupArn"] for each in service.get("loadBalancers") or [] if each.get("targetGroupArn")]


def _service_of(task: Record) -> tuple[str, str, Record] | None:
    """Cluster, key and record of the service that the task belongs to."""
    cluster, group = ecs._cluster_name_from_arn(task.get("clusterArn", "")), task.get("group", "")
    if not cluster or not group.startswith("service:"):
        return None
    key = f"{cluster}/{group.partition(':')[2]}"
    service = ecs._services.get(key)
    return (cluster, key, service) if service else None


@PATCH.replaces(f"{_ECS}._sync_service_targets", digest="e38c690f")
def _sync_service_targets(cluster_name: str, service: Record) -> None:
    """Targets that somebody else has registered stay."""
    group = f"service:{service.get('serviceName')}"
    wanted: dict[int, str] = {}
    if service.get("status") == "ACTIVE":
        for task in list(ecs._tasks.values()):
            mine = task.get("group") == group and task.get("clusterArn") == service.get("clusterArn")
            container = container_of(task) if mine and task.get("lastStatus") == "RUNNING" else None
            if container:
                wanted[container.port] = task.get("_target_state", "initial")
    for arn in _groups_of(service):
        with resource_lock("elbv2-targets", arn):
            if arn not in alb._tgs:
                continue
            others = [target for target in alb._targets.get(arn, []) if target.get("Service") != service["serviceArn"]]
            own = [
                {"Id": LOOPBACK, "Port": port, "State": state, "Service": service["serviceArn"]}
                for port, state in wanted.items()
            ]
            alb._targets[arn] = others + own
    balancers.tell()


@PATCH.wraps(f"{_ECS}._mark_task_running", digest="843f9231")
def _mark_task_running(mark: Original, task_arn: str, task: Record) -> bool:
    running: bool = mark(task_arn, task)
    found = _service_of(task)
    if running and found and _groups_of(found[2]):
        spawn_background(_check, task, get_account_id(), get_region(), thread_name="ecs-health-check")
    return running


@PATCH.wraps(f"{_ECS}._record_service_task_healthy", digest="45b48a9e")
def _record_when_healthy(record: Original, svc_key: str, task: Record) -> None:
    service = ecs._services.get(svc_key)
    if not service or not _groups_of(service) or task.get("_target_state") == "healthy":
        record(svc_key, task)


@PATCH.edits(f"{_ECS}._ECS_DEPLOYMENT_STEADY_DELAY", digest="76a7e234")
def _steady_delay(_: float) -> float:
    """The health check says when a task is steady."""
    return 0.2


def _answers(port: int, path: str, timeout: float) -> bool | None:
    """Whether the answer is a 200; None: nobody listens.

    Each task is asked some times a second for as long as it runs, so a client of HTTP would be half of what an idle
    emulator does.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}:{port}\r\nConnection: close\r\n\r\n"
    try:
        with socket.create_connection((LOOPBACK, port), timeout) as connection:
            connection.sendall(request.encode())
            answer = connection.makefile("rb").readline(_LONGEST_STATUS)
    except OSError:
        return None
    return answer.split(b" ")[1:2] == [b"200"] if answer else None


def _check(task: Record, account_id: str, region: str) -> None:
    with request_scope(account_id, region):
        found, container = _service_of(task), container_of(task)
        if not found or not container:
            return
        cluster, key, service = found
        arn = _groups_of(service)[0]
        group = alb._tgs.get(arn, {})
        path = group.get("HealthCheckPath") or "/"
        every = float(group.get("HealthCheckIntervalSeconds") or 30) / _FASTER
        limit = int(group.get("UnhealthyThresholdCount") or 2)
        # Not faster: a process on a busy machine is as slow as it is.
        timeout = float(group.get("HealthCheckTimeoutSeconds") or 5)
        failed, boots_until = 0, time.monotonic() + _BOOT_SECONDS
        while ecs._task_is_active(task["taskArn"], task):
            answer = _answers(container.port, path, timeout)
            if answer is None and "_target_state" not in task and time.monotonic() < boots_until:
                time.sleep(0.05)
                continue
            failed = 0 if answer else failed + 1
            if answer and task.get("_target_state") != "healthy":
                task["_target_state"] = "healthy"
                ecs._refresh_service_state(cluster, task["group"])
                ecs._schedule_service_deployment_completion(cluster, key, account_id, region, healthy_task=task)
            if failed >= limit:
                _replace(task, arn)
                return
            time.sleep(every)


@PATCH.wraps(f"{_ECS}._ACTION_MAP[StopTask]", digest="0c8e34b5")
def _stop_task(stop: Original, data: Record) -> Any:
    """The scheduler of a service starts another task, whoever has stopped one."""
    task = ecs._resolve_task(data.get("task", ""), ecs._resolve_cluster_name(data.get("cluster", "default")))
    found = _service_of(task) if task else None
    answer = stop(data)
    if found:
        ecs._reconcile_service_tasks(*found[:2])
    return answer


def _replace(task: Record, target_group: str) -> None:
    task["_target_state"] = "unhealthy"
    reason = f"Task failed ELB health checks in (target-group {target_group})"
    if ecs._mark_task_stopped(task["taskArn"], task, reason, "ServiceSchedulerInitiated"):
        ecs._cleanup_task_resources(task, ecs._get_docker())
        ecs._record_service_task_failure(task)


@PATCH.wraps(
    "ministack.services.alb._describe_target_health",
    "ministack.services.alb._ACTION_MAP[DescribeTargetHealth]",
    digest="2b1bccf2",
)
def _describe_target_health(describe: Original, params: Record) -> Any:
    """MiniStack says `healthy` of every target, in the order of the list."""
    status, headers, body = describe(params)
    asked = {target["Id"] for target in alb._parse_targets_param(params)}
    targets = [
        each for each in alb._targets.get(alb._p(params, "TargetGroupArn"), []) if not asked or each["Id"] in asked
    ]
    told = body.decode() if isinstance(body, bytes) else body
    healthy = "<TargetHealth><State>healthy</State></TargetHealth>"
    parts = told.split(healthy)
    if len(parts) != len(targets) + 1:
        return status, headers, body
    states = [f"<TargetHealth><State>{each.get('State', 'healthy')}</State></TargetHealth>" for each in targets] + [""]
    text = "".join(part + state for part, state in zip(parts, states, strict=True))
    return status, headers, text.encode() if isinstance(body, bytes) else text
