import { isNamed } from '../../../functions/shared/is-named';
import { awsError } from '../../support/fake-client';

test('an error matches any of the given names', () => {
  expect(isNamed(awsError('NoSuchKey'), 'NoSuchBucket', 'NoSuchKey')).toBe(true);
  expect(isNamed(awsError('NoSuchKey'), 'NoSuchBucket')).toBe(false);
});

test('an object that is no Error matches no name', () => {
  expect(isNamed({ name: 'NoSuchKey' }, 'NoSuchKey')).toBe(false);
  expect(isNamed(undefined, 'undefined')).toBe(false);
});
