import { seedLiveColour } from '../../../functions/compute/table-live-colour';
import { itemKeys, type LiveColour } from '../../../functions/contract/records';
import { note } from '../../../functions/delivery/release-store';
import { beginWaiting } from '../../../functions/stacks/waiting-task';
import { changesAfter, lastChangeAt, tellNews } from '../../../functions/tenants/changes';
import { OPERATIONS } from '../../../functions/tenants/lifecycle';
import { refuse } from '../../../functions/tenants/tenant-store';
import { transition } from '../../../functions/tenants/transition';
import { anExecution, aTenantRecord, aWaitingTask, NOW } from '../../support/builders';
import { awsError } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';

const { tenantId } = aTenantRecord();
const executionArn = anExecution();
const live: LiveColour = { colour: 'blue', since: NOW };
const failure = { step: 'ReserveTenant', error: 'InvalidSignup', reason: 'plan', at: NOW, outcome: 'refused' } as const;

const OTHERS: readonly (readonly [what: string, pk: string, write: (table: FakeTable) => Promise<unknown>])[] = [
  [
    'a task that waits for a stack',
    itemKeys.waitingTask(aWaitingTask().stackName).pk,
    (table) => beginWaiting(table, { ...aWaitingTask(), operation: 'launch' }, 'launchStack'),
  ],
  ['a live colour', itemKeys.liveColour('c9').pk, (table) => seedLiveColour(table, 'c9', live)],
  [
    'a step of a release',
    itemKeys.release('c1').pk,
    (table) => note(table, 'c1', executionArn, { phase: 'FillColour' }),
  ],
  [
    'a refused signup',
    itemKeys.tenant('t-refused').pk,
    (table) =>
      refuse(table, {
        ...{ refused: true, tenantId: 't-refused', signupId: 'sub_refused', executionArn, failure },
        ...{ createdAt: NOW, updatedAt: NOW },
      }),
  ],
  ['news', itemKeys.news('audits').pk, (table) => tellNews(table, 'audits')],
];

test.each(OTHERS)('a write of %s is found among the last changes', async (_, pk, write) => {
  const table = new FakeTable(
    { ...itemKeys.tenant(tenantId), ...aTenantRecord({ status: 'ONBOARDING' }) },
    { ...itemKeys.release('c1'), executionArn },
  );
  expect(await lastChangeAt(table)).toBeUndefined();
  await write(table);
  const [mark, ...others] = await changesAfter(table, '2026-01-01T00:00:00.000Z');
  expect([mark?.pk, others]).toEqual([pk, []]);
  expect(await lastChangeAt(table)).toBe(mark?.changeSk);
  expect(await changesAfter(table, mark?.changeSk ?? '')).toEqual([]);
});

test.each(Object.keys(OPERATIONS))('the operation %s marks the tenant as changed', (name) => {
  const { ExpressionAttributeValues, UpdateExpression } = transition(new FakeTable(), name as 'forgetFailure', {
    ...{ tenantId, owner: executionArn },
  });
  expect(UpdateExpression).toContain('#changeSk = :changeSk');
  expect(ExpressionAttributeValues).toMatchObject({ ':changePk': 'CHANGE' });
});

test('what is done counts although nobody can be told of it', async () => {
  const table = new FakeTable();
  table.before = () => {
    throw awsError('ProvisionedThroughputExceededException');
  };
  await expect(tellNews(table, 'acts')).resolves.toBeUndefined();
});
