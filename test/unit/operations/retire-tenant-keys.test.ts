import { TENANT_TAG, tenantNames } from '../../../functions/contract/naming';
import { tenantKeyPolicy } from '../../../functions/key/key-policy';
import { retireTenantKeys } from '../../../operations/client/retire-tenant-keys';
import { ACCOUNT_ID, REGION } from '../../support/builders';
import { type FakeKey, FakeKeys } from '../../support/fake-keys';

const [ACME, BETA, GAMMA] = ['t00000000000acme', 't00000000000beta', 't0000000000gamma'] as const;

function keyOf(keys: FakeKeys, tenantId: string, change: Partial<FakeKey> = {}, alias = true): FakeKey {
  const facts = { accountId: ACCOUNT_ID, region: REGION, stackRoleArn: 'arn:aws:iam::1:role/stacks', tenantId };
  const Policy = JSON.parse(JSON.stringify(tenantKeyPolicy({ ...facts, organizationId: undefined })));
  const key = keys.add({ [TENANT_TAG]: tenantId }, { Policy, ...change });
  if (alias) keys.aliases.set(tenantNames.keyAlias(tenantId), key);
  return key;
}

test('D9: a teardown goes on that was stopped before it had deleted the alias of a key, and takes keys without an alias', async () => {
  const keys = new FakeKeys();
  const pending = keyOf(keys, ACME, { KeyState: 'PendingDeletion', deletedIn: 7 });
  const enabled = keyOf(keys, BETA);
  const stopped = keyOf(keys, GAMMA, {}, false);
  const lines: string[] = [];
  await retireTenantKeys({ kms: keys, tagging: keys }, (line) => lines.push(line));
  expect([pending, enabled, stopped].map(({ KeyState, deletedIn }) => [KeyState, deletedIn])).toEqual([
    ['PendingDeletion', 7],
    ['PendingDeletion', 7],
    ['PendingDeletion', 7],
  ]);
  expect([...keys.aliases.keys()]).toEqual([]);
  expect(lines).toEqual([expect.stringContaining(BETA), expect.stringContaining(GAMMA)]);
});

test("D9: a key that has a tenant's tag and serves somebody else stays", async () => {
  const keys = new FakeKeys();
  const foreign = keys.add({ [TENANT_TAG]: ACME });
  keys.aliases.set('alias/of-another-team', foreign);
  await retireTenantKeys({ kms: keys, tagging: keys }, () => {});
  expect(foreign.KeyState).toBe('Enabled');
  expect([...keys.aliases.keys()]).toEqual(['alias/of-another-team']);
});
