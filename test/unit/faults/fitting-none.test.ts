import { fittingNone } from '../../faults/matrix';

test.each([
  'throttled three times',
  'throttled three times: ReserveTenant dynamodb:BatchGetItem#1',
  'refused for good, in the rollback: DeleteStacks',
  'stack fails',
  'sibling still launching: storage being created',
  'StopExecution: ReserveTenant',
])('the key of a trial may begin so: %s', (key) => {
  expect(fittingNone([key])).toEqual([]);
});

test.each(['nosuch', 'throttled three times, ReserveTenant', 'Throttled'])('no key begins so: %s', (key) => {
  expect(fittingNone(['StopExecution', key])).toEqual([key]);
});
