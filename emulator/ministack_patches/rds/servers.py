"""An instance of RDS for PostgreSQL is a server: TLS, users with passwords, IAM users with tokens, a master user.

AWS: "Connecting to a DB instance running the PostgreSQL database engine" (Amazon RDS User Guide)
AWS: "IAM database authentication for MariaDB, MySQL, and PostgreSQL" (Amazon RDS User Guide)
AWS: "Creating and using an IAM policy for IAM database access" (Amazon RDS User Guide)
AWS: "Understanding PostgreSQL roles and permissions" (Amazon RDS User Guide)
AWS: "Rebooting a DB instance" (Amazon RDS User Guide)
Test: databases.test.ts: the master user logs in by password, is no superuser, and can allow a user to log in by IAM
Test: databases.test.ts: a login token is refused %s
Test: databases.test.ts: a master password that is set while the server starts or stops counts afterwards
Test: databases.test.ts: a replica reads the rows of its source, refuses writes, and has its master password
Test: databases.test.ts: the server of a database that a stack has made runs before anybody connects
Test: databases.test.ts: a reboot ends sessions and keeps rows; a stopped instance refuses logins

A server is a cluster of its own (emulator/postgres). It starts when a stack has made its instance, or at
the first connection. MiniStack has instances as records, or in Docker. A token is judged by MiniStack's own verifier, and its signer
by IAM's policies for `rds-db:connect`. IAM asks for no condition there: AWS gives rds-db none.

Left out: data of snapshots, and security groups, which all of loopback passes.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable
from datetime import datetime
from typing import Any

from ministack.core.iam_evaluator import AuthError, EvalContext, evaluate, resolve_principal
from ministack.core.rds_iam import RdsIamTokenError, verify_rds_iam_token
from ministack.core.responses import get_account_id, get_region, request_scope
from ministack.services import rds

from postgres import programs
from postgres.front_process import FrontProcess
from postgres.served import Served

from ..patch import Patch
from ..shapes import Answer, Made, Original, Params, Record

_PROVISIONERS = "ministack.services.cloudformation.provisioners"
_INSTANCE = f"{_PROVISIONERS}._RESOURCE_HANDLERS[AWS::RDS::DBInstance]"
_ACTIONS = "ministack.services.rds._ACTION_MAP"
_NOBODY_CONNECTS = ("creating", "deleting", "failed", "rebooting", "renaming", "starting", "stopped", "stopping")

PATCH = Patch(
    __name__,
    after=[
        "cloudformation.stores",
        "cloudformation.taken_names",
        "rds.automated_backups",
        "rds.changes",
        "rds.grants",
    ],
)


class _Instances:
    """MiniStack's records, as the front asks about them: by resource id, in the account and region that made them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Record, tuple[str, str]]] = {}

    def keep(self, record: Record) -> Served:
        resource_id = str(record["DbiResourceId"])
        self._known[resource_id] = record, (get_account_id(), get_region())
        return self._served(record)

    def forget(self, resource_id: str) -> None:
        self._known.pop(resource_id, None)

    def described(self, resource_id: str) -> Served | None:
        if resource_id not in self._known:
            return None
        record, scope = self._known[resource_id]
        with request_scope(*scope):
            return self._served(record)

    def admits(self, resource_id: str, user: str, token: str) -> bool:
        if resource_id not in self._known:
            return False
        record, (account, region) = self._known[resource_id]
        if not record.get("IAMDatabaseAuthenticationEnabled"):
            return False
        endpoint = record["Endpoint"]
        with request_scope(account, region):
            verified = verify_rds_iam_token(
                token,
                hostname=endpoint["Address"],
                port=endpoint["Port"],
                db_user=user,
                region=region,
                account_id=account,
            )
            if isinstance(verified, RdsIamTokenError):
                return False
            principal = resolve_principal(verified.access_key_id, account)
            if isinstance(principal, AuthError) or principal.account != account:
                return False
            if principal.policies is None:
                return True
            asked = EvalContext(
                principal_arn=principal.arn,
                principal_type=principal.type,
                principal_account=account,
                action="rds-db:connect",
                resource_arn=f"arn:aws:rds-db:{region}:{account}:dbuser:{resource_id}/{user}",
                region=region,
                principal_keys=principal.keys,
            )
            return bool(evaluate(asked, principal.policies, *principal.limits).decision == "Allow")

    def _served(self, record: Record) -> Served:
        group = rds._param_groups.get(record["DBParameterGroups"][0]["DBParameterGroupName"]) or {}
        # A replica's record keeps the password that the primary had when the replica was made, and a restored
        # instance's has none: the data has one.
        source: Record = rds._instances.get(record.get("ReadReplicaSourceDBInstanceIdentifier") or "") or record
        return Served(
            resource_id=str(record["DbiResourceId"]),
            arn=str(record["DBInstanceArn"]),
            source_id=str(source["DbiResourceId"]),
            available=record["DBInstanceStatus"] not in _NOBODY_CONNECTS,
            master=str(source["MasterUsername"]),
            master_password=source.get("_MasterUserPassword"),
            database=str(record.get("DBName") or ""),
            parameters={name: str(given["ParameterValue"]) for name, given in group.get("Parameters", {}).items()},
        )


_instances = _Instances()

# `functools.cache` calls a function twice when two requests come at once: then there would be two fronts.
_one_front = threading.Lock()


def _front() -> FrontProcess | None:
    with _one_front:
        return _the_front()


@functools.cache
def _the_front() -> FrontProcess | None:
    package = programs.installed()
    if package is None:
        print("emulator: no PostgreSQL for this platform, instances are records only", file=sys.stderr)
        return None
    certificate, key = rds._pg_server_material(["localhost"], ["127.0.0.1"])
    return FrontProcess(package, certificate + key, _instances)


def end() -> None:
    """At the end of the emulator: all servers stop, and their files go."""
    front = _the_front() if _the_front.cache_info().currsize else None
    if front:
        front.end()


def open_port(instance: Record | None) -> None:
    """The instance's name and port are those at which it can be reached."""
    front = _front() if instance and instance["Engine"] == "postgres" else None
    if front and instance:
        port = front.open(_instances.keep(instance))
        instance["Endpoint"] = {**instance["Endpoint"], "Address": "localhost", "Port": port}


def _start(instance: Record) -> None:
    """An available instance has a server that runs. What a stack has made is about to be used, so it starts at once."""
    front = _front() if instance["Engine"] == "postgres" else None
    if front:
        front.start(_instances.keep(instance))


def move(former_arn: str, instance: Record) -> None:
    """The instance has another name, and so another address."""
    front = _front() if instance["Engine"] == "postgres" else None
    if front:
        port = front.rename(former_arn, _instances.keep(instance))
        instance["Endpoint"] = {**instance["Endpoint"], "Port": port}


def restore(source: Record, instance: Record, to: datetime) -> None:
    """The server of the instance, which nobody has connected to yet, begins with the data of that time."""
    front = _front() if instance["Engine"] == "postgres" else None
    if front:
        front.restore(_instances.keep(source), _instances.keep(instance), to)


def _close(instance: Record | None) -> None:
    front = _front() if instance and instance["Engine"] == "postgres" else None
    if front and instance:
        _instances.forget(instance["DbiResourceId"])
        front.close(instance["DbiResourceId"])


def retire(instance: Record) -> None:
    """The instance is gone, and its data stays for restores: its automated backups are kept."""
    front = _front() if instance["Engine"] == "postgres" else None
    if front:
        front.retire(instance["DbiResourceId"])


def forget(instance: Record) -> None:
    """Also the data goes."""
    _close(instance)


def has_backups(instance: Record) -> bool:
    is_replica = bool(instance.get("ReadReplicaSourceDBInstanceIdentifier"))
    return bool(int(instance.get("BackupRetentionPeriod", 1))) and not is_replica


def keeps_backups(instance: Record, asked: str) -> bool:
    """@param asked what the deletion says of deleting them, too"""
    return has_backups(instance) and asked.lower() == "false"


def _ended(instance: Record | None, asked: str) -> None:
    if instance and keeps_backups(instance, asked):
        retire(instance)
    else:
        _close(instance)


def _known(params: Params) -> Record | None:
    instance: Record | None = rds._resolve_instance(rds._p(params, "DBInstanceIdentifier"))
    return instance


def _changing(original: Original, params: Params, change: Callable[[FrontProcess, Record], None]) -> Answer:
    instance = _known(params)
    answer: Answer = original(params)
    front = _front() if instance and instance["Engine"] == "postgres" else None
    if front and instance and answer[0] < 400:
        change(front, instance)
    return answer


@PATCH.wraps(f"{_INSTANCE}[create]", f"{_PROVISIONERS}._rds_db_instance_create", digest="036dcd09")
def _create_with_stack(create: Original, logical_id: str, props: Record, *more: Any, **named: Any) -> Made:
    physical_id, attributes = create(logical_id, props, *more, **named)
    instance = rds._instances[physical_id]
    open_port(instance)
    _start(instance)
    endpoint = instance["Endpoint"]
    return physical_id, {
        **attributes,
        "Endpoint.Address": endpoint["Address"],
        "Endpoint.Port": str(endpoint["Port"]),
    }


@PATCH.wraps(f"{_INSTANCE}[delete]", digest="d06475bc")
def _delete_with_stack(delete: Original, physical_id: str, props: Record) -> None:
    instance = rds._instances.get(physical_id)
    delete(physical_id, props)
    _ended(instance, str(props.get("DeleteAutomatedBackups", True)))


def _opened(answer: Answer, params: Params, action: str) -> Answer:
    """The answer to the request that made the instance, with the address at which its server listens."""
    if answer[0] >= 400:
        return answer
    instance = _known(params)
    open_port(instance)
    return rds._single_instance_response(f"{action}Response", f"{action}Result", instance)


@PATCH.wraps(f"{_ACTIONS}[CreateDBInstance]", digest="6325013d")
def _create_by_request(create: Original, params: Params) -> Answer:
    return _opened(create(params), params, "CreateDBInstance")


@PATCH.wraps(f"{_ACTIONS}[CreateDBInstanceReadReplica]", digest="83aaf7e0")
def _create_replica(create: Original, params: Params) -> Answer:
    return _opened(create(params), params, "CreateDBInstanceReadReplica")


@PATCH.wraps(f"{_ACTIONS}[DeleteDBInstance]", digest="285f6830")
def _delete_by_request(delete: Original, params: Params) -> Answer:
    asked = rds._p(params, "DeleteAutomatedBackups")
    return _changing(delete, params, lambda _, instance: _ended(instance, asked))


@PATCH.wraps(f"{_ACTIONS}[ModifyDBInstance]", digest="ff9823ee")
def _set_password(modify: Original, params: Params) -> Answer:
    return _changing(modify, params, lambda front, instance: front.set_password(_instances.keep(instance)))


@PATCH.wraps(f"{_ACTIONS}[RebootDBInstance]", digest="08b1362c")
def _reboot(reboot: Original, params: Params) -> Answer:
    return _changing(reboot, params, lambda front, instance: front.restart(instance["DbiResourceId"]))


@PATCH.wraps(f"{_ACTIONS}[StopDBInstance]", digest="ad11babc")
def _stop(stop: Original, params: Params) -> Answer:
    return _changing(stop, params, lambda front, instance: front.restart(instance["DbiResourceId"]))


@PATCH.wraps("ministack.services.rds.reset", digest="f9c725a8")
def _reset(reset: Original) -> None:
    instances = list(rds._instances.all_values())
    reset()
    for instance in instances:
        _close(instance)
