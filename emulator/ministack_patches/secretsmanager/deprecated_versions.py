"""A version of a secret that has lost its last label stays, as deprecated.

AWS: "What's in a Secrets Manager secret?" (AWS Secrets Manager User Guide)
AWS: "ListSecretVersionIds" (AWS Secrets Manager API Reference)
Test: members.test.ts: a secret’s version without labels stays, and is listed with the deprecated versions

MiniStack removes it as soon as two other versions have followed.
"""

from __future__ import annotations

import json
from typing import Any

from ..patch import Patch
from ..shapes import Original, Record

_SERVICE = "ministack.services.secretsmanager"

PATCH = Patch(__name__)


@PATCH.wraps(f"{_SERVICE}._apply_current_promotion", digest="4e86b66c")
def _keep_all(promote: Original, secret: Record, version: str) -> None:
    before = dict(secret["Versions"])
    promote(secret, version)
    for name, kept in before.items():
        secret["Versions"].setdefault(name, kept)


@PATCH.wraps(f"{_SERVICE}._list_secret_version_ids", digest="f2dae001")
def _list_labelled(list_all: Original, request: Record) -> Any:
    answer = list_all(request)
    if answer[0] >= 400 or request.get("IncludeDeprecated"):
        return answer
    listed = json.loads(answer[2])
    listed["Versions"] = [version for version in listed["Versions"] if version["VersionStages"]]
    return answer[0], answer[1], json.dumps(listed).encode()
