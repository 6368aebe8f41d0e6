import { closingLine, verdictLines } from '../../sabotage/report';
import type { Verdict } from '../../sabotage/together';

const aVerdict = (overrides: Partial<Verdict> = {}): Verdict => ({
  technique: 'open the bucket',
  check: 'storage.public-access',
  foundBy: ['storage.public-access'],
  found: true,
  evidence: 'BlockPublicPolicy is absent',
  expectedEvidence: 'BlockPublicPolicy',
  falseAlarms: [],
  seconds: 0.5,
  ...overrides,
});
const survivor = aVerdict({ found: false, foundBy: ['storage.tls'], evidence: 'nothing' });
const alarmed = aVerdict({ falseAlarms: ['key.tag: tag is absent'] });

test('reports a detected technique in one line, with its seconds and all checks that found it', () => {
  const lines = verdictLines(aVerdict({ foundBy: ['probes.own-bucket', 'storage.public-access'] }));
  expect(lines).toEqual([
    expect.stringMatching(/^open the bucket +0\.50 .*storage\.public-access.*probes\.own-bucket/),
  ]);
});

test('reports for a survivor which check should have failed, with what evidence, and what it said', () => {
  const [line, reason] = verdictLines(survivor);
  expect(line).toMatch(/not by storage\.public-access.*storage\.tls/);
  expect(reason).toContain('should name "BlockPublicPolicy", and says: nothing');
});

test('reports a check that still fails after the revert as a false alarm', () => {
  expect(verdictLines(alarmed)[1]).toContain('false alarm after the revert: key.tag: tag is absent');
});

test('ends with the number of techniques found, of checks that found them, and of false alarms', () => {
  expect(closingLine([aVerdict(), survivor, alarmed])).toContain(
    '2 of 3 attack techniques found, by 1 checks; false alarms: 1',
  );
});
