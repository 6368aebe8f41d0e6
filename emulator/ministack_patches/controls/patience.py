"""The factor on AWS's delays can be read and set while the emulator runs.

AWS: none: a control for tests, which need AWS's delays for what they test and no delays for their preparations
Test: patience.test.ts: patience can be read and set while the emulator runs, and the seed can be read

`POST /_local/patience {"factor": 0.5}` sets the factor, `{"settle": true}` ends the wait for all that
is late or takes its time; an empty request only reads. All answer `{factor, seed}`. A reset of the emulator leaves the
factor and begins the draws anew.
"""

from __future__ import annotations

from ministack.core.responses import json_response

from .. import patience
from ..patch import Patch
from ..shapes import Answer, Original, Record
from .routes import route

PATCH = Patch(__name__)


@PATCH.adds(route("/_local/patience"))
def _patience(request: Record) -> Answer:
    if request.get("settle"):
        patience.settle()
    if "factor" in request:
        patience.set_factor(float(request["factor"]))
    return json_response({"factor": patience.factor(), "seed": patience.seed()})


@PATCH.wraps("ministack.app._reset_all_state", digest="3806820b")
def _reset_also_the_past(reset: Original) -> None:
    reset()
    patience.begin_anew()
