"""PutEvents takes no event whose detail is no JSON, and says so in the entry's answer.

AWS: "PutEventsResultEntry" (Amazon EventBridge API Reference)
AWS: "PutEventsRequestEntry" (Amazon EventBridge API Reference)
Test: buses.test.ts: PutEvents refuses the entry alone whose detail is no JSON

MiniStack takes it, and delivers its text.
"""

from __future__ import annotations

import json
from typing import Any

from ministack.core.responses import json_response

from ..patch import Patch
from ..shapes import Answer, Original, Record

PATCH = Patch(__name__)

_MALFORMED = {"ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed."}


@PATCH.wraps("ministack.services.eventbridge._put_events", digest="4d085f1e")
def _put_well_formed(put: Original, request: Record, *args: Any, **kwargs: Any) -> Answer:
    entries = request.get("Entries", [])
    taken = [entry for entry in entries if _is_json(entry.get("Detail", "{}"))]
    answer: Answer = put({**request, "Entries": taken}, *args, **kwargs)
    if len(taken) == len(entries) or answer[0] != 200:
        return answer
    told = iter(json.loads(answer[2])["Entries"])
    results = [next(told) if _is_json(entry.get("Detail", "{}")) else _MALFORMED for entry in entries]
    return json_response({"FailedEntryCount": sum("ErrorCode" in each for each in results), "Entries": results})


def _is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True
