"""The body of a fixed response may be HTML: in an answer of the API it is text, escaped as XML wants it.

AWS: "FixedResponseActionConfig" (Elastic Load Balancing API Reference, 2015-12-01): ContentType may be text/html.
MiniStack puts the body into its XML as it is, and clients cannot parse the answer.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ministack.services import alb


def apply() -> None:
    action_xml = alb._action_xml
    assert action_xml.__code__.co_varnames[0] == "a", "_action_xml takes other arguments now"

    def action_xml_escaped(action):
        fixed = action.get("FixedResponseConfig")
        if not fixed:
            return action_xml(action)
        return action_xml({**action, "FixedResponseConfig": {**fixed, "MessageBody": escape(fixed.get("MessageBody", ""))}})

    alb._action_xml = action_xml_escaped
