"""What the patches of speed find without a search, where no test through the AWS SDK could tell."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("patched")


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a search through everything")


def test_a_store_shows_the_entries_of_its_account_and_region(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.core import responses

    stores = responses.AccountScopedDict(), responses.AccountRegionScopedDict()
    for store in stores:
        monkeypatch.setattr(type(store), "_is_mine", refuse)
        store["mine"] = 1
        store.set_scoped("999999999999", responses.get_region(), "theirs", 2)
    stores[1].set_scoped(responses.get_account_id(), "us-west-1", "elsewhere", 3)
    for store in stores:
        assert (list(store), len(store)) == (["mine"], 1)
        assert (store.keys(), store.values(), store.items()) == (["mine"], [1], [("mine", 1)])


def test_a_policy_is_parsed_once() -> None:
    from ministack.core import iam_evaluator

    text = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    first = iam_evaluator.parse_policy_document(text)
    assert iam_evaluator.parse_policy_document(text) is first
    assert [statement.effect for statement in first] == ["Allow"]


def test_a_condition_key_is_found_in_the_policies_that_have_it() -> None:
    from ministack.core import iam_evaluator

    def statements(key: str) -> Any:
        condition = {"StringEquals": {key: "x"}}
        statement = {"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": condition}
        return iam_evaluator.parse_policy_document(json.dumps({"Statement": statement}))

    tagged, other = statements("aws:ResourceTag/tenant"), statements("aws:PrincipalArn")
    for _ in range(2):
        assert iam_evaluator._names_condition_key([other, tagged], "aws:resourcetag/")
        assert not iam_evaluator._names_condition_key([other], "aws:resourcetag/")


def test_tags_of_a_key_are_found_by_its_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import kms, tagging

    monkeypatch.setitem(tagging._RESOURCE_TAG_COLLECTORS, "kms", refuse)
    created = kms._create_key({"Tags": [{"TagKey": "tenant", "TagValue": "acme"}]})
    arn = json.loads(created[2])["KeyMetadata"]["Arn"]
    assert tagging.resource_tags(arn) == {"tenant": "acme"}
    assert tagging.resource_tags(f"{arn}0") is None


def test_a_secret_is_found_by_its_arn(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import secretsmanager

    arn = json.loads(secretsmanager._create_secret({"Name": "of/acme", "SecretString": "x"})[2])["ARN"]
    monkeypatch.setattr(type(secretsmanager._secrets), "items", refuse)
    name, secret = secretsmanager._resolve(arn)
    assert (name, secret["ARN"]) == ("of/acme", arn)


def test_the_owner_of_a_bucket_is_who_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.core import responses
    from ministack.services import s3

    class Found(dict[Any, Any]):
        __iter__ = refuse

    s3._create_bucket("of-acme", b"")
    s3._buckets.set_scoped("999999999999", None, "of-another", {})
    assert s3._bucket_owner_account("of-another") == "999999999999"
    monkeypatch.setattr(s3._buckets, "_data", Found(s3._buckets._data))
    assert s3._bucket_owner_account("of-acme") == responses.get_account_id()


def test_expired_sessions_are_looked_for_now_and_then() -> None:
    from ministack.services import sts

    def expired_after(access_key: str) -> bool:
        sts.register_session(access_key, {"Expiration": time.time() - 1})
        sts.register_session("ASIANEXT", {})
        return access_key not in sts._sessions

    assert [expired_after("ASIAONE"), expired_after("ASIATWO")].count(True) <= 1
    assert "ASIATWO" in sts._sessions
