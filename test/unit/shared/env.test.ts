import { env } from '../../../functions/shared/env';

afterEach(() => {
  delete process.env.TABLE_NAME;
});

test('reads the variable when it is used, not before', () => {
  process.env.TABLE_NAME = 'one';
  expect(env('TABLE_NAME')).toBe('one');
  process.env.TABLE_NAME = 'two';
  expect(env('TABLE_NAME')).toBe('two');
});

test.each([undefined, ''])('a variable with value %j is a configuration error that names the variable', (value) => {
  if (value !== undefined) process.env.TABLE_NAME = value;
  const missing = expect.objectContaining({
    name: 'ConfigurationInvalid',
    message: expect.stringContaining('TABLE_NAME'),
  });
  expect(() => env('TABLE_NAME')).toThrow(missing);
});
