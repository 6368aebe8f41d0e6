"""What is asked of the model of a service is read without the whole model.

AWS: "Making query API requests using AWS JSON protocol in Amazon SQS" (Amazon SQS Developer Guide)
Test: test_speed.py: test_the_protocol_of_a_service_is_read_from_the_head_of_its_model
Test: test_speed.py: test_a_model_is_not_parsed_twice_in_a_row

An answer's content type depends on the protocol of its service, which stands in the first lines of
the service's model. MiniStack has botocore load all of it, in a session of its own for each service:
a second of work for an emulator that is asked about twenty services. Which operations take tags, and
which no credentials, it looks up in two readings of the same model.
"""

from __future__ import annotations

import functools
import gzip
import importlib.util
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from ministack.core import responses

from ..patch import Patch
from ..shapes import Original, Record

_HEAD = 8_000
_BEGINS = '"metadata":'

PATCH = Patch(__name__)


@PATCH.wraps("ministack.core.responses._service_model", digest="f3457c41")
def _described(load: Original, service: str) -> Any:
    metadata = _metadata(responses._BOTOCORE_NAME.get(service, service))
    return load(service) if metadata is None else SimpleNamespace(metadata=metadata)


@functools.cache
def _metadata(service: str) -> Record | None:
    """None where there is no such model, or its description is not where it is expected."""
    package = importlib.util.find_spec("botocore")
    if package is None or package.origin is None:
        return None
    models = sorted(Path(package.origin).parent.glob(f"data/{service}/*/service-2.json.gz"))
    if not models:
        return None
    with gzip.open(models[-1], "rt", encoding="utf-8") as model:
        _, found, rest = model.read(_HEAD).partition(_BEGINS)
    try:
        metadata: Record = json.JSONDecoder().raw_decode(rest.lstrip())[0]
    except json.JSONDecodeError:
        return None
    return metadata if found else None


@PATCH.edits("ministack.core.iam_actions._load_botocore_model", digest="ed03cb97")
def _kept_for_the_next_question(load: Original) -> Original:
    """Not for longer: EC2's model alone takes tens of megabytes."""
    return functools.lru_cache(maxsize=1)(load)
