"""Every request counts as sent over TLS.

AWS: "AWS global condition context keys" (IAM User Guide)
Test: permissions.test.ts: a bucket policy can deny every key but one, and can require TLS

`aws:SecureTransport` says whether the request was sent using TLS. AWS's endpoints are, and every
SDK uses them so. The emulator is reached over plain HTTP, on loopback only, which leaves nothing on
a wire. A request that a caller sends to AWS over plain HTTP cannot be played here.
"""

from __future__ import annotations

from ..patch import Patch
from ..shapes import Original

PATCH = Patch(__name__)


@PATCH.wraps("ministack.app.pin_request_origin", digest="6bbadae6")
def _pin_as_secure(pin: Original, source_ip: str, secure_transport: bool) -> None:
    pin(source_ip, True)
