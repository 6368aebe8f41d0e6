import { stages } from '../../../infra/config/stages';
import { requireAccountOf } from '../../../operations/stage-connection';

test('credentials of another stage’s account are refused: the stacks there have the same names', () => {
  expect(() => requireAccountOf('prod', stages.dev.env.account)).toThrow(
    `stage prod is in account ${stages.prod.env.account}, but these credentials belong to account ${stages.dev.env.account}`,
  );
  expect(() => requireAccountOf('prod', undefined)).toThrow('account (unknown)');
});

test('credentials of the stage’s own account pass', () => {
  expect(() => requireAccountOf('prod', stages.prod.env.account)).not.toThrow();
});
