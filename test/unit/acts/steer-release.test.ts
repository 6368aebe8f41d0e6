import { steerRelease } from '../../../functions/acts/steer-release';
import { itemKeys } from '../../../functions/contract/records';
import { NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';
import { aReleaseRun, DIGEST } from '../../support/release-world';

const OTHER = `sha256:${'b'.repeat(64)}`;
const claim = {
  ...{ cell: 'cell1', releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
  ...{ phase: 'BakeRing', intent: 'go', rings: [], startedAt: NOW },
};

function aScene({
  claimed = {},
  live = {},
  run = {},
  gone = false,
  redrive = {},
  afterwards = run,
}: Record<string, object | boolean> = {}) {
  const table = new FakeTable(
    { ...itemKeys.liveColour('cell1'), colour: 'green', since: NOW, ...(live as object) },
    ...(claimed ? [{ ...itemKeys.release('cell1'), ...claim, ...(claimed as object) }] : []),
  );
  const answered = gone ? awsError('TaskTimedOut') : {};
  const sfn = new FakeClient({
    SendTaskSuccessCommand: answered,
    SendTaskFailureCommand: answered,
    DescribeExecutionCommand: ({ executionArn }: { executionArn: string }, before: number) => {
      if (executionArn !== aReleaseRun()) return awsError('ExecutionDoesNotExist');
      const told = before === 0 ? run : afterwards;
      return told instanceof Error ? told : { status: 'RUNNING', ...(told as object) };
    },
    RedriveExecutionCommand: redrive,
    StartExecutionCommand: { executionArn: aReleaseRun('new') },
  });
  const deps = { table, sfn, releaseMachineArn: 'arn:releases', pauseMs: 0 };
  const steer = (intent: 'go' | 'hold' | 'back') =>
    steerRelease(deps, { kind: 'steer-release', cell: 'cell1', intent });
  return { steer, table, sfn, intent: () => table.get(itemKeys.release('cell1'))?.intent };
}

const waiting = { for: 'bake', taskToken: 'token-1' };
const steered = { how: 'steered', releaseId: 'r1', executionArn: aReleaseRun() };

it('holds a release after the ring under way, and does not end the ring’s time', async () => {
  const { steer, sfn, intent } = aScene({ claimed: { waiting } });
  await expect(steer('hold')).resolves.toEqual(steered);
  expect([intent(), sfn.inputs('SendTaskSuccessCommand')]).toEqual(['hold', []]);
});

it('lets a release continue at once', async () => {
  const { steer, sfn, intent } = aScene({ claimed: { waiting, intent: 'hold' } });
  await expect(steer('go')).resolves.toEqual(steered);
  expect([intent(), sfn.inputs('SendTaskSuccessCommand')]).toEqual(['go', [{ taskToken: 'token-1', output: '{}' }]]);
});

it('returns the tenants of a waiting release at once', async () => {
  const { steer, sfn, intent } = aScene({ claimed: { waiting } });
  await expect(steer('back')).resolves.toEqual(steered);
  expect(intent()).toBe('back');
  expect(sfn.inputs('SendTaskFailureCommand')).toMatchObject([{ taskToken: 'token-1', error: 'ReleaseRecalled' }]);
  expect(sfn.inputs('RedriveExecutionCommand')).toEqual([]);
});

it('accepts that the ring’s time has ended a moment before', async () => {
  const { steer } = aScene({ claimed: { waiting }, gone: true });
  await expect(steer('go')).resolves.toEqual(steered);
});

it('redrives a stopped release, so that it returns its tenants', async () => {
  const { steer, sfn } = aScene({ run: { status: 'ABORTED' } });
  await expect(steer('back')).resolves.toEqual(steered);
  expect(sfn.inputs('RedriveExecutionCommand')).toEqual([{ executionArn: aReleaseRun() }]);
});

const OVER = { status: 'ABORTED', redriveStatus: 'NOT_REDRIVABLE' };
it.each([
  ['can no longer redrive it', { run: OVER, redrive: awsError('ExecutionNotRedrivable') }],
  [
    'has just ceased to redrive it',
    { run: { ...OVER, redriveStatus: 'REDRIVABLE' }, afterwards: OVER, redrive: awsError('ExecutionNotRedrivable') },
  ],
  ['has deleted it', { run: awsError('ExecutionDoesNotExist') }],
])('says that a stopped release cannot go back when AWS %s', async (_, scene) => {
  const { steer } = aScene(scene);
  await expect(steer('back')).resolves.toEqual({
    how: 'nothing',
    because:
      'AWS can no longer redrive release r1: its tenants get the live version within some minutes, then cell cell1 is free',
  });
});

it.each([
  ['runs again', { status: 'RUNNING', redriveStatus: 'NOT_REDRIVABLE', redriveCount: 1 }],
  ['has run again, and returned its tenants', { status: 'FAILED', redriveStatus: 'NOT_REDRIVABLE', redriveCount: 1 }],
  ['is shown as stopped still', { status: 'ABORTED', redriveStatus: 'REDRIVABLE' }],
])(
  'tells the second of two operators who take a stopped release back that it goes back when it %s',
  async (_, afterwards) => {
    const run = { status: 'ABORTED', redriveStatus: 'REDRIVABLE' };
    const { steer, intent } = aScene({ run, afterwards, redrive: awsError('ExecutionNotRedrivable') });
    await expect(steer('back')).resolves.toEqual(steered);
    expect(intent()).toBe('back');
  },
);

it('does nothing when the release ends at the same moment', async () => {
  const { steer, table, sfn } = aScene();
  table.before = (command) => {
    if (command === 'UpdateCommand') table.put({ ...itemKeys.release('cell1'), ...claim, endedAt: NOW });
  };
  await expect(steer('back')).resolves.toEqual({ how: 'nothing', because: 'release r1 has just ended' });
  expect(sfn.sent).toEqual([]);
});

it('starts a release of the previous image when no release is under way', async () => {
  const { steer, sfn } = aScene({ claimed: { endedAt: NOW }, live: { releaseId: 'r1', formerDigest: OTHER } });
  const releaseId = `r-${'b'.repeat(12)}-after-r1`;
  await expect(steer('back')).resolves.toEqual({
    ...{ how: 'started', releaseId, digest: OTHER, executionArn: aReleaseRun('new') },
  });
  const [{ input, stateMachineArn } = {}] = sfn.inputs('StartExecutionCommand');
  expect([stateMachineArn, JSON.parse(String(input))]).toEqual([
    'arn:releases',
    { cell: 'cell1', digest: OTHER, releaseId, request: expect.any(String) },
  ]);
});

it.each([
  ['hold', { formerDigest: OTHER }, 'no release is under way in cell cell1'],
  ['back', {}, 'no release has brought the version that cell cell1 had before'],
] as const)(
  'does nothing for %s when no release is under way and none can be returned to',
  async (intent, live, because) => {
    const { steer, sfn } = aScene({ claimed: { endedAt: NOW }, live });
    await expect(steer(intent)).resolves.toEqual({ how: 'nothing', because });
    expect(sfn.sent).toEqual([]);
  },
);
