import { StageOutputsSchema } from '../../../functions/contract/outputs';
import { itemKeys } from '../../../functions/contract/records';
import { requireNoRelease } from '../../../infra/release-under-way';
import { NOW } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';
import { aReleaseRun, DIGEST } from '../../support/release-world';

const claim = {
  ...itemKeys.release('c1'),
  ...{ cell: 'c1', releaseId: 'r1', executionArn: aReleaseRun(), digest: DIGEST, from: 'blue', to: 'green' },
  ...{ phase: 'ShiftRing', intent: 'go', rings: [], startedAt: NOW },
};
const Outputs = Object.keys(StageOutputsSchema.shape).map((key) => ({
  OutputKey: key.replace(/^./, (letter) => letter.toUpperCase()),
  OutputValue: key.endsWith('Url') ? 'https://sqs.example/queue' : key,
}));
const deployed = new FakeClient({ DescribeStacksCommand: { Stacks: [{ Outputs }] } });

const asked = (table: FakeTable, cloudformation = deployed) =>
  requireNoRelease({ cloudformation, table: table.client }, [{ name: 'c1' }, { name: 'c2' }]);

test('a deployment is refused while a release has a cell, and told which one and what to do', async () => {
  await expect(asked(new FakeTable(claim))).rejects.toThrow(/^release r1 has cell c1 .*--back.*--despite-release$/);
});

test('one that has ended is no obstacle, nor is a cell that never had one', async () => {
  await asked(new FakeTable({ ...claim, endedAt: NOW, outcome: 'completed' }));
  await asked(new FakeTable());
});

test('a stage that is not deployed has no release', async () => {
  const absent = new FakeClient({ DescribeStacksCommand: awsError('ValidationError', 'Stack does not exist') });
  await asked(new FakeTable(claim), absent);
});
