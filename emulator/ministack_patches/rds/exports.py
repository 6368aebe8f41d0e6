"""RDS exports snapshots and databases to S3, and replicates databases by zero-ETL integrations.

AWS: "StartExportTask" (Amazon RDS API Reference)
AWS: "DescribeExportTasks" (Amazon RDS API Reference)
AWS: "CancelExportTask" (Amazon RDS API Reference)
AWS: "CreateIntegration" (Amazon RDS API Reference)
AWS: "DescribeIntegrations" (Amazon RDS API Reference)
Test: copies.test.ts: an export is listed with its source and its bucket, until it is canceled
Test: copies.test.ts: an integration is listed with its source and its target, until it is deleted

Only what these requests tell is kept: nothing is exported or replicated. MiniStack knows none of them.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from ministack.core.responses import AccountRegionScopedDict
from ministack.services import rds

from ..patch import Patch
from ..shapes import Answer, Params, Record

_ACTIONS = "ministack.services.rds._ACTION_MAP"
_EXPORT = ("ExportTaskIdentifier", "SourceArn", "IamRoleArn", "KmsKeyId", "S3BucketName")
_INTEGRATION = ("IntegrationName", "SourceArn", "TargetArn")

PATCH = Patch(__name__)

_exports: AccountRegionScopedDict = AccountRegionScopedDict()
_integrations: AccountRegionScopedDict = AccountRegionScopedDict()


def _fields(record: Record) -> str:
    return "".join(f"<{name}>{escape(value)}</{name}>" for name, value in record.items())


def _answer(action: str, inner: str) -> Answer:
    answer: Answer = rds._xml(200, f"{action}Response", f"<{action}Result>{inner}</{action}Result>")
    return answer


@PATCH.adds(f"{_ACTIONS}[StartExportTask]")
def _start_export(params: Params) -> Answer:
    given = {name: rds._p(params, name) for name in _EXPORT}
    bucket = given.pop("S3BucketName")
    task = {**given, "S3Bucket": bucket, "Status": "STARTING"}
    _exports[task["ExportTaskIdentifier"]] = task
    return _answer("StartExportTask", _fields(task))


@PATCH.adds(f"{_ACTIONS}[CancelExportTask]")
def _cancel_export(params: Params) -> Answer:
    name = rds._p(params, "ExportTaskIdentifier")
    task = _exports.get(name)
    if task is None:
        not_found: Answer = rds._error("ExportTaskNotFound", f"Export task {name} not found.", 404)
        return not_found
    task["Status"] = "CANCELED"
    return _answer("CancelExportTask", _fields(task))


@PATCH.adds(f"{_ACTIONS}[DescribeExportTasks]")
def _describe_exports(params: Params) -> Answer:
    tasks = "".join(f"<ExportTask>{_fields(each)}</ExportTask>" for each in _exports.values())
    return _answer("DescribeExportTasks", f"<ExportTasks>{tasks}</ExportTasks>")


@PATCH.adds(f"{_ACTIONS}[CreateIntegration]")
def _create_integration(params: Params) -> Answer:
    given = {name: rds._p(params, name) for name in _INTEGRATION}
    made = {**given, "IntegrationArn": f"{given['SourceArn']}/integration/{given['IntegrationName']}"}
    _integrations[made["IntegrationArn"]] = made
    return _answer("CreateIntegration", _fields(made))


@PATCH.adds(f"{_ACTIONS}[DeleteIntegration]")
def _delete_integration(params: Params) -> Answer:
    name = rds._p(params, "IntegrationIdentifier")
    gone = _integrations.pop(name, None)
    if gone is None:
        not_found: Answer = rds._error("IntegrationNotFoundFault", f"Integration {name} not found.", 404)
        return not_found
    return _answer("DeleteIntegration", _fields(gone))


@PATCH.adds(f"{_ACTIONS}[DescribeIntegrations]")
def _describe_integrations(params: Params) -> Answer:
    members = "".join(f"<Integration>{_fields(each)}</Integration>" for each in _integrations.values())
    return _answer("DescribeIntegrations", f"<Integrations>{members}</Integrations>")
