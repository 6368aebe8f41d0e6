import { isLost, isRefused } from '../../../service/tenant-context/lost-connection';

const withCode = (code: string) => Object.assign(new Error('in words'), { code });

test.each([
  ['57P01', 'lost'],
  ['57P03', 'lost'],
  ['08006', 'lost'],
  ['25006', 'lost'],
  ['ECONNRESET', 'lost'],
  ['ECONNREFUSED', 'lost'],
  ['28000', 'refused'],
  ['28P01', 'refused'],
  ['57014', 'neither'],
  ['53300', 'neither'],
  ['53100', 'neither'],
  ['42501', 'neither'],
  ['', 'neither'],
])('an error with the code %s is %s', (code, expected) => {
  const error = withCode(code);
  const verdict = isLost(error) ? 'lost' : isRefused(error) ? 'refused' : 'neither';
  expect(verdict).toBe(expected);
});

test.each([
  ['Connection terminated unexpectedly', true],
  ['Client has encountered a connection error and is not queryable', true],
  ['Connection terminated due to connection timeout', false],
  ['Query read timeout', false],
  ['timeout exceeded when trying to connect', false],
])('“%s” of pg: lost is %s', (message, expected) => {
  expect(isLost(new Error(message))).toBe(expected);
});
