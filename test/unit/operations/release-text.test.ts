import { itemKeys } from '../../../functions/contract/records';
import { Releases } from '../../../operations/client/releases';
import { releasesText } from '../../../operations/release-text';
import { aCell, NOW } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';
import { FakeTable } from '../../support/fake-table';
import { aStageClient } from '../../support/running-console';

const claim = {
  ...{ cell: 'c1', releaseId: 'r1', executionArn: 'arn:run', digest: 'sha256:abc', phase: 'BakeRing', startedAt: NOW },
  ...({ from: 'blue', to: 'green', intent: 'go' } as const),
};
const ring = (number: number, tenants: number) => ({ ring: number, tenants, at: NOW });

test('--status tells a release that was stopped from one that is under way, and what to do', () => {
  const of = (more: object) =>
    releasesText({ cell: 'c1', live: undefined, claim: { ...claim, rings: [] }, tenants: [], ...more });
  expect(of({})).toContain('under way, at BakeRing');
  expect(of({ stopped: 'redrivable' })).toContain('stopped, at BakeRing: redrive the execution, or release --back');
  expect(of({ stopped: 'for-good' })).toMatch(/stopped, at BakeRing: AWS can no longer redrive it/);
  expect(of({ stopped: 'for-good' })).not.toContain('redrive the execution');
});

test('--status has a line for each ring, and tells the cell’s own page from tenants', () => {
  const live = { colour: 'blue', since: NOW } as const;
  const text = releasesText({ cell: 'c1', live, claim: { ...claim, rings: [ring(0, 0), ring(1, 3)] }, tenants: [] });
  const lines = text.split('\n').map((line) => line.trim());
  expect(lines).toContain(`ring 0: the cell's own page at ${NOW}`);
  expect(lines).toContain(`ring 1: 3 tenants at ${NOW}`);
});

describe('the release of a cell', () => {
  const item = { ...itemKeys.release('c1'), ...claim, digest: `sha256:${'a'.repeat(64)}`, rings: [] };
  const ended = { ...item, endedAt: NOW, outcome: 'completed' };
  const told = async (execution: object, meanwhile?: object) => {
    const table = new FakeTable(item);
    const answer = () => {
      if (meanwhile) table.put({ ...meanwhile });
      return execution;
    };
    const client = Object.assign(aStageClient(table), { sfn: new FakeClient({ DescribeExecutionCommand: answer }) });
    return await new Releases(client as never).status(aCell({ name: 'c1' }));
  };

  it.each([
    ['RUNNING', undefined, undefined],
    ['ABORTED', 'REDRIVABLE', 'redrivable'],
    ['ABORTED', 'NOT_REDRIVABLE', 'for-good'],
  ])('with an execution that is %s and %s is stopped: %s', async (status, redriveStatus, stopped) => {
    expect((await told({ status, redriveStatus })).stopped).toBe(stopped);
  });

  it('that ends between two looks is told as ended, and not as stopped', async () => {
    const release = await told({ status: 'SUCCEEDED', redriveStatus: 'NOT_REDRIVABLE' }, ended);
    expect(release).toMatchObject({ claim: { outcome: 'completed' } });
    expect(release.stopped).toBeUndefined();
  });
});
