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
/** A stage of an earlier release, which lacks what this one added. */
const Outputs = [{ OutputKey: 'TenantsTableName', OutputValue: 'tenants' }];
const deployed = new FakeClient({ DescribeStacksCommand: { Stacks: [{ Outputs }] } });

const asked = (table: FakeTable, cloudformation = deployed) =>
  requireNoRelease({ cloudformation, table: table.client }, [{ name: 'c1' }, { name: 'c2' }]);

test('refuses a deployment, of a stage of an earlier release, too, while a release moves the tenants of a cell; the error names it and says what to do', async () => {
  await expect(asked(new FakeTable(claim))).rejects.toThrow(/^release r1 has cell c1 .*--back.*--despite-release$/);
});

test('accepts a deployment when the release has ended, or the cell never had one', async () => {
  await asked(new FakeTable({ ...claim, endedAt: NOW, outcome: 'completed' }));
  await asked(new FakeTable());
});

test('accepts a stage that is not deployed', async () => {
  const absent = new FakeClient({ DescribeStacksCommand: awsError('ValidationError', 'Stack does not exist') });
  await asked(new FakeTable(claim), absent);
});
