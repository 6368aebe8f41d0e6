import { itemKeys, type RefusedSignup, type TenantRecord } from '../../../functions/contract/records';
import { isConditionFailure } from '../../../functions/tenants/condition-failure';
import { findTenant, guardForward, guardUndo } from '../../../functions/tenants/tenant-store';
import { anExecution, aTenantRecord, NOW } from '../../support/builders';
import { FakeTable } from '../../support/fake-table';

const record = aTenantRecord();
const rollingBack = aTenantRecord({ status: 'ROLLING_BACK' });
const { tenantId } = record;
const tableOf = (item?: object) => new FakeTable(...(item ? [{ ...itemKeys.tenant(tenantId), ...item }] : []));

const refused: RefusedSignup = {
  refused: true,
  tenantId,
  signupId: record.signupId,
  status: 'FAILED',
  executionArn: anExecution('refused'),
  createdAt: NOW,
  updatedAt: NOW,
  failure: { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'plan', at: NOW, outcome: 'refused' },
};

const own = { tenantId, executionArn: anExecution() };

describe.each(['beginRollback', 'deleteStack', 'retireKey', 'release'] as const)('guardUndo of %s', (name) => {
  it('lets an execution undo its own tenant, and gives it the record', async () => {
    await expect(guardUndo(tableOf(rollingBack), name, own)).resolves.toEqual(rollingBack);
  });

  it.each([
    ['there is none', undefined],
    ['it was refused before it existed', refused],
  ])('lets any execution undo a tenant of which %s', async (_, item) => {
    await expect(guardUndo(tableOf(item), name, own)).resolves.toBeUndefined();
  });

  it.each<[string, string, Partial<TenantRecord>]>([
    ['is ACTIVE', 'TenantIsActive', { status: 'ACTIVE', activatedAt: NOW }],
    ['has been ACTIVE and is suspended', 'TenantIsActive', { status: 'SUSPENDED', activatedAt: NOW }],
    ['has been ACTIVE, whatever its status says now', 'TenantIsActive', { status: 'ROLLING_BACK', activatedAt: NOW }],
    ['is ACTIVE and another’s', 'TenantIsActive', { activatedAt: NOW, executionArn: anExecution('second') }],
    ['belongs to another execution', 'ClaimLost', { executionArn: anExecution('second') }],
  ])('refuses a tenant that %s', async (_, error, overrides) => {
    const table = tableOf(aTenantRecord(overrides));
    await expect(guardUndo(table, name, own)).rejects.toMatchObject({ name: error });
  });

  it('refuses a record that it cannot parse', async () => {
    const table = tableOf({ ...record, status: 'PAUSED' });
    await expect(guardUndo(table, name, own)).rejects.toMatchObject({ name: 'InvalidRequest' });
  });
});

test('says of a record that is gone that somebody has deleted it, and of no newer execution', async () => {
  await expect(guardForward(new FakeTable(), 'register', own)).rejects.toMatchObject({
    name: 'ClaimLost',
    message: expect.stringMatching(/somebody has deleted its record$/),
  });
});

test('does not treat a refused signup as a tenant', async () => {
  await expect(findTenant(tableOf(refused), tenantId)).resolves.toBeUndefined();
});

const cancelled = (...codes: (string | undefined)[]) =>
  Object.assign(new Error(), {
    name: 'TransactionCanceledException',
    CancellationReasons: codes.map((Code) => ({ Code })),
  });

test.each([
  ['a failed condition', Object.assign(new Error(), { name: 'ConditionalCheckFailedException' }), true],
  ['a transaction with a failed condition', cancelled('None', 'ConditionalCheckFailed', undefined), true],
  ['one that lost a race as well', cancelled('ConditionalCheckFailed', 'TransactionConflict'), false],
  ['one that was throttled', cancelled('ThrottlingError', 'None'), false],
  ['a transaction without reasons', Object.assign(new Error(), { name: 'TransactionCanceledException' }), false],
  ['another error', new Error('ConditionalCheckFailedException'), false],
  ['what is no error', { name: 'ConditionalCheckFailedException' }, false],
])('isConditionFailure of %s: %#', (_, thrown, expected) => {
  expect(isConditionFailure(thrown)).toBe(expected);
});
