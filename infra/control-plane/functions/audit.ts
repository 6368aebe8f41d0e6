import type { Construct } from 'constructs';
import type { Grant } from '../../constructs/grant';
import { PlatformFunction } from '../../constructs/platform-function';
import { type FunctionContext, NO_RESOURCE, OF_ANY_CELL, onNames, onNews, onTable, telling } from './context';

/** Functions of the audit, except AuditTenant, which is beside VerifyIsolation in isolation.ts. */
export function auditFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const environment = { TABLE_NAME: table.tableName };
  const modifyRules: Grant = {
    actions: ['elasticloadbalancing:ModifyRule'],
    resources: [arns.cellRules],
    wildcardBecause: OF_ANY_CELL,
  };
  const readCells: Grant = { actions: ['ssm:GetParametersByPath'], resources: [arns.cellParameters] };
  const asking = onNames(context, (names) => [names.reading()]);
  const listTenants = new PlatformFunction(scope, 'ListTenants', {
    config,
    environment,
    grants: [onTable(context, 'Scan')],
  });
  const judgeAudit = new PlatformFunction(scope, 'JudgeAudit', {
    config,
    environment: {
      ...environment,
      ...asking.environment,
      MAX_SUSPENSIONS: String(config.maxSuspensions),
      ACCOUNT_ID: config.env.account,
    },
    grants: [
      onTable(context, 'Scan'),
      onNews(context, 'audits'),
      readCells,
      {
        actions: ['elasticloadbalancing:DescribeRules', 's3:ListAllMyBuckets', 'ec2:DescribeVpcPeeringConnections'],
        resources: ['*'],
        wildcardBecause: NO_RESOURCE('DescribeRules, ListBuckets and DescribeVpcPeeringConnections'),
      },
      ...asking.grants,
    ],
  });
  const suspendTenant = new PlatformFunction(scope, 'SuspendTenant', {
    config,
    environment,
    grants: [onTable(context, 'GetItem', 'UpdateItem'), modifyRules, readCells],
  });
  const resumeTenant = new PlatformFunction(scope, 'ResumeTenant', {
    config,
    environment,
    grants: [
      onTable(context, 'GetItem', 'BatchGetItem', 'UpdateItem'),
      modifyRules,
      readCells,
      {
        actions: ['elasticloadbalancing:DescribeTargetHealth'],
        resources: ['*'],
        wildcardBecause: NO_RESOURCE('DescribeTargetHealth'),
      },
    ],
  });
  const reportBreach = new PlatformFunction(scope, 'ReportBreach', { config, ...telling(context) });
  const concludeAudit = new PlatformFunction(scope, 'ConcludeAudit', { config, environment: {}, grants: [] });
  return { listTenants, judgeAudit, suspendTenant, resumeTenant, reportBreach, concludeAudit };
}
