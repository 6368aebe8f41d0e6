"""The body of a fixed response may be HTML: an answer of the API escapes it.

AWS: "FixedResponseActionConfig" (Elastic Load Balancing API Reference, 2015-12-01)
Test: load-balancer.test.ts: a fixed response can be HTML

ContentType may be text/html. MiniStack puts the body into its XML as it is, and clients cannot
parse the answer.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

from ..patch import Patch
from ..shapes import Original, Record

PATCH = Patch(__name__)


@PATCH.wraps("ministack.services.alb._action_xml", digest="27aaeacf")
def _action_xml_escaped(action_xml: Original, action: Record) -> Any:
    fixed = action.get("FixedResponseConfig")
    if not fixed:
        return action_xml(action)
    escaped = {**fixed, "MessageBody": escape(fixed.get("MessageBody", ""))}
    return action_xml({**action, "FixedResponseConfig": escaped})
