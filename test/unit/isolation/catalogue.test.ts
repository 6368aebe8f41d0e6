import { CATALOGUE } from '../../../functions/isolation/catalogue';
import { CHECK_GROUPS, groupOf } from '../../../functions/isolation/check';

describe('the catalogue', () => {
  const ids = CATALOGUE.map(({ id }) => id);

  it('asks at least 36 questions, of every group, each once', () => {
    expect(ids.length).toBeGreaterThanOrEqual(36);
    expect(new Set(ids).size).toBe(ids.length);
    expect([...new Set(CATALOGUE.map(groupOf))]).toEqual([...CHECK_GROUPS]);
  });

  it('tells each question as one, with the control that it is evidence for', () => {
    for (const { id, question, title, control } of CATALOGUE) {
      expect([id, question]).toEqual([id, expect.stringMatching(/^[A-Z][^?]+\?$/)]);
      expect([id, title]).toEqual([id, expect.stringMatching(/^[A-Z].{8,70}[^.?]$/)]);
      expect([id, control]).toEqual([id, expect.stringMatching(/^(FSBP|CIS AWS Foundations|SOC 2) /)]);
    }
  });
});
