"""A pushed image is an event on the default bus.

AWS: "Amazon ECR events and EventBridge" (Amazon ECR User Guide)
Test: codepipeline.test.ts: a pushed image starts the pipeline, which releases the digest of that push after an approval

Source `aws.ecr`, detail-type `ECR Image Action`, with the repository, the digest and, where the push named one, the
tag. MiniStack tells nothing of a push.
"""

from __future__ import annotations

import json
import logging
from typing import Any

from ministack.services import ecr, eventbridge

from ..patch import Patch
from ..shapes import Answer, Original, Record

logger = logging.getLogger("patches")

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.ecr._put_image", digest="2bf82fb0")
def _put_and_tell(put: Original, request: Record) -> Answer:
    answer: Answer = put(request)
    if answer[0] == 200:
        image = json.loads(answer[2])["image"]
        _tell(image["repositoryName"], image["imageId"]["imageDigest"], request.get("imageTag"))
    return answer


@PATCH.wraps("ministack.services.ecr._v2_put_manifest", digest="1f3caf11")
def _push_and_tell(push: Original, repository: str, reference: str, headers: Record, body: bytes) -> Any:
    answer = push(repository, reference, headers, body)
    if answer[0] == 201:
        tag = None if reference.startswith("sha256:") else reference
        _tell(repository, ecr._content_digest(body), tag)
    return answer


def _tell(repository: str, digest: str, tag: str | None) -> None:
    detail = {
        "result": "SUCCESS",
        "repository-name": repository,
        "image-digest": digest,
        "action-type": "PUSH",
        **({"image-tag": tag} if tag else {}),
    }
    entry = {"Source": "aws.ecr", "DetailType": "ECR Image Action", "Detail": json.dumps(detail), "Resources": []}
    try:
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)
    except Exception:
        logger.warning("the push of %s to %s was not published", digest, repository, exc_info=True)
