import { expressionMatches } from '../../../functions/isolation/expression';

const AGENT = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Safari/537.36';

test.each([
  ['matches', 'Mozilla', '', true],
  ['does not match', 'SemrushBot', '', false],
  ['in another letter case', 'mozilla', '', false],
  ['with a flag', 'mozilla', 'i', true],
  ['with PCRE’s flag', '(?i)mozilla', 'i', true],
  ['that Node does not understand', '(?x)(', '', undefined],
  // Each would take Node's engine longer than anybody waits.
  ['of nested quantifiers', '^(([A-Za-z0-9 ().;,/_-])+)+%$', '', undefined],
  ['of overlapping alternatives', '^(?:[A-Z]|[^%]|.)+%$', 'i', undefined],
])('an expression %s', (_, expression, flags, expected) => {
  expect(expressionMatches(expression, AGENT, flags)).toBe(expected);
});
