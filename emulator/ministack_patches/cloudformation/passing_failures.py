"""CloudFormation fails now and then to create a resource for a reason that passes.

AWS: "Resource type handler error codes" (AWS CloudFormation CLI User Guide)
AWS: "Troubleshooting for Amazon RDS" (Amazon RDS User Guide)
AWS: "Using service-linked roles for Amazon RDS" (Amazon RDS User Guide)
AWS: "CreateBucket" (Amazon S3 API Reference)
Test: passing-failures.test.ts: %s sometimes fails for a transient reason, and the next stack succeeds
Test: passing-failures.test.ts: a monitoring role cannot be used right after it was made
Test: passing-failures.test.ts: what has failed in passing does not fail again when the stack is made anew
Test: passing-failures.test.ts: with patience 0 no stack fails

Handlers are throttled (`HandlerErrorCode: Throttling`) and fail inside (`ServiceInternalError`); RDS
has no capacity of a class in a zone for a while, cannot use a role that is seconds old
(terraform-aws-modules/terraform-aws-rds#393), and waits for its service-linked role; S3 refuses what
conflicts with an operation under way. How often is nobody's documentation: one resource in 1,000,
one database in 50, one in ten with a young role. A failure that passes has passed when the stack is made anew: only
the first failure of a stack's name is drawn. Otherwise one enterprise tenant in 300 would wait for two replacements of its
database, and one in 5,000 would fail for good. `controls.stack_faults` scripts failures for certain, and as many as one wants.
"""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from ministack.services import iam

from .. import patience
from ..patch import Patch
from ..shapes import Original, Record

PATCH = Patch(__name__, after=["cloudformation.deletions", "controls.stack_faults"])

_ANY = 1 / 1000
_DATABASE = 1 / 50
_BUCKET = 1 / 200
_YOUNG = 1 / 10

_THROTTLED = (
    'Resource handler returned message: "Rate exceeded (Service: {service}, Status Code: 400, Request ID: {request})" '
    "(RequestToken: {request}, HandlerErrorCode: Throttling)"
)
_OF_DATABASES = (
    'Resource handler returned message: "Internal Failure (Service: Rds, Status Code: 500, Request ID: {request})" '
    "(RequestToken: {request}, HandlerErrorCode: ServiceInternalError)",
    'Resource handler returned message: "We currently do not have sufficient {class_} capacity in the Availability Zones '
    'that you requested. (Service: Rds, Status Code: 400, Request ID: {request}, InsufficientDBInstanceCapacity)" '
    "(RequestToken: {request}, HandlerErrorCode: GeneralServiceException)",
    'Resource handler returned message: "Unable to create the resource. Verify that you have permission to create service '
    'linked role. Otherwise wait and try again later (Service: Rds, Status Code: 400, Request ID: {request})" '
    "(RequestToken: {request}, HandlerErrorCode: InvalidRequest)",
)
_YOUNG_ROLE = (
    'Resource handler returned message: "IAM role ARN value is invalid or does not include the required permissions for: '
    'ENHANCED_MONITORING (Service: Rds, Status Code: 400, Request ID: {request})" '
    "(RequestToken: {request}, HandlerErrorCode: InvalidRequest)"
)
_CONFLICT = (
    'Resource handler returned message: "A conflicting conditional operation is currently in progress against this '
    'resource. Please try again. (Service: S3, Status Code: 409, Request ID: {request})" '
    "(RequestToken: {request}, HandlerErrorCode: GeneralServiceException)"
)
# Names of stacks that have failed so.
_failed: set[str] = set()

_REQUEST = "7f5bd2b5-0c4e-4f0e-9a40-3a9d1b7c2f11"


@PATCH.wraps("ministack.services.cloudformation.stacks._provision_resource", digest="0bf837d3")
def _provision_or_fail(provision: Original, resource_type: str, logical_id: str, props: Record, stack_name: str) -> Any:
    may_fail = patience.factor() > 0 and stack_name not in _failed
    reason = _failure_of(resource_type, logical_id, props, stack_name) if may_fail else None
    if reason is not None:
        _failed.add(stack_name)
        service, class_ = resource_type.split("::")[1], props.get("DBInstanceClass", "")
        raise ValueError(reason.format(service=service.capitalize(), class_=class_, request=_REQUEST))
    return provision(resource_type, logical_id, props, stack_name)


@PATCH.wraps("ministack.services.cloudformation.reset", digest="3352010b")
def _reset_also_failed(reset: Original) -> None:
    reset()
    _failed.clear()


def _failure_of(resource_type: str, logical_id: str, props: Record, stack_name: str) -> str | None:
    about = ("failure", stack_name, logical_id)
    if resource_type.startswith("AWS::CloudFormation::") or "::" not in resource_type:
        return None
    if resource_type == "AWS::RDS::DBInstance":
        if _is_young(props.get("MonitoringRoleArn")) and patience.happens(_YOUNG, "monitoring role", *about):
            return _YOUNG_ROLE
        if patience.happens(_DATABASE, *about):
            return _OF_DATABASES[int(patience.drawn("which", *about) * len(_OF_DATABASES))]
    if resource_type == "AWS::S3::Bucket" and patience.happens(_BUCKET, *about):
        return _CONFLICT
    return _THROTTLED if patience.happens(_ANY, "throttled", *about) else None


def _is_young(role_arn: Any) -> bool:
    """Some seconds old at most: IAM shows a role to the service after that."""
    role = iam._roles.get(str(role_arn or "").rpartition("/")[2])
    made = (role or {}).get("CreateDate")
    if not made:
        return False
    age = datetime.now(timezone.utc) - datetime.fromisoformat(str(made).replace("Z", "+00:00"))
    return age.total_seconds() < 10 * patience.factor()
