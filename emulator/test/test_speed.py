"""What the patches of speed find without a search, where no test through the AWS SDK could tell."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import tempfile
import time
import zipfile
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

pytestmark = pytest.mark.usefixtures("patched")


def refuse(*_: Any, **__: Any) -> Any:
    raise AssertionError("a search through everything")


class Unwalked(dict[Any, Any]):
    """The entries of a store, for those only who know a key."""

    __iter__ = keys = values = items = refuse


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


def test_a_resource_policy_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.core import iam_evaluator

    def statement(effect: str, principal: str) -> dict[str, Any]:
        return {"Effect": effect, "Principal": {"AWS": principal}, "Action": "s3:GetObject", "Resource": "*"}

    mine, other = "arn:aws:iam::000000000000:role/mine", "arn:aws:iam::000000000000:role/other"
    text = json.dumps({"Statement": [statement("Allow", mine), statement("Deny", other)]})

    def decided(caller: str) -> str:
        asked = iam_evaluator.EvalContext(
            principal_arn=caller,
            principal_type="User",
            principal_account="000000000000",
            action="s3:GetObject",
            resource_arn="arn:aws:s3:::bucket/object",
            region="eu-central-1",
        )
        return str(iam_evaluator.evaluate_resource_policy(text, asked).decision)

    expected = ["Allow", "Deny", "ImplicitDeny"]
    assert [decided(caller) for caller in (mine, other, f"{mine}2")] == expected
    monkeypatch.setattr(iam_evaluator, "parse_policy_document", refuse)
    assert [decided(caller) for caller in (mine, other, f"{mine}2")] == expected


def test_an_action_is_compared_with_a_pattern_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.core import iam_evaluator

    assert iam_evaluator._action_matches("once:GetIt", ["once:Put*", "ONCE:get*"], [])
    monkeypatch.setattr(iam_evaluator, "_fnmatch_compile", refuse)
    assert iam_evaluator._action_matches("once:GetIt", ["once:Put*", "ONCE:get*"], [])


def test_a_time_is_written_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack import app
    from ministack.core import iam_evaluator
    from ministack.services import sts

    seconds = iter([1_900_000_000.25, 1_900_000_000.75, 1_900_000_001.0])
    monkeypatch.setattr(time, "time", lambda: next(seconds))
    dates = [app.formatdate(usegmt=True) for _ in range(3)]
    assert dates[0] == "Sun, 17 Mar 2030 17:46:40 GMT"
    assert dates[1] is dates[0]
    assert dates[2] == "Sun, 17 Mar 2030 17:46:41 GMT"
    monkeypatch.setitem(sts._sessions, "ASIAISSUED", {"IssuedAt": 1_900_000_000.5, "SessionTags": []})
    credential = iam_evaluator.ResolvedCredential("ASIAISSUED", "x", "000000000000", "arn", "id", "AssumedRole")
    keys = [iam_evaluator._principal_keys(credential)["aws:tokenissuetime"] for _ in range(2)]
    assert keys[0] == "2030-03-17T17:46:40Z"
    assert keys[1] is keys[0]


def test_the_caller_is_looked_for_when_a_service_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack import app
    from ministack.core import iam_evaluator
    from ministack.services import sts

    monkeypatch.setattr(app, "AUTH", True)
    arn = "arn:aws:sts::000000000000:assumed-role/reader/session"
    session = {"Arn": arn, "AccountId": "000000000000", "SecretAccessKey": "x", "PrincipalType": "AssumedRole"}
    monkeypatch.setitem(sts._sessions, "ASIAREADER", session)
    credential = "Credential=ASIAREADER/20300101/eu-central-1/sqs/aws4_request"
    resolve = iam_evaluator.resolve_principal
    monkeypatch.setattr(iam_evaluator, "resolve_principal", refuse)
    iam_evaluator.pin_request_caller({"authorization": f"AWS4-HMAC-SHA256 {credential}"})
    monkeypatch.setattr(iam_evaluator, "resolve_principal", resolve)
    assert iam_evaluator.caller_arn() == arn
    iam_evaluator.pin_request_caller({})
    assert iam_evaluator.caller_arn() == "arn:aws:iam::000000000000:root"


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
    monkeypatch.setattr(secretsmanager._secrets, "_data", Unwalked(secretsmanager._secrets._data))
    name, secret = secretsmanager._resolve(arn)
    assert (name, secret["ARN"]) == ("of/acme", arn)


def test_a_stack_is_found_by_its_id(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import cloudformation
    from ministack.services.cloudformation import handlers

    stack_id = "arn:aws:cloudformation:us-east-1:000000000000:stack/of-acme/1"
    cloudformation._stacks["of-acme"] = {
        "StackId": stack_id,
        "StackName": "of-acme",
        "StackStatus": "CREATE_COMPLETE",
        "CreationTime": "2026-01-01T00:00:00Z",
    }
    monkeypatch.setattr(cloudformation._stacks, "_data", Unwalked(cloudformation._stacks._data))
    status, _, body = handlers._describe_stacks({"StackName": [stack_id]})
    assert status == 200
    assert stack_id in str(body)


def test_log_groups_of_a_prefix_are_found_among_ordered_names(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import cloudwatch_logs

    for name in ("/of/acme/1", "/of/globex/1", "/of/acme/2"):
        cloudwatch_logs._create_log_group({"logGroupName": name})

    def names() -> list[str]:
        answer = cloudwatch_logs._describe_log_groups({"logGroupNamePrefix": "/of/acme/"})
        return [group["logGroupName"] for group in json.loads(answer[2])["logGroups"]]

    assert names() == ["/of/acme/1", "/of/acme/2"]
    monkeypatch.setattr(cloudwatch_logs._log_groups, "_data", Unwalked(cloudwatch_logs._log_groups._data))
    assert names() == ["/of/acme/1", "/of/acme/2"]


def test_an_item_is_copied_whole_and_without_a_search_for_what_is_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    import copy

    from ministack.services import dynamodb

    item: dict[str, Any] = {"pk": {"S": "a"}, "of": {"M": {"list": {"L": [{"S": "one"}]}, "none": {"NULL": True}}}}
    with monkeypatch.context() as searching:
        searching.setattr(copy, "deepcopy", refuse)
        copied = dynamodb.copy.deepcopy(item)
    assert copied == item
    copied["of"]["M"]["list"]["L"].append({"S": "two"})
    assert item["of"] == {"M": {"list": {"L": [{"S": "one"}]}, "none": {"NULL": True}}}
    # What is more than a dictionary stays what it is.
    assert type(dynamodb.copy.deepcopy(OrderedDict(item))) is OrderedDict


def test_the_size_of_an_item_is_counted_once_and_anew_after_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import dynamodb

    item: dict[str, Any] = {"pk": {"S": "ä€"}, "of": {"M": {"n": {"N": "-0012.5e3"}, "l": {"L": [{"S": "one"}]}}}}
    size = dynamodb._item_size_bytes(item)
    assert size == 2 + 5 + 2 + 3 + (1 + 1 + 4) + (1 + 1 + 3 + 1 + 3)
    with monkeypatch.context() as counting:
        counting.setattr(dynamodb, "_attribute_value_size", refuse)
        assert dynamodb._item_size_bytes(dynamodb.copy.deepcopy(item)) == size
    item["of"]["M"]["l"]["L"].append({"S": "two"})
    assert dynamodb._item_size_bytes(item) == size + 1 + 3
    # What is more than plain data is counted each time.
    assert dynamodb._item_size_bytes(OrderedDict(item)) == size + 4


def test_a_projection_of_whole_attributes_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import dynamodb

    item: dict[str, Any] = {"pk": {"S": "a"}, "status": {"S": "b"}, "slot": {"M": {"n": {"N": "1"}, "m": {"N": "2"}}}}
    names = {"#s": "status", "#t": "x.y"}
    first = dynamodb._project_item(item, "pk, #s, slot, #t", names)
    assert first == {"pk": {"S": "a"}, "status": {"S": "b"}, "slot": {"M": {"n": {"N": "1"}, "m": {"N": "2"}}}}
    with monkeypatch.context() as parsing:
        parsing.setattr(dynamodb, "_parse_projection_path", refuse)
        assert dynamodb._project_item({**item, "x.y": {"S": "c"}}, "pk, #s, slot, #t", names) == {
            **first,
            "x.y": {"S": "c"},
        }
    assert dynamodb._project_item(item, "slot.n, pk", {}) == {"pk": {"S": "a"}, "slot": {"M": {"n": {"N": "1"}}}}
    assert dynamodb._project_item(item, "#s", {"#s": "slot"}) == {"slot": first["slot"]}
    for wrong in ("pk, status", "pk, pk"):
        with pytest.raises(ValueError, match="Invalid ProjectionExpression"):
            dynamodb._project_item(item, wrong, {})


def test_what_is_of_one_vpc_is_found_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import ec2

    def ask(action: str, **params: str) -> str:
        named = {name.replace("_", "."): [value] for name, value in params.items()}
        status, _, body = ec2._ACTION_MAP[action](named)
        assert status == 200, body
        return str(body)

    def made(action: str, element: str, **params: str) -> str:
        return re.findall(f"<{element}>([^<]+)</{element}>", ask(action, **params))[0]

    mine, other = (made("CreateVpc", "vpcId", CidrBlock=f"10.{n}.0.0/16") for n in (1, 2))
    subnets = [
        made("CreateSubnet", "subnetId", VpcId=vpc, CidrBlock=block)
        for vpc, block in ((mine, "10.1.1.0/24"), (other, "10.2.1.0/24"))
    ]
    endpoints = [
        made("CreateVpcEndpoint", "vpcEndpointId", VpcId=vpc, ServiceName="com.amazonaws.us-east-1.s3")
        for vpc in (mine, other)
    ]
    for store in (ec2._subnets, ec2._vpc_endpoints):
        monkeypatch.setattr(store, "_data", Unwalked(store._data))
    for action, (found, hidden) in {"DescribeSubnets": subnets, "DescribeVpcEndpoints": endpoints}.items():
        told = ask(action, Filter_1_Name="vpc-id", Filter_1_Value_1=mine)
        assert (found in told, hidden in told) == (True, False)


def test_aliases_of_one_key_are_found_by_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services import kms

    keys = [json.loads(kms._create_key({})[2])["KeyMetadata"]["KeyId"] for _ in range(2)]
    for key, name in zip(keys, ("alias/acme", "alias/globex"), strict=True):
        kms._create_alias({"AliasName": name, "TargetKeyId": key})
    monkeypatch.setattr(kms._aliases, "_data", Unwalked(kms._aliases._data))
    aliases = json.loads(kms._list_aliases({"KeyId": keys[0]})[2])["Aliases"]
    assert [alias["AliasName"] for alias in aliases] == ["alias/acme"]


def test_the_owner_of_a_bucket_is_who_has_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.core import responses
    from ministack.services import s3

    s3._create_bucket("of-acme", b"")
    s3._buckets.set_scoped("999999999999", None, "of-another", {})
    assert s3._bucket_owner_account("of-another") == "999999999999"
    monkeypatch.setattr(s3._buckets, "_data", Unwalked(s3._buckets._data))
    assert s3._bucket_owner_account("of-acme") == responses.get_account_id()


def test_expired_sessions_are_looked_for_now_and_then() -> None:
    from ministack.services import sts

    def expired_after(access_key: str) -> bool:
        sts.register_session(access_key, {"Expiration": time.time() - 1})
        sts.register_session("ASIANEXT", {})
        return access_key not in sts._sessions

    assert [expired_after("ASIAONE"), expired_after("ASIATWO")].count(True) <= 1
    assert "ASIATWO" in sts._sessions


def archive(**files: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as written:
        for name, text in files.items():
            written.writestr(name.replace("__", "/"), text)
    return content.getvalue()


def test_code_is_unpacked_once_and_never_seen_half(tmp_path: Path) -> None:
    from ministack_patches.speed.unpacked_code import unpacked

    code, layer = archive(index="code"), archive(nodejs__node_modules__shared__index="layer")
    with ThreadPoolExecutor(8) as pool:
        [home] = set(pool.map(lambda _: unpacked(tmp_path, code, [layer]), range(8)))
    assert (home / "code/index").read_text() == "code"
    assert (home / "code/node_modules/shared/index").read_text() == "layer"
    with pytest.raises(zipfile.BadZipFile):
        unpacked(tmp_path, code, [b"no archive"])
    assert unpacked(tmp_path, code, []) != home
    assert len(list(tmp_path.iterdir())) == 2


def test_code_that_was_used_last_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack_patches.speed import unpacked_code

    monkeypatch.setattr(unpacked_code, "_KEPT", 2)
    first, second, third = (archive(index=text) for text in "123")
    for code in (first, second, first, third):
        used = unpacked_code.unpacked(tmp_path, code, [])
        time.sleep(0.01)
    kept = {(home / "code/index").read_text() for home in tmp_path.iterdir()}
    assert (kept, used.exists()) == ({"1", "3"}, True)


def test_code_that_another_process_removes_at_the_last_moment_is_unpacked_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from ministack_patches.speed import unpacked_code

    code, utime = archive(index="code"), os.utime
    removed: list[Path] = []

    def remove_first(home: Path) -> None:
        if not removed:
            removed.append(home)
            shutil.rmtree(home)
        utime(home)

    monkeypatch.setattr(unpacked_code.os, "utime", remove_first)
    assert (unpacked_code.unpacked(tmp_path, code, []) / "code/index").read_text() == "code"
    assert removed


def test_programs_in_a_folder_of_one_user_are_not_for_everybody() -> None:
    from postgres.programs import _NEEDED, anybody_reaches

    # Not in pytest's folder, which is of one user.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        for part in ("bin", "lib", "share"):
            (folder / "package/pginstall" / part).mkdir(parents=True)
        for program in _NEEDED:
            (folder / "package/pginstall/bin" / program).touch()
        # Whatever the umask says.
        for made_here in folder.rglob("*"):
            made_here.chmod(0o755)
        folder.chmod(0o711)
        assert anybody_reaches(folder / "package")
        folder.chmod(0o700)
        assert not anybody_reaches(folder / "package")


def test_the_protocol_of_a_service_is_read_from_the_head_of_its_model(monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.session
    from ministack.core import responses

    services = ("ec2", "s3", "sqs", "dynamodb", "lambda", "monitoring", "states", "route53", "elasticloadbalancing")
    session = botocore.session.get_session()
    whole = {name: session.get_service_model(responses._BOTOCORE_NAME.get(name, name)).metadata for name in services}
    monkeypatch.setattr(botocore.session, "get_session", refuse)
    assert {name: responses._service_model(name).metadata for name in services} == whole
    assert responses.expected_error_content_type("sqs", "application/json") == "application/x-amz-json-1.0"
    monkeypatch.undo()
    assert responses._service_model("of-nobody") is None


def test_a_model_is_not_parsed_twice_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    import gzip

    from ministack.core import iam_actions

    assert "CreateSecret" in iam_actions._tag_operations("secretsmanager")
    monkeypatch.setattr(gzip, "open", refuse)
    assert iam_actions.unsigned_operations("secretsmanager") == frozenset()


def test_a_template_that_names_no_macro_is_not_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services.cloudformation import engine, handlers, language_extensions

    text = json.dumps({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket"}}})
    for module, name in ((engine, "_apply_include_transform"), (language_extensions, "refuse_embedded")):
        monkeypatch.setattr(module, name, refuse)
    template = handlers._parse_template(text)
    monkeypatch.setattr(type(template), "items", refuse)
    assert handlers._apply_transforms(template, {}) is template
    assert not handlers._uses_macro(template)
    assert template == json.loads(text)


@pytest.mark.parametrize(
    ("resource", "macro"),
    [
        ({"Fn::Transform": {"Name": "AWS::Include"}}, True),
        ({"Fn::\\u0054ransform": {"Name": "AWS::Include"}}, True),
        ({"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::ToJsonString": {}}}}, False),
    ],
)
def test_a_template_is_searched_that_may_name_a_macro(resource: dict[str, Any], macro: bool) -> None:
    from ministack.services.cloudformation import engine, handlers

    text = json.dumps({"Resources": {"One": resource}}).replace("\\\\", "\\")
    template = handlers._parse_template(text)
    assert handlers._uses_macro(template) is macro
    assert isinstance(handlers._apply_transforms(template, {}), engine._TransformFailed)


def test_dynamic_references_are_looked_for_where_they_may_be(monkeypatch: pytest.MonkeyPatch) -> None:
    from ministack.services.cloudformation import engine

    class Searched:
        def finditer(self, value: str) -> Any:
            assert "{{resolve:" in value
            return pattern.finditer(value)

    pattern = engine._DYNAMIC_REFERENCE
    monkeypatch.setattr(engine, "_DYNAMIC_REFERENCE", Searched())
    found: set[str] = set()
    engine._find_dynamic_references({"a": ["text", "{{resolve:ssm:name}}"], "b": "x{{resolve:ssm:other}}"}, found)
    assert found == {"{{resolve:ssm:name}}", "{{resolve:ssm:other}}"}
