import { CHECK_GROUPS } from '../../../functions/isolation/check';
import { evidencePage } from '../../../functions/isolation/evidence-page';
import { EvidenceSchema, sealed } from '../../../functions/isolation/evidence-report';
import { anAnswer, anEvidence } from '../../support/evidence';

const DIGEST = 'ab'.repeat(32);
const page = (...overrides: Parameters<typeof anEvidence>) => evidencePage(anEvidence(...overrides), DIGEST);
const HOSTILE = `"><script>alert('&')</script><img src=https://evil.example/x onerror=alert(1)>`;
const answers = CHECK_GROUPS.map((group) => anAnswer({ group, id: `${group}.one`, title: `About ${group}` }));

test('T1: a report whose checks are all unanswered says that nothing is known', () => {
  const open = anAnswer({ id: 'probes.own-key', passed: false, open: 'unanswered', evidence: 'could not be answered' });
  const page = evidencePage(anEvidence({ checks: [anAnswer(), open] }), 'd1');
  expect(page).toContain('Not verified');
  expect(page).toContain('1 of 2 checks could not be answered');
  expect(page).not.toContain('Not isolated');
});

test('has question, answer, evidence, time, severity and controls of every check', () => {
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

test('names execution, time, templates and code of the run, and the digest of the report', () => {
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

test('lists the checks of each group and counts them', () => {
  const text = page({ checks: answers });
  for (const { id } of answers) expect(text).toContain(`<code class="id">${id}</code>`);
  expect(text.match(/<tr role="row" id="check-/g)).toHaveLength(answers.length);
  expect(text).toContain(`All ${answers.length} checks passed`);
});

test('begins with the breach, and links each failed check to its row', () => {
  const checks = answers.map((answer, n) => (n === 2 ? { ...answer, passed: false, evidence: 'wide open' } : answer));
  const text = page({ checks });
  expect(text).toContain('Not isolated');
  expect(text).toContain(`1 of ${answers.length} checks failed`);
  expect(text.indexOf('What failed')).toBeLessThan(text.indexOf('Summary'));
  expect(text).toContain('href="#check-storage-one"');
  expect(text).toContain('id="check-storage-one" class="failed"');
  expect(page({ checks: answers })).not.toContain('What failed');
});

test('says what to do about a failed check, with a link to the runbook', () => {
  const text = page({ checks: [anAnswer(), anAnswer({ id: 'storage.other', passed: false })] });
  const failures = /<ul class="failures">.*?<\/ul>/s.exec(text)?.[0] ?? '';
  expect(failures).toContain('Restore the bucket’s policy. <code>docs/runbook.md#isolation-storage</code>');
  expect(page({ checks: answers })).not.toContain('What to do:');
});

test('keeps what is for a phone from paper, which is as narrow', () => {
  const narrow = page().match(/@media [^{]*max-width[^{]*/g);
  expect(narrow).toEqual(['@media screen and (max-width: 46rem) ']);
});

test('says what was not asked, and why', () => {
  const text = page({ notAsked: [{ id: 'cell.dns', title: 'About names', because: 'no audit has asked' }] });
  expect(text).toContain('What was not asked');
  expect(text).toMatch(/About names.*cell\.dns<\/code> · no audit has asked/s);
  expect(page()).not.toContain('What was not asked');
});

test('names the parameters of the stacks and the clients that asked', () => {
  const parameters = { network: {}, database: { Plan: HOSTILE }, storage: {}, access: {} };
  const text = page({ parameters, sdkVersions: { s3: '3.1173.0' } });
  expect(text).toContain('Parameters of the database stack');
  expect(text).toMatch(/<code>s3<\/code><\/th><td><code>3\.1173\.0/);
  expect(text).not.toContain('<script>');
});

test('is the same when it is made from the stored report, whose keys are in order', () => {
  const parameters = {
    network: { VpcCidr: '10.64.0.0/24', CellVpcId: 'vpc-1' },
    database: {},
    storage: {},
    access: {},
  };
  const evidence = anEvidence({ parameters, sdkVersions: { sts: '3.1.0', ec2: '3.1.0' } });
  const stored = EvidenceSchema.parse(JSON.parse(sealed(evidence).json));
  expect(evidencePage(stored, DIGEST)).toBe(evidencePage(evidence, DIGEST));
});

test('a control that fails says what to do', () => {
  const text = page({ checks: [anAnswer({ passed: false })] });
  const view = /<section aria-labelledby="frameworks">.*?<\/section>/s.exec(text)?.[0] ?? '';
  expect(view).toContain('What to do:</strong> Restore the bucket’s policy.');
  expect(page()).not.toContain('What to do:');
});

describe('the view by framework', () => {
  const soc2 = (id: string) => ({ framework: 'SOC 2', id }) as const;
  const fsbp = (id: string) => ({ framework: 'FSBP', id }) as const;
  const checks = [
    anAnswer({ id: 'key.one', controls: [soc2('CC6.1'), fsbp('RDS.38')] }),
    anAnswer({ id: 'key.two', controls: [soc2('CC6.1'), fsbp('RDS.9')], passed: false }),
    anAnswer({ id: 'key.three', controls: [soc2('A1.2')] }),
  ];
  const view = /<section aria-labelledby="frameworks">.*?<\/section>/s.exec(page({ checks }))?.[0] ?? '';
  const rows = [...view.matchAll(/<tr><th scope="row">(.*?)<\/th>(.*?)<\/tr>/gs)].map(([, control, rest = '']) => ({
    control,
    checks: [...rest.matchAll(/href="#(check-[a-z-]+)"/g)].map(([, anchor]) => anchor),
    result: /(Passed|Failed)<\/span>/.exec(rest)?.[1],
  }));

  it('lists each control with its checks, and passes the control when all of them pass', () => {
    expect(rows).toEqual([
      { control: 'RDS.9', checks: ['check-key-two'], result: 'Failed' },
      { control: 'RDS.38', checks: ['check-key-one'], result: 'Passed' },
      { control: 'A1.2', checks: ['check-key-three'], result: 'Passed' },
      { control: 'CC6.1', checks: ['check-key-one', 'check-key-two'], result: 'Failed' },
    ]);
  });

  it('has a table for each framework that a check names, and no other', () => {
    expect(view).toContain('AWS Foundational Security Best Practices');
    expect(view).toContain('SOC 2 Trust Services Criteria');
    expect(view).not.toContain('CIS AWS Foundations Benchmark');
  });

  it('links to rows that are on the page', () => {
    const text = page({ checks });
    for (const { checks: anchors } of rows) for (const id of anchors) expect(text).toContain(`id="${id}"`);
  });
});

test('shows results by sign and word, not by colour alone', () => {
  const text = page({ checks: [anAnswer(), anAnswer({ id: 'storage.other', passed: false })] });
  expect(text).toContain('<span aria-hidden="true">✓</span> Passed');
  expect(text).toContain('<span aria-hidden="true">✗</span> Failed');
});

test('shows markup in any value as text', () => {
  const answer = anAnswer({
    id: HOSTILE,
    title: HOSTILE,
    question: HOSTILE,
    control: HOSTILE,
    controls: [{ framework: 'FSBP', id: HOSTILE }],
    remediation: { action: HOSTILE, runbook: HOSTILE },
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

test('loads nothing from elsewhere and runs no script', () => {
  const text = page({ checks: answers });
  expect(text).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`);
  expect(text).not.toMatch(/<script|<link|<img|<iframe|@import|url\(|src=|\son[a-z]+=/);
});

test('prints rows uncut on A4, and repeats table heads', () => {
  const print = page().split('@media print')[1] ?? '';
  expect(print).toMatch(/tr, li[^{]*{ break-inside: avoid; }/);
  expect(print).toContain('thead { display: table-header-group;');
  expect(page()).toContain('@page { size: A4;');
});
