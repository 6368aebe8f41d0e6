"""An upload that asks for SSE-KMS and names no key gets the account's own key for S3.

AWS: "Specifying server-side encryption with AWS KMS (SSE-KMS)" (Amazon S3 User Guide): without a key id, S3 uses the AWS
managed key `aws/s3`, whatever the bucket's default is. MiniStack refuses such an upload; CDK's publishing of assets makes
one wherever its bucket is encrypted with KMS.
"""

from __future__ import annotations

from ministack.core.responses import get_account_id, get_region
from ministack.services import s3

_ENCRYPTION = "x-amz-server-side-encryption"
_KEY = "x-amz-server-side-encryption-aws-kms-key-id"


def apply() -> None:
    resolve = s3._resolve_sse_write_headers
    assert resolve.__code__.co_varnames[:2] == ("headers", "bucket_name"), "_resolve_sse_write_headers has changed"

    def resolve_with_account_key(headers, bucket_name):
        if headers.get(_ENCRYPTION) == "aws:kms" and not headers.get(_KEY):
            account_key = f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/s3"
            headers = {**headers, _KEY: account_key}
        return resolve(headers, bucket_name)

    s3._resolve_sse_write_headers = resolve_with_account_key
