import type { Answered } from '../../functions/compute/load-balancer-probe';
import { tenantNames } from '../../functions/contract/naming';
import { itemKeys, type RouteRecord, stateKeys, type TenantRecord } from '../../functions/contract/records';
import { STACK_KINDS } from '../../functions/contract/stacks';
import { aCell, aKey, aTenant, aTenantRecord, NOW, theStacks } from './builders';
import { awsError, FakeClient } from './fake-client';
import { FakeCompute } from './fake-compute';
import { FakeLoadBalancer } from './fake-load-balancer';
import { FakeTable } from './fake-table';

const { tenantId, host, slot } = aTenant();

/** What the table, the load balancer, CloudFormation and compute say of `aTenant()` in service. */
export function onboarded(overrides: Partial<TenantRecord> = {}) {
  const elb = new FakeLoadBalancer();
  const rule = elb.add(slot.priority, host, tenantId);
  const forwarding = [{ Type: 'forward' as const, TargetGroupArn: aCell().targetGroupArns.blue }];
  rule.Actions = forwarding;
  const record = aTenantRecord({
    status: 'ACTIVE',
    activatedAt: NOW,
    keyArn: aKey().keyArn,
    ruleArn: rule.RuleArn,
    templateVersions: { network: 'n1', database: 'd1', storage: 's1', access: 'a1' },
    ...overrides,
  });
  const route: RouteRecord = {
    host,
    tenantId,
    companyName: record.companyName,
    status: record.status === 'ACTIVE' ? 'ACTIVE' : 'SUSPENDED',
    roleArn: theStacks().access.outputs.RoleArn,
    externalId: record.externalId,
    bucketName: theStacks().storage.outputs.BucketName,
    keyArn: aKey().keyArn,
  };
  const table = new FakeTable(
    { ...itemKeys.tenant(tenantId), ...stateKeys.tenant(record.status, tenantId), ...record },
    { ...itemKeys.subdomain('acme'), subdomain: 'acme', tenantId },
    { ...itemKeys.route(host), ...route },
  );
  const stacks = theStacks();
  const byName = new Map(STACK_KINDS.map((kind) => [tenantNames.stack(tenantId, kind), stacks[kind]]));
  const cloudformation = new FakeClient({
    DescribeStacksCommand: ({ StackName }: { StackName: string }) => {
      const stack = byName.get(StackName);
      if (!stack) return awsError('ValidationError', `Stack with id ${StackName} does not exist`);
      const Outputs = Object.entries(stack.outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
      return { Stacks: [{ StackId: stack.stackId, StackName, StackStatus: 'CREATE_COMPLETE', Outputs }] };
    },
  });
  const served = () => (table.get(itemKeys.route(host))?.status === 'ACTIVE' ? 200 : 503);
  const answered = () => {
    const [action] = elb.at(slot.priority)?.Actions ?? [];
    if (!action) return { status: 404 };
    return action.Type === 'forward'
      ? { status: served(), version: 'v1' }
      : { status: Number(action.FixedResponseConfig?.StatusCode) };
  };
  return {
    table,
    elb,
    rule,
    forwarding,
    cloudformation,
    compute: new FakeCompute(),
    /** What the load balancer and the shared service answer to a browser. */
    page: async (): Promise<Answered> => ({ ...answered(), body: '' }),
    byName,
    record: () => table.get(itemKeys.tenant(tenantId)) as unknown as TenantRecord & Record<string, unknown>,
    route: () => table.get(itemKeys.route(host)) as unknown as RouteRecord,
  };
}
