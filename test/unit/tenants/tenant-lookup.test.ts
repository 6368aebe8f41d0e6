import { tenantIdOf } from '../../../functions/contract/naming';
import { itemKeys } from '../../../functions/contract/records';
import { publishFailure } from '../../../functions/outcome/publish-failure';
import { releaseReservation } from '../../../functions/reservation/release-reservation';
import { lookUpSubdomain, lookUpTenant, tenantCalled } from '../../../functions/tenants/tenant-lookup';
import { anExecution, aSignup, aTenant, aTenantRecord, DOMAIN, NOW } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const { tenantId, slot } = aTenant();
const now = () => new Date(NOW);

/** A tenant with its claims, as a reservation leaves it. */
function reserved() {
  return new FakeTable(
    { ...itemKeys.tenant(tenantId), ...aTenantRecord({ status: 'ROLLING_BACK' }) },
    { ...itemKeys.subdomain('acme'), subdomain: 'acme', tenantId },
    { ...itemKeys.takenSlot(slot.cell, slot.number), number: slot.number, tenantId },
  );
}

const refuse = (table: FakeTable, signup = aSignup(), failure = { error: 'CapacityExhausted', reason: 'full' }) =>
  publishFailure.run(
    { table, bus: { name: 'bus', client: new FakeClient({ PutEventsCommand: {} }) }, now },
    {
      executionArn: anExecution(),
      redriveCount: 0,
      input: signup,
      tenant: null,
      failure: { step: 'ReserveTenant', ...failure },
      outcome: 'rolled-back',
    },
  );

it.each(['acme', tenantId, 'sub_acme'])('finds a tenant by %s', async (name) => {
  await expect(lookUpTenant(reserved(), name)).resolves.toMatchObject({ tenantId });
});

it('finds a tenant by its subdomain in upper case, but not before a signup id that is written so', async () => {
  const table = reserved();
  await expect(lookUpTenant(table, 'Acme')).resolves.toMatchObject({ tenantId });
  const namesake = aTenantRecord({ tenantId: tenantIdOf('Acme'), signupId: 'Acme', subdomain: 'other' });
  table.put({ ...itemKeys.tenant(namesake.tenantId), ...namesake });
  await expect(lookUpTenant(table, 'Acme')).resolves.toMatchObject({ tenantId: namesake.tenantId });
});

it('finds nobody by a name that no key of the table can have', async () => {
  await expect(lookUpTenant(reserved(), 'x'.repeat(3000))).rejects.toMatchObject({
    name: 'InvalidRequest',
    message: 'tenant not found: no name has 3000 characters',
  });
});

it('finds a tenant by the subdomain that its rollback has freed', async () => {
  const table = reserved();
  await releaseReservation.run(
    { table, meter: { count: () => {} }, now },
    { executionArn: anExecution(), input: aSignup() },
  );
  expect(table.get(itemKeys.subdomain('acme'))).toBeUndefined();
  await expect(lookUpTenant(table, 'acme')).resolves.toMatchObject({ tenantId });
});

it('prefers the tenant that has the subdomain to the one that had it before', async () => {
  const table = reserved();
  await releaseReservation.run(
    { table, meter: { count: () => {} }, now },
    { executionArn: anExecution(), input: aSignup() },
  );
  const successor = tenantIdOf('sub_successor');
  table.put({ ...itemKeys.subdomain('acme'), subdomain: 'acme', tenantId: successor });
  table.put({ ...itemKeys.tenant(successor), ...aTenantRecord({ tenantId: successor, signupId: 'sub_successor' }) });
  await expect(lookUpTenant(table, 'acme')).resolves.toMatchObject({ tenantId: successor });
});

it('finds a signup that was refused before it had a subdomain', async () => {
  const table = new FakeTable();
  await refuse(table);
  await expect(lookUpTenant(table, 'acme')).resolves.toMatchObject({
    refused: true,
    failure: { error: 'CapacityExhausted', outcome: 'refused' },
  });
});

it('finds the owner of a subdomain, not the signup that did not get it', async () => {
  const table = reserved();
  await refuse(table, aSignup({ signupId: 'sub_imitator' }), { error: 'SubdomainTaken', reason: 'taken' });
  await expect(lookUpTenant(table, 'acme')).resolves.toMatchObject({ tenantId });
  await expect(lookUpTenant(table, 'sub_imitator')).resolves.toMatchObject({ failure: { error: 'SubdomainTaken' } });
});

it('finds the tenant that visitors reach although its claim was deleted and a later signup was refused', async () => {
  const table = reserved();
  const { host } = aTenantRecord();
  table.put({ ...itemKeys.route(host), host, tenantId, status: 'ACTIVE' });
  table.items.delete(`${itemKeys.subdomain('acme').pk}|CLAIM`);
  await refuse(table, aSignup({ signupId: 'sub_imitator' }), { error: 'NameOccupied', reason: 'occupied' });
  for (const found of [lookUpTenant(table, 'ACME', DOMAIN), lookUpSubdomain(table, 'acme', DOMAIN)])
    await expect(found).resolves.toMatchObject({ tenantId });
});

it('lists what it has tried when it finds no tenant', async () => {
  await expect(lookUpTenant(new FakeTable(), 'globex')).rejects.toThrow(
    /^tenant not found: globex is .*subdomain.*tenant id.*signup id/,
  );
});

it('prefers the tenant with this id to one with this subdomain', async () => {
  const table = reserved();
  const imitator = tenantIdOf('sub_imitator');
  table.put({ ...itemKeys.subdomain(tenantId), subdomain: tenantId, tenantId: imitator });
  table.put({ ...itemKeys.tenant(imitator), ...aTenantRecord({ tenantId: imitator, signupId: 'sub_imitator' }) });
  await expect(lookUpTenant(table, tenantId)).resolves.toMatchObject({ tenantId, subdomain: 'acme' });
});

it('does not return a refused signup as a tenant', async () => {
  const table = new FakeTable();
  await refuse(table);
  await expect(tenantCalled(table, 'acme')).rejects.toMatchObject({ name: 'InvalidRequest' });
  await expect(tenantCalled(reserved(), 'acme')).resolves.toMatchObject({ tenantId });
});

it('finds by host the tenant with this subdomain, even if the subdomain is another tenant’s id', async () => {
  const table = reserved();
  const other = tenantIdOf('sub_other');
  const taken = aTenantRecord({ tenantId: other, signupId: 'sub_other', subdomain: tenantId });
  table.put({ ...itemKeys.tenant(other), ...taken });
  table.put({ ...itemKeys.subdomain(tenantId), subdomain: tenantId, tenantId: other });
  await expect(lookUpTenant(table, tenantId)).resolves.toMatchObject({ tenantId });
  await expect(lookUpSubdomain(table, tenantId)).resolves.toMatchObject({ tenantId: other });
  await expect(lookUpSubdomain(table, 'sub_acme')).rejects.toThrow('sub_acme is no current or former subdomain');
});
