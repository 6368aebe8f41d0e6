"""The name of a deleted bucket is not free at once.

AWS: "Deleting a general purpose bucket" (Amazon S3 User Guide)
AWS: "CreateBucket" (Amazon S3 API Reference)
AWS: "List of error codes" (Amazon S3 API Reference)
Test: conflicts.test.ts: T7: the name of a deleted bucket stays taken for a while, for a request and for a stack

After DeleteBucket the deletion is under way in S3 for a while; until it is done, CreateBucket with
the same name is refused with 409 OperationAborted. AWS gives no bound: minutes are usual, an hour
has been seen. Here it is two seconds to two minutes. MiniStack gives the name away at once.
"""

from __future__ import annotations

from typing import Any

from ministack.services import s3

from ..patch import Patch
from ..patience import Past
from ..shapes import Answer, Made, Original, Record

_S3 = "ministack.services.s3"
_CREATE = "ministack.services.cloudformation.provisioners._RESOURCE_HANDLERS[AWS::S3::Bucket][create]"
_LEAST_SECONDS, _MOST_SECONDS = 2, 120
_CONFLICT = "A conflicting conditional operation is currently in progress against this resource. Please try again."

# Whether a name is free. Names are global: one place decides.
_free: Past[bool] = Past("s3.name", nodes=1)

PATCH = Patch(__name__, after=["cloudformation.object_lock"])


@PATCH.wraps(f"{_S3}._delete_bucket", digest="03c620b9")
def _delete_slowly(delete: Original, name: str) -> Answer:
    answer: Answer = delete(name)
    if answer[0] == 204:
        _free.keep(name, False, _LEAST_SECONDS, _MOST_SECONDS)
    return answer


@PATCH.wraps(f"{_S3}._create_bucket", digest="2220150a")
def _create_when_free(create: Original, name: str, *more: Any, **named: Any) -> Answer:
    if not _free.seen(name, True):
        return s3._error("OperationAborted", _CONFLICT, 409, f"/{name}")
    answer: Answer = create(name, *more, **named)
    return answer


@PATCH.wraps(_CREATE, digest="95507aab")
def _create_with_stack_when_free(create: Original, logical_id: str, props: Record, *more: Any, **named: Any) -> Made:
    if not _free.seen(props.get("BucketName", ""), True):
        raise ValueError(f"{_CONFLICT} (Service: S3, Status Code: 409, HandlerErrorCode: GeneralServiceException)")
    made: Made = create(logical_id, props, *more, **named)
    return made
