import { type InCell, startInCell } from '../../../functions/acts/start-in-cell';
import { anExecution, NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';

const stateMachineArn = 'arn:aws:states:eu-central-1:111122223333:stateMachine:TenantRelease';
const former = { executionArn: anExecution('former'), startedAt: NOW, endedAt: NOW };

/** Step Functions, which shows nobody an execution before `shown` is called. */
function aScene() {
  const inputs = new Map<string, string>();
  const statusOf = new Map<string, string>();
  let isShown = false;
  const sfn = new FakeClient({
    DescribeExecutionCommand: ({ executionArn }: { executionArn: string }) => {
      const status = statusOf.get(executionArn);
      return status && isShown ? { status } : awsError('ExecutionDoesNotExist');
    },
    StartExecutionCommand: ({ name, input }: { name: string; input: string }) => {
      const executionArn = `${stateMachineArn.replace('stateMachine', 'execution')}:${name}`;
      const status = statusOf.get(executionArn);
      if (status && (status !== 'RUNNING' || inputs.get(name) !== input)) return awsError('ExecutionAlreadyExists');
      inputs.set(name, input);
      statusOf.set(executionArn, 'RUNNING');
      return { executionArn };
    },
  });
  const start = (claim: InCell['claim'], cell = 'cell1') =>
    startInCell(sfn, { purpose: 'release', cell, stateMachineArn, input: { cell, digest: 'd' }, claim });
  return { sfn, statusOf, start, shown: () => (isShown = true) };
}

it.each([
  ['had a release before', former],
  ['never had one', undefined],
])(
  'G3: of operators who start a release at once in a cell that %s, one starts it; the others are told',
  async (_, claim) => {
    const { start } = aScene();
    const asked = await Promise.all([1, 2, 3].map(() => start(claim)));
    const [first, ...others] = asked.filter(({ how }) => how === 'started');
    expect([first?.how, others]).toEqual(['started', []]);
    for (const each of asked.filter(({ how }) => how === 'nothing'))
      expect(each).toMatchObject({
        executionArn: first?.executionArn,
        because: expect.stringContaining(`a release has cell cell1 since a moment ago: ${first?.executionArn}`),
      });
  },
);

it('starts one in each cell at once', async () => {
  const { start } = aScene();
  await expect(Promise.all([start(undefined, 'cell1'), start(undefined, 'cell2')])).resolves.toMatchObject([
    { how: 'started' },
    { how: 'started' },
  ]);
});

it('starts another one after one that ended without a claim, as often as that happens', async () => {
  const { start, statusOf, shown } = aScene();
  shown();
  const arns: string[] = [];
  for (let times = 0; times < 3; times++) {
    const { how, executionArn } = await start(former);
    expect(how).toBe('started');
    statusOf.set(executionArn, 'FAILED');
    arns.push(executionArn);
  }
  expect(new Set(arns).size).toBe(3);
});

it('starts none while the claim’s execution is running, and names it', async () => {
  const { start, statusOf, shown, sfn } = aScene();
  shown();
  statusOf.set(former.executionArn, 'RUNNING');
  await expect(start({ executionArn: former.executionArn, startedAt: NOW })).resolves.toEqual({
    ...{ how: 'nothing', executionArn: former.executionArn },
    because: `a release has cell cell1 since ${NOW}: ${former.executionArn}`,
  });
  expect(sfn.inputs('StartExecutionCommand')).toEqual([]);
});
