import { migrationText, planText } from '../../../operations/migration-text';

const target = '0002-source-0123456789ab';

test('the preview names who is behind, and by which files', () => {
  const behind = [
    { tenantId: 't1', host: 'acme.example', files: ['0001-leads-0123456789ab', target] },
    { tenantId: 't2', host: 'beta.example', files: [] },
  ];
  expect(planText({ cell: 'c1', target, behind, current: 3, unreadable: ['t9'] })).toBe(
    [
      'cell c1: 2 of 5 tenants are behind 0002-source',
      '  acme.example  2 behind: 0001-leads, 0002-source',
      '  beta.example  roles of an earlier release',
      '  t9  its record cannot be read: docs/runbook.md#item-unreadable',
    ].join('\n'),
  );
});

const claim = {
  cell: 'c1',
  executionArn: 'arn:run',
  phase: 'expand',
  target,
  startedAt: '2026-11-29T12:00:00Z',
} as const;
const counts = { migrated: 2, left: 1, failed: 1, current: 0 };
const failure = { host: 'beta.example', step: 'MigrateTenant', error: 'MigrationFailed', reason: '(42601)', at: '' };

test.each([
  ['no migration yet', undefined],
  ['under way', claim],
  ['stopped', { ...claim, unfinished: failure }],
  [
    'failed at 2026-11-29T12:01:00Z',
    { ...claim, counts, failure, endedAt: '2026-11-29T12:01:00Z', outcome: 'failed' as const },
  ],
])('the state of a migration: %s', (text, given) => {
  expect(migrationText('c1', given)).toContain(text);
});

test('a failure is told with its tenant', () => {
  const text = migrationText('c1', { ...claim, counts, failure });
  expect(text).toContain('beta.example: MigrationFailed\n             (42601)');
  expect(text).toContain('2 migrated, 0 were current, 1 failed, 1 left');
});
