import { stripVTControlCharacters } from 'node:util';
import { type Figure, figuresTable, isMet, median, percentile, toJson } from '../support/figures';

const figure = (value: number, limit?: Figure['limit']): Figure => ({
  name: 'one',
  value,
  unit: 'times',
  ...(limit && { limit }),
});

test.each([
  ['>= 5', { atLeast: 5 }, [5, 6], [4.99, Number.NaN]],
  ['<= 1.5', { atMost: 1.5 }, [1.5, 0], [1.51, Number.NaN]],
  ['< 30', { below: 30 }, [29.9], [30, Number.NaN]],
  ['= 1', { exactly: 1 }, [1], [0, 2, Number.NaN]],
])('a limit of %s', (text, limit, met, missed) => {
  expect(met.map((value) => isMet(figure(value, limit)))).toEqual(met.map(() => true));
  expect(missed.map((value) => isMet(figure(value, limit)))).toEqual(missed.map(() => false));
  expect(toJson(figure(1, limit)).limit).toBe(text);
});

test('a figure with a problem is missed, whatever its value and limit are', () => {
  const problems = ['slot c1 3 is free and taken'];
  expect(isMet({ ...figure(1, { exactly: 1 }), problems })).toBe(false);
  const lines = stripVTControlCharacters(figuresTable([{ ...figure(1), problems }]));
  expect(lines).toContain('missed');
});

test('a figure without a limit is never missed', () => {
  expect(toJson(figure(7))).toEqual({ name: 'one', value: 7, unit: 'times', limit: null, ok: true });
});

test('the table says whether each figure meets its limit', () => {
  const table = figuresTable([figure(1.2345, { atMost: 1 }), figure(20_000, { atLeast: 5 }), figure(3)]);
  // Coloured where the terminal, or CI, says so.
  const lines = stripVTControlCharacters(table).split('\n');
  expect(lines.filter((line) => line.includes('missed'))).toEqual([expect.stringMatching(/1\.23 times .*<= 1/)]);
  expect(lines.filter((line) => / ok/.test(line))).toEqual([expect.stringMatching(/20000 times .*>= 5/)]);
});

test.each([
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
  [[], Number.NaN],
])('the median of %j is %d', (values, expected) => {
  expect(median(values)).toBe(expected);
});

test('a percentile is a value that was measured', () => {
  const values = Array.from({ length: 200 }, (_, n) => 200 - n);
  expect([percentile(values, 50), percentile(values, 99), percentile([7], 99)]).toEqual([100, 198, 7]);
  expect(percentile([], 50)).toBeNaN();
});
