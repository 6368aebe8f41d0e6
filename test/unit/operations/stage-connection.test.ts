import { type StageOutputs, StageOutputsSchema, stackOutputs } from '../../../functions/contract/outputs';
import { stages } from '../../../infra/config/stages';
import { outputsOf, requireAccountOf } from '../../../operations/stage-connection';
import { awsError, FakeClient } from '../../support/fake-client';

test('refuses credentials of another account than the stage’s: stacks there have the same names', () => {
  expect(() => requireAccountOf('prod', stages.dev.env.account)).toThrow(
    `stage prod is in account ${stages.prod.env.account}, but these credentials belong to account ${stages.dev.env.account}`,
  );
  expect(() => requireAccountOf('prod', undefined)).toThrow('account (unknown)');
});

test('accepts credentials of the stage’s account', () => {
  expect(() => requireAccountOf('prod', stages.prod.env.account)).not.toThrow();
});

describe('outputs of a deployed stage', () => {
  const outputs = Object.fromEntries(
    Object.keys(StageOutputsSchema.shape).map((key) => [key, key.endsWith('Url') ? 'https://queue.example' : key]),
  ) as unknown as StageOutputs;
  const stackWith = (values: Readonly<Record<string, string>>) => {
    const Outputs = Object.entries(values).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue }));
    return new FakeClient({ DescribeStacksCommand: { Stacks: [{ StackStatus: 'UPDATE_COMPLETE', Outputs }] } });
  };

  test('are read from its stacks', async () => {
    await expect(outputsOf(stackWith(stackOutputs(outputs)), 'dev')).resolves.toEqual(outputs);
  });

  test('of an older release lack values: the error names them and says what to do', async () => {
    const { UnmatchedEventsUrl: _, ...older } = stackOutputs(outputs);
    await expect(outputsOf(stackWith(older), 'dev')).rejects.toThrow(
      /stage dev was deployed by another release.*lacks the outputs UnmatchedEventsUrl\. .*npm run deploy -- --stage dev/,
    );
  });

  test('of a stage that does not exist are an error that says how to deploy it', async () => {
    const none = awsError('ValidationError', 'Stack with id TenantOnboarding-ControlPlane does not exist');
    await expect(outputsOf(new FakeClient({ DescribeStacksCommand: none }), 'dev')).rejects.toThrow(
      /stage dev is not deployed.*npm run deploy -- --stage dev/,
    );
    const other = awsError('ValidationError', '1 validation error detected');
    await expect(outputsOf(new FakeClient({ DescribeStacksCommand: other }), 'dev')).rejects.toThrow('1 validation');
  });
});
