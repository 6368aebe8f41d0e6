import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CATALOGUE } from '../../../functions/isolation/catalogue';
import { byFramework, CHECK_GROUPS, controlLine, groupOf } from '../../../functions/isolation/check';
import { SURROUNDINGS_CHECKS } from '../../../functions/isolation/surroundings/checks';

const ROOT = join(__dirname, '../../..');
/** Anchors as GitHub makes them of the headings of a page. */
const anchorsOf = (file: string) =>
  [...readFileSync(join(ROOT, file), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );

describe('the catalogue', () => {
  const all = [...CATALOGUE, ...SURROUNDINGS_CHECKS];
  const ids = all.map(({ id }) => id);

  it('has at least 36 checks, of every group, each id once', () => {
    expect(ids.length).toBeGreaterThanOrEqual(36);
    expect(new Set(ids).size).toBe(ids.length);
    expect(new Set(all.map(groupOf))).toEqual(new Set(CHECK_GROUPS));
  });

  it.each(all.map((check) => [check.id, check] as const))(
    '%s has question, title, remediation and controls of the expected form',
    (_, check) => {
      const { question, title, controls, remediation } = check;
      expect(question).toMatch(/^[A-Z][^?]+\?$/);
      expect(title).toMatch(/^[A-Z].{8,70}[^.?]$/);
      expect(remediation.action).toMatch(/^[A-Z](?:(?!\. ).)+\.$/);
      expect(controls.length).toBeGreaterThan(0);
      for (const { framework, id } of controls)
        expect([framework, id]).toEqual([
          framework,
          expect.stringMatching(
            { FSBP: /^[A-Za-z]+[0-9]?\.\d+$/, 'CIS AWS Foundations': /^\d(\.\d+)+$/, 'SOC 2': /^(CC|A)\d\.\d$/i }[
              framework
            ],
          ),
        ]);
    },
  );

  it('names a section of the runbook that exists for each check', () => {
    const anchors = anchorsOf('docs/runbook.md');
    const named = new Set(all.map(({ remediation }) => remediation.runbook));
    const missing = [...named].filter((link) => {
      const [file, anchor = ''] = link.split('#');
      return file !== 'docs/runbook.md' || !anchors.includes(anchor);
    });
    expect(missing).toEqual([]);
  });
});

test('formats controls by framework, or in one line', () => {
  const controls = [
    { framework: 'SOC 2', id: 'CC6.1' },
    { framework: 'FSBP', id: 'KMS.4' },
    { framework: 'SOC 2', id: 'CC6.3' },
  ] as const;
  expect(byFramework(controls)).toEqual([
    { framework: 'FSBP', ids: ['KMS.4'] },
    { framework: 'SOC 2', ids: ['CC6.1', 'CC6.3'] },
  ]);
  expect(controlLine(controls)).toBe('FSBP KMS.4, SOC 2 CC6.1, CC6.3');
});
