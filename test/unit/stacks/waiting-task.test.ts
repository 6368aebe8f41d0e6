import { itemKeys, stateKeys, type TenantRecord, WaitingTaskSchema } from '../../../functions/contract/records';
import { beginWaiting, endWaiting, findWaitingTask, waitFor } from '../../../functions/stacks/waiting-task';
import { anExecution, aStackId, aTenant, aTenantRecord, aWaitingTask, NOW } from '../../support/builders';
import { FakeTable } from '../../support/fake-table';

const tableOf = (record?: Partial<TenantRecord>) =>
  new FakeTable(...(record ? [{ ...itemKeys.tenant(aTenant().tenantId), ...aTenantRecord(record) }] : []));
const launch = { ...aWaitingTask(), operation: 'launch' } as const;
const deletion = { ...aWaitingTask({ taskToken: 'token-2' }), operation: 'delete' } as const;
const { stackName } = launch;

test('a stored task is found by its stack’s name, and by its start time', async () => {
  const table = tableOf({});
  await beginWaiting(table, launch, 'launchStack');
  await expect(findWaitingTask(table, stackName)).resolves.toEqual(launch);
  expect(table.get(itemKeys.waitingTask(stackName))).toMatchObject(stateKeys.waitingTask(NOW));
  expect(WaitingTaskSchema.parse(table.get(itemKeys.waitingTask(stackName)))).toEqual(launch);
});

test('a stack that nobody launched has no waiting task', async () => {
  await expect(findWaitingTask(tableOf(), stackName)).resolves.toBeUndefined();
});

const ALLOWED: [string, Partial<TenantRecord> | undefined, boolean, boolean][] = [
  ['being onboarded', {}, true, true],
  ['rolling back', { status: 'ROLLING_BACK' }, false, true],
  ['FAILED', { status: 'FAILED' }, false, true],
  ['HELD', { status: 'HELD' }, false, true],
  ['ACTIVE', { status: 'ACTIVE', activatedAt: NOW }, false, false],
  ['SUSPENDED', { status: 'SUSPENDED', activatedAt: NOW }, false, false],
  ['another execution’s', { executionArn: anExecution('second') }, false, false],
  ['unknown', undefined, false, true],
];
test.each(ALLOWED)(
  'decides for a tenant that is %s whether launch and deletion may wait: %#',
  async (_, record, launches, deletes) => {
    for (const [task, permittedBy, allowed] of [
      [launch, 'launchStack', launches],
      [deletion, 'deleteStack', deletes],
    ] as const) {
      const table = tableOf(record);
      const begun = await beginWaiting(table, task, permittedBy).then(
        () => true,
        (thrown: Error) => thrown.name,
      );
      expect([task.operation, begun]).toEqual([task.operation, allowed || 'ClaimLost']);
      expect(table.get(itemKeys.waitingTask(stackName)) !== undefined).toBe(allowed);
    }
  },
);

test('F9: the write of an attempt that ran out of time, arriving late, does not replace the newer attempt’s token', async () => {
  const table = tableOf({});
  const newer = { ...launch, taskToken: 'newer', since: '2031-01-01T00:00:00.000Z' } as const;
  await beginWaiting(table, newer, 'launchStack');
  await expect(beginWaiting(table, launch, 'launchStack')).rejects.toMatchObject({ name: 'TransientConflict' });
  await expect(findWaitingTask(table, stackName)).resolves.toEqual(newer);
  await beginWaiting(table, { ...newer, since: '2031-01-01T00:00:01.000Z' }, 'launchStack');
});

test('records which stack a task waits for, and that its request is no longer under way', async () => {
  const table = tableOf({});
  await beginWaiting(table, { ...launch, launchingUntil: 1 }, 'launchStack');
  await expect(waitFor(table, launch, aStackId('network'), 'replace')).resolves.toBe(true);
  const stored = await findWaitingTask(table, stackName);
  expect(stored).toEqual({ ...launch, operation: 'replace', stackId: aStackId('network') });
});

test('does not change or recreate a task that was answered or replaced meanwhile', async () => {
  const table = tableOf({});
  await expect(waitFor(table, launch, aStackId('network'), 'launch')).resolves.toBe(false);
  expect(table.get(itemKeys.waitingTask(stackName))).toBeUndefined();
  await beginWaiting(table, deletion, 'deleteStack');
  await expect(waitFor(table, launch, aStackId('network'), 'launch')).resolves.toBe(false);
  await expect(findWaitingTask(table, stackName)).resolves.toEqual(deletion);
});

test('removes a task only by its own token, any number of times', async () => {
  const table = tableOf({});
  await beginWaiting(table, launch, 'launchStack');
  await endWaiting(table, deletion);
  await expect(findWaitingTask(table, stackName)).resolves.toEqual(launch);
  await endWaiting(table, launch);
  await endWaiting(table, launch);
  await expect(findWaitingTask(table, stackName)).resolves.toBeUndefined();
});
