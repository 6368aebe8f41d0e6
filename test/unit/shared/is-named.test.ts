import { isNamed } from '../../../functions/shared/is-named';
import { awsError } from '../../support/fake-client';

test('an error is told by any of the names asked for', () => {
  expect(isNamed(awsError('NoSuchKey'), 'NoSuchBucket', 'NoSuchKey')).toBe(true);
  expect(isNamed(awsError('NoSuchKey'), 'NoSuchBucket')).toBe(false);
});

test('what is no error has no name', () => {
  expect(isNamed({ name: 'NoSuchKey' }, 'NoSuchKey')).toBe(false);
  expect(isNamed(undefined, 'undefined')).toBe(false);
});
