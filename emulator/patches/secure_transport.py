"""Every request counts as sent over TLS.

AWS: "AWS global condition context keys" (IAM User Guide): `aws:SecureTransport` says whether the request was sent using
TLS. AWS's endpoints are, and every SDK uses them so; the emulator is reached over plain HTTP, on loopback only, which
leaves nothing on a wire. A request that a caller sends to AWS over plain HTTP cannot be played here.
"""

from __future__ import annotations

import contextvars

from ministack import app
from ministack.core import iam_evaluator


def apply() -> None:
    pin = iam_evaluator.pin_request_origin
    assert app.pin_request_origin is pin, "the origin of a request is noted by other means now"
    assert isinstance(iam_evaluator._request_origin, contextvars.ContextVar)
    app.pin_request_origin = lambda source_ip, secure: pin(source_ip, True)
