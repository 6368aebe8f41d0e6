import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { requestPage } from '../../../functions/compute/tenant-page';
import { itemKeys, type RouteRecord } from '../../../functions/contract/records';
import type { Subject } from '../../../functions/isolation/subject';
import { eventually } from '../../support/running-stage';
import type { AttackTechnique } from '../technique';

const text = (S: string) => ({ S });

/**
 * Waits until the service serves the tenant by the restored item: it knows an ACTIVE route for five seconds.
 *
 * @throws Error when it does not
 */
const servedAgain = ({ tenant, cell }: Subject) =>
  eventually(`${tenant.host} is served again`, async () =>
    (await requestPage(cell, tenant.host)).status < 500 ? true : undefined,
  );

/** What the shared service reads for the tenant's host names something else. */
const item = (
  name: string,
  change: (subject: Subject) => Partial<Record<keyof RouteRecord, object>>,
  evidence: (subject: Subject) => string,
): AttackTechnique => ({
  name,
  check: 'routing.item',
  detonate: async ({ subject, root: { dynamodb } }) => {
    const { pk, sk } = itemKeys.route(subject.tenant.host);
    const of = { TableName: subject.tableName };
    const { Item: before } = await dynamodb.send(new GetItemCommand({ ...of, Key: { pk: text(pk), sk: text(sk) } }));
    if (!before) throw new Error(`the table has no item of ${subject.tenant.host}`);
    const Item = { ...before, ...change(subject) } as typeof before;
    await dynamodb.send(new PutItemCommand({ ...of, Item }));
    return {
      expectedEvidence: evidence(subject),
      revert: async () => {
        await dynamodb.send(new PutItemCommand({ ...of, Item: before }));
        await servedAgain(subject);
      },
    };
  },
});

export const ROUTE_ITEM_TECHNIQUES: readonly AttackTechnique[] = [
  item(
    'swap the route with another tenant’s',
    ({ cell: { decoy } }) => ({
      tenantId: text(decoy.tenantId),
      roleArn: text(decoy.roleArn),
      externalId: text(decoy.externalId),
      bucketName: text(decoy.bucketName),
      keyArn: text(decoy.keyArn),
    }),
    ({ cell: { decoy } }) => `the item’s tenant is ${decoy.tenantId}`,
  ),
  item(
    'serve another tenant’s bucket for the host',
    ({ cell: { decoy } }) => ({ bucketName: text(decoy.bucketName) }),
    ({ cell: { decoy } }) => `the item’s bucket is ${decoy.bucketName}`,
  ),
  item(
    'write the host’s data under another tenant’s key',
    ({ cell: { decoy } }) => ({ keyArn: text(decoy.keyArn) }),
    ({ cell: { decoy } }) => `the item’s key is ${decoy.keyArn}`,
  ),
  item(
    'send the host’s leads to a stranger’s database',
    () => ({ database: { M: { host: text('203.0.113.5'), port: { N: '5432' } } } }),
    () => 'the item’s database is 203.0.113.5',
  ),
  item(
    'assume another tenant’s role for the host',
    ({ cell: { decoy } }) => ({ roleArn: text(decoy.roleArn) }),
    ({ cell: { decoy } }) => `the item’s role is ${decoy.roleArn}`,
  ),
];
