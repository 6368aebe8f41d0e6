"""A managed policy's default version can be set.

AWS: "SetDefaultPolicyVersion" (IAM API Reference)
Test: changes.test.ts: SetDefaultPolicyVersion changes a managed policy's default version

The version is the operative one, for every principal that the policy is attached to or
bounds. MiniStack sets it with a new version only.
"""

from __future__ import annotations

from ministack.services import iam

from ..patch import Patch
from ..shapes import Answer, Params
from .visible_later import changing

PATCH = Patch(__name__)


@PATCH.adds("ministack.services.iam._IAM_HANDLERS[SetDefaultPolicyVersion]")
def _set_default(params: Params) -> Answer:
    policy, version = iam._policies.get(iam._p(params, "PolicyArn")), iam._p(params, "VersionId")
    if policy is None or version not in policy["Versions"]:
        return iam._error(404, "NoSuchEntity", f"Policy version {version} does not exist.", ns="iam")
    with changing(policy=iam._p(params, "PolicyArn")):
        for one in policy["Versions"].values():
            one["IsDefaultVersion"] = one["VersionId"] == version
        policy["DefaultVersionId"] = version
    return iam._xml(200, "SetDefaultPolicyVersionResponse", "", ns="iam")
