import { CHECK_GROUPS } from '../../../functions/isolation/check';
import { evidencePage } from '../../../functions/isolation/evidence-page';
import { anAnswer, anEvidence } from '../../support/evidence';

const DIGEST = 'ab'.repeat(32);
const page = (...overrides: Parameters<typeof anEvidence>) => evidencePage(anEvidence(...overrides), DIGEST);
const HOSTILE = `"><script>alert('&')</script><img src=https://evil.example/x onerror=alert(1)>`;
const answers = CHECK_GROUPS.map((group) => anAnswer({ group, id: `${group}.one`, title: `About ${group}` }));

test('says of every check the question, the answer, what was seen, when, how grave and for which control', () => {
  const answer = anAnswer({
    passed: false,
    at: '2030-01-01T11:22:33.444Z',
    evidence: 'allows everyone',
    severity: 'critical',
  });
  const row = /<tr role="row" id="check-storage-tls".*?<\/tr>/s.exec(page({ checks: [answer] }))?.[0];
  for (const said of [
    answer.title,
    answer.question,
    answer.id,
    'Failed',
    'allows everyone',
    '11:22:33 UTC',
    'Critical',
    'FSBP S3.5',
  ])
    expect(row).toContain(said);
});

test('says of the run who, when, on which templates and with which code, and its digest', () => {
  const evidence = anEvidence();
  const text = evidencePage(evidence, DIGEST).replaceAll('\u00a0', ' ');
  for (const said of [
    evidence.host,
    evidence.tenantId,
    evidence.verifiedBy,
    evidence.codeVersion,
    DIGEST,
    'storage s1',
  ])
    expect(text).toContain(said);
  expect(text).toContain('<time datetime="2030-01-01T12:00:00.000Z">1 January 2030 at 12:00:00 UTC</time>');
});

test('has each check of each group, and counts them', () => {
  const text = page({ checks: answers });
  for (const { id } of answers) expect(text).toContain(`<code class="id">${id}</code>`);
  expect(text.match(/<tr role="row" id="check-/g)).toHaveLength(answers.length);
  expect(text).toContain(`All ${answers.length} checks passed`);
});

test('a breach is the first thing said, and each failure leads to its row', () => {
  const checks = answers.map((answer, n) => (n === 2 ? { ...answer, passed: false, evidence: 'wide open' } : answer));
  const text = page({ checks });
  expect(text).toContain('Not isolated');
  expect(text).toContain(`1 of ${answers.length} checks failed`);
  expect(text.indexOf('What failed')).toBeLessThan(text.indexOf('Summary'));
  expect(text).toContain('href="#check-storage-one"');
  expect(text).toContain('id="check-storage-one" class="failed"');
  expect(page({ checks: answers })).not.toContain('What failed');
});

test('results differ by sign and word, not by colour alone', () => {
  const text = page({ checks: [anAnswer(), anAnswer({ id: 'storage.other', passed: false })] });
  expect(text).toContain('<span aria-hidden="true">✓</span> Passed');
  expect(text).toContain('<span aria-hidden="true">✗</span> Failed');
});

test('whatever a value is, it stays text', () => {
  const answer = anAnswer({
    id: HOSTILE,
    title: HOSTILE,
    question: HOSTILE,
    control: HOSTILE,
    evidence: HOSTILE,
    passed: false,
  });
  const text = page({
    checks: [answer],
    host: HOSTILE,
    tenantId: HOSTILE,
    cell: HOSTILE,
    verifiedBy: HOSTILE,
    codeVersion: HOSTILE,
    templateVersions: { network: HOSTILE, database: HOSTILE, storage: HOSTILE, access: HOSTILE },
  });
  expect(text).not.toMatch(/<script|<img/);
  expect(text).toContain('&lt;script&gt;alert(&#39;&amp;&#39;)&lt;/script&gt;');
  for (const [, value] of text.matchAll(/(?:id|href|class)="([^"]*)"/g)) expect(value).toMatch(/^[#A-Za-z0-9 -]*$/);
});

test('loads nothing and runs nothing', () => {
  const text = page({ checks: answers });
  expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(text).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|src=|\son[a-z]+=/);
});

test('on paper a row is never cut and a head is repeated on A4', () => {
  const print = page().split('@media print')[1] ?? '';
  expect(print).toMatch(/tr, li[^{]*{ break-inside: avoid; }/);
  expect(print).toContain('thead { display: table-header-group;');
  expect(page()).toContain('@page { size: A4;');
});
