"""What has a name is found by its name, however much else there is.

AWS: "Best practices design patterns: optimizing Amazon S3 performance" (Amazon S3 User Guide)
Test: test_speed.py: test_tags_of_a_key_are_found_by_its_arn
Test: test_speed.py: test_a_secret_is_found_by_its_arn
Test: test_speed.py: test_the_owner_of_a_bucket_is_who_has_it
Test: test_speed.py: test_a_stack_is_found_by_its_id

AWS answers a request for one tenant's resource as fast with a thousand tenants as with one.
MiniStack's answers are right, but it walks through everything to find one key's tags, one stack by
its id, one secret by its ARN, or a bucket's owner.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import cloudformation, kms, s3, secretsmanager
from ministack.services.cloudformation.helpers import _p

from ..patch import Patch
from ..shapes import Answer, Original, Params

_RANDOM_SUFFIX = len("-A1B2C3")
_HANDLERS = "ministack.services.cloudformation.handlers"

# cloudformation.requests puts a past stack among the stacks: it has to be found there by its id.
PATCH = Patch(__name__, before=["cloudformation.requests"])


@PATCH.wraps("ministack.services.tagging.resource_tags", digest="46b70ee3")
def _resource_tags(tags_of: Original, arn: str) -> dict[str, str] | None:
    if not arn.startswith("arn:aws:kms:"):
        tags: dict[str, str] | None = tags_of(arn)
        return tags
    key = kms._keys.get(arn.partition(":key/")[2])
    return {tag["TagKey"]: tag["TagValue"] for tag in key.get("Tags", [])} if key and key["Arn"] == arn else None


@PATCH.wraps(f"{_HANDLERS}._describe_stacks", f"{_HANDLERS}._ACTION_HANDLERS[DescribeStacks]", digest="0e0bf95d")
def _describe_stacks(describe: Original, params: Params) -> Answer:
    stack_id = _p(params, "StackName")
    parts = stack_id.split("/")
    stack = cloudformation._stacks.get(parts[1]) if stack_id.startswith("arn:") and len(parts) == 3 else None
    if stack is not None and stack.get("StackId") == stack_id and stack.get("StackStatus") != "DELETE_COMPLETE":
        return describe({**params, "StackName": [parts[1]]})
    return describe(params)


@PATCH.wraps("ministack.services.secretsmanager._resolve", digest="9a5ae88a")
def _resolve_directly(resolve: Original, secret_id: str | None, **scope: Any) -> Any:
    name = secret_id.partition(":secret:")[2][:-_RANDOM_SUFFIX] if secret_id else ""
    secret = secretsmanager._secrets.get(name) if name else None
    return (name, secret) if secret and secret["ARN"] == secret_id else resolve(secret_id, **scope)


@PATCH.wraps("ministack.services.s3._bucket_owner_account", digest="016e2c17")
def _bucket_owner_account(owner: Original, name: str) -> str | None:
    return get_account_id() if name in s3._buckets else owner(name)
