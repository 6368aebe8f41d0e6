"""A secret is found by any word of its name, description and tags.

AWS: "Filter" (AWS Secrets Manager API Reference)
Test: members.test.ts: a secret is found by a word of its name, description or tags

The filter `all` breaks a value into words and looks for them in all attributes. MiniStack ignores
it, and lists every secret.
"""

from __future__ import annotations

import re
from typing import Any

from ministack.services import secretsmanager

from ..patch import Patch
from ..shapes import Original, Record

_WORDS = re.compile(r"[^a-z0-9]+")

PATCH = Patch(__name__)


def _text(name: str) -> str:
    secret: Record = secretsmanager._secrets[name]
    tags = [f"{tag.get('Key', '')} {tag.get('Value', '')}" for tag in secret.get("Tags", [])]
    return " ".join([name, secret.get("Description", "") or "", *tags]).lower()


@PATCH.wraps("ministack.services.secretsmanager._filter_secret_names", digest="ed2d6b03")
def _filter_by_words(filter_names: Original, names: list[str], filters: list[dict[str, Any]]) -> list[str]:
    found: list[str] = filter_names(names, filters)
    for each in filters:
        if each.get("Key") != "all":
            continue
        words = [word for value in each.get("Values", []) for word in _WORDS.split(value.lower()) if word]
        found = [name for name in found if any(word in _text(name) for word in words)]
    return found
