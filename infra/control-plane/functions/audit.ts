import type { Construct } from 'constructs';
import { PlatformFunction } from '../../constructs/platform-function';
import {
  type FunctionContext,
  listingCells,
  onAnyCell,
  onNames,
  onNews,
  onNoResource,
  onTable,
  telling,
} from './context';

/** Functions of the audit, except AuditTenant, which is beside VerifyIsolation in isolation.ts. */
export function auditFunctions(scope: Construct, context: FunctionContext) {
  const { config, arns, table } = context;
  const environment = { TABLE_NAME: table.tableName };
  const modifyRules = onAnyCell(['elasticloadbalancing:ModifyRule'], arns.cellRules);
  const readCells = listingCells(context);
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
      onNoResource('elasticloadbalancing:DescribeRules', 's3:ListAllMyBuckets', 'ec2:DescribeVpcPeeringConnections'),
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
      onNoResource('elasticloadbalancing:DescribeTargetHealth'),
    ],
  });
  const reportBreach = new PlatformFunction(scope, 'ReportBreach', { config, ...telling(context) });
  const concludeAudit = new PlatformFunction(scope, 'ConcludeAudit', { config, environment: {}, grants: [] });
  return { listTenants, judgeAudit, suspendTenant, resumeTenant, reportBreach, concludeAudit };
}
