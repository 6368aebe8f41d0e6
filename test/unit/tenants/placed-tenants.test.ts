import { itemKeys, stateKeys } from '../../../functions/contract/records';
import { findPlacedTenants, placedTenantsIn } from '../../../functions/tenants/placed-tenants';
import { aTenantRecord } from '../../support/builders';
import { FakeTable } from '../../support/fake-table';

const record = aTenantRecord({ status: 'ACTIVE', ruleArn: 'arn:rule/1000' });
const { tenantId, host, plan, slot, ruleArn } = record;
const cell = slot?.cell ?? '';
const placed = { tenantId, host, plan, slot, ruleArn, status: 'ACTIVE' };
const itemOf = (more: object) => ({
  ...itemKeys.tenant(tenantId),
  ...stateKeys.tenant('ACTIVE', tenantId),
  ...record,
  ...more,
});

test('tells of a tenant only what a release has to know, from the index and from the record', async () => {
  const table = new FakeTable(itemOf({}));
  await expect(placedTenantsIn(table, cell, ['ACTIVE'])).resolves.toEqual([placed]);
  await expect(placedTenantsIn(table, 'another', ['ACTIVE'])).resolves.toEqual([]);
  await expect(placedTenantsIn(table, cell, ['SUSPENDED'])).resolves.toEqual([]);
  await expect(findPlacedTenants(table, [tenantId, 'nobody'])).resolves.toEqual([placed]);
});

test('passes over a record whose placement is damaged, and over no damage besides', async () => {
  const table = new FakeTable(itemOf({ createdAt: 'long ago' }));
  await expect(findPlacedTenants(table, [tenantId])).resolves.toEqual([placed]);
  table.put(itemOf({ placement: { colour: 'red' } }));
  await expect(findPlacedTenants(table, [tenantId])).resolves.toEqual([]);
  await expect(placedTenantsIn(table, cell, ['ACTIVE'])).resolves.toEqual([]);
});
