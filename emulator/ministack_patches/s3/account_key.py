"""An upload that asks for SSE-KMS and names no key gets the account's own key for S3.

AWS: "Specifying server-side encryption with AWS KMS (SSE-KMS)" (Amazon S3 User Guide)
Test: descriptions.test.ts: takes an upload under KMS without a key id as one under the account’s default key for S3

Without a key id S3 uses the AWS managed key `aws/s3`, whatever the bucket's default is. MiniStack
refuses such an upload. CDK makes one when it publishes assets to a bucket that is encrypted with
KMS.
"""

from __future__ import annotations

from typing import Any

from ministack.core.responses import get_account_id, get_region

from ..patch import Patch
from ..shapes import Original

_ENCRYPTION = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.s3._resolve_sse_write_headers", digest="3e4d400d")
def _resolve_with_account_key(resolve: Original, headers: dict[str, str], bucket_name: str) -> Any:
    if headers.get(_ENCRYPTION) == "aws:kms" and not headers.get(_KEY):
        account_key = f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"
        headers = {**headers, _KEY: account_key}
    return resolve(headers, bucket_name)
