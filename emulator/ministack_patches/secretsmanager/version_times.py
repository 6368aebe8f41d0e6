"""The versions of a secret are told apart by the milliseconds of their dates.

AWS: "SecretVersionsListEntry" (AWS Secrets Manager API Reference)
AWS: "list-secret-version-ids" (AWS CLI Command Reference)
Test: members.test.ts: of two versions of a secret that are made in the same second the later one has the later date

The examples of the command have milliseconds. MiniStack keeps seconds, and here a database is made and its password rotated within one.
"""

from __future__ import annotations

import json
import time

from ministack.services import secretsmanager

from ..patch import Patch
from ..shapes import Answer, Original, Record

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.secretsmanager._put_secret_value", digest="34df2941")
def _put_at(put: Original, request: Record) -> Answer:
    began = time.time()
    answer: Answer = put(request)
    if answer[0] < 400:
        _, secret = secretsmanager._resolve(request["SecretId"])
        secret["Versions"][json.loads(answer[2])["VersionId"]]["CreatedDate"] = round(began, 3)
    return answer
