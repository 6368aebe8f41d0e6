import { releasesText } from '../../../operations/release-text';
import { NOW } from '../../support/builders';

const claim = {
  ...{ cell: 'c1', releaseId: 'r1', executionArn: 'arn:run', digest: 'sha256:abc', phase: 'BakeRing', startedAt: NOW },
  ...({ from: 'blue', to: 'green', intent: 'go' } as const),
};
const ring = (number: number, tenants: number) => ({ ring: number, tenants, at: NOW });

test('--status tells a release that was stopped from one that is under way, and what to do', () => {
  const of = (more: object) =>
    releasesText({ cell: 'c1', live: undefined, claim: { ...claim, rings: [] }, tenants: [], ...more });
  expect(of({})).toContain('under way, at BakeRing');
  expect(of({ stopped: true })).toContain('stopped, at BakeRing: redrive the execution, or release --back');
});

test('--status has a line for each ring, and tells the cell’s own page from tenants', () => {
  const live = { colour: 'blue', since: NOW } as const;
  const text = releasesText({ cell: 'c1', live, claim: { ...claim, rings: [ring(0, 0), ring(1, 3)] }, tenants: [] });
  const lines = text.split('\n').map((line) => line.trim());
  expect(lines).toContain(`ring 0: the cell's own page at ${NOW}`);
  expect(lines).toContain(`ring 1: 3 tenants at ${NOW}`);
});
