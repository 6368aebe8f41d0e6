import { failureReport } from '../../../functions/contract/failure-report';
import { itemKeys, stateKeys } from '../../../functions/contract/records';
import type { StageClient } from '../../../operations/client/stage-client';
import { listTenants, type TenantFilter } from '../../../operations/client/tenant-list';
import { redriveFailed } from '../../../operations/ops/acts';
import { EXIT } from '../../../operations/ops/exit';
import { anExecution, aTenant, aTenantRecord, NOW } from '../../support/builders';
import { FakeTable } from '../../support/fake-table';

const executionArn = anExecution('again');

function aFailure(tenantId: string, error: string) {
  const failure = { step: 'LaunchDatabase', error, reason: 'seen' };
  const told = { ...failureReport({ executionArn: anExecution(), failure, outcome: 'rolled-back' }), at: NOW };
  return {
    ...aTenantRecord({ ...aTenant(), tenantId, status: 'FAILED', failure: told }),
    ...itemKeys.tenant(tenantId),
    ...stateKeys.tenant('FAILED', tenantId),
  };
}

const MENDABLE = aFailure('t000000000000000', 'StackFailed');
const MALFORMED = aFailure('t111111111111111', 'InvalidSignup');
const ABANDONED = aFailure('t222222222222222', 'OnboardingAbandoned');

/** Failed tenants in the table, and an operator's client whose redrives end so. */
function scene(
  records: readonly Record<string, unknown>[],
  redrive = async (): Promise<object> => ({ how: 'redriven', executionArn }),
) {
  const table = new FakeTable(...records);
  const redriven: string[] = [];
  const client = {
    tenants: (filter: TenantFilter) => listTenants(table, filter),
    redrive: async ({ tenant }: { tenant: string }) => {
      redriven.push(tenant);
      return await redrive();
    },
  } as unknown as StageClient;
  const printed: { data: unknown; text: string }[] = [];
  const print = (data: unknown, text: () => string) => printed.push({ data, text: text() });
  const interrupting = new AbortController();
  const run = (yes: boolean) => redriveFailed({ client, print, signal: interrupting.signal }, { yes });
  return { run, redriven, printed, interrupt: () => interrupting.abort(new Error('interrupted')) };
}

test('who would be redriven is shown, and who is left and why; nothing is done', async () => {
  const { run, redriven, printed } = scene([MENDABLE, MALFORMED, ABANDONED]);
  expect(await run(false)).toBe(EXIT.done);
  expect(redriven).toEqual([]);
  expect(printed).toMatchObject([{ data: [{ tenantId: MENDABLE.tenantId }] }]);
  expect(printed[0]?.text).toContain('1 would be redriven; --yes does it');
  expect(printed[0]?.text).toContain(`${MALFORMED.tenantId}  is left: the signup is malformed`);
  expect(printed[0]?.text).toContain(`${ABANDONED.tenantId}  is left: the onboarding was abandoned`);
});

test('with --yes exactly those are redriven, and told as one document', async () => {
  const { run, redriven, printed } = scene([MENDABLE, MALFORMED, ABANDONED]);
  expect(await run(true)).toBe(EXIT.done);
  expect(redriven).toEqual([MENDABLE.tenantId]);
  expect(printed).toMatchObject([{ data: [{ tenantId: MENDABLE.tenantId, how: 'redriven', executionArn }] }]);
});

test('a redrive that fails stops no other, and is told', async () => {
  const { run, redriven, printed } = scene([MENDABLE, aFailure('t333333333333333', 'StackFailed')], async () => {
    throw new Error('access denied');
  });
  expect(await run(true)).toBe(EXIT.failed);
  expect(redriven).toHaveLength(2);
  expect(printed[0]?.data).toEqual(redriven.map((tenantId) => ({ tenantId, error: 'access denied' })));
});

test('interrupted, no further one is redriven, and the first is told', async () => {
  const records = [MENDABLE, aFailure('t333333333333333', 'StackFailed')];
  const { run, redriven, printed, interrupt } = scene(records, async () => {
    interrupt();
    return { how: 'redriven', executionArn };
  });
  await expect(run(true)).rejects.toThrow('interrupted');
  expect(redriven).toHaveLength(1);
  expect(printed).toMatchObject([{ data: [{ tenantId: redriven[0], how: 'redriven' }] }]);
});

test('where no redrive can help, there is nothing to do', async () => {
  const { run, redriven, printed } = scene([MALFORMED]);
  expect(await run(true)).toBe(EXIT.nothing);
  expect(redriven).toEqual([]);
  expect(printed).toMatchObject([{ data: [], text: expect.stringContaining('is left: the signup is malformed') }]);
});
