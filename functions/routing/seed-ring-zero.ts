import { ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { S3Client } from '@aws-sdk/client-s3';
import { STSClient } from '@aws-sdk/client-sts';
import { readLiveColour } from '../compute/table-live-colour';
import { SeedRingZeroInput, SeedRingZeroOutput } from '../contract/cell';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { answeringCloudFormation } from '../shared/custom-resource';
import { pause } from '../shared/invocation';
import { isNamed } from '../shared/is-named';
import { unless } from '../shared/unless';
import { deleteRoute, putRoute } from '../tenants/routes';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { isRuleGone, type LoadBalancer, pointRule } from './host-rule';
import { putStarterPage, type TenantAccess } from './put-starter-page';

export interface SeedRingZeroDeps extends TenantAccess {
  readonly table: TenantsTable;
  readonly elb: LoadBalancer;
  readonly wait?: (ms: number) => Promise<unknown>;
}

/** IAM shows a role some seconds after it was made: `pauses` of contract/time-limits.ts. */
const VISIBLE_AFTER_MS = 5_000;
const TRIES = 12;

async function onceTheRoleIsVisible(put: () => Promise<void>, wait: (ms: number) => Promise<unknown>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await put();
    } catch (thrown) {
      if (!isNamed(thrown, 'TransientNotYetVisible') || tries === TRIES) throw thrown;
      await wait(VISIBLE_AFTER_MS);
    }
  }
}

/**
 * Makes the page that each release moves first, before any customer's. CloudFormation calls it as a
 * custom resource, when the cell's decoy and the page's listener rule exist. A request for the page
 * takes a visitor's whole way: host, rule, target group, service, a session of a tenant's role, an
 * object of a tenant's bucket. The bucket and the role are the decoy's.
 *
 * 1. Put the page into the decoy's bucket, with the decoy's role. A page that is there stays.
 * 2. Write the route of the host, without a database.
 * 3. Let the rule lead to the live colour: the template cannot name it. While a release moves tenants
 *    the rule stays where it is. One that somebody has deleted is made again by KeepCells.
 *
 * Undone by the deletion, which removes the route. The page stays in the bucket, as probes' objects do.
 *
 * Throws `TransientNotYetVisible` when the decoy's role cannot be assumed for a minute; `TransientConflict` when the host
 * belongs to somebody else.
 */
export const seedRingZero: Action<typeof SeedRingZeroInput, typeof SeedRingZeroOutput, SeedRingZeroDeps> = {
  name: 'SeedRingZero',
  input: SeedRingZeroInput,
  output: SeedRingZeroOutput,
  run: async (deps, { RequestType, ResourceProperties }) => {
    const { table, elb, wait = pause } = deps;
    const { Cell: cell, Host: host, RuleArn: ruleArn, TargetGroupArns: groups, Decoy: decoy } = ResourceProperties;
    const { TenantId: tenantId, ExternalId: externalId, RoleArn: roleArn, BucketName: bucketName } = decoy;
    if (RequestType === 'Delete') {
      await deleteRoute(table, { host, tenantId });
      return undefined;
    }
    const companyName = `Ring 0 of cell ${cell}`;
    const put = () =>
      putStarterPage(deps, { tenantId, externalId }, { roleArn, bucketName, companyName }, 'SeedRingZero');
    await onceTheRoleIsVisible(put, wait);
    const route = { host, tenantId, companyName, roleArn, externalId, bucketName, keyArn: decoy.KeyArn };
    await putRoute(table, { ...route, status: 'ACTIVE' });
    const live = await readLiveColour(table, cell);
    if (!live || live.releasing) return undefined;
    await unless(pointRule(elb, ruleArn, { forward: groups[live.colour] }), isRuleGone);
    return undefined;
  },
};

export const handler = answeringCloudFormation(
  actionHandler(seedRingZero, {
    table: tenantsTable(),
    elb: new ElasticLoadBalancingV2Client(clientOptions),
    sts: new STSClient(clientOptions),
    s3As: (credentials) => new S3Client({ ...clientOptions, credentials }),
  }),
);
