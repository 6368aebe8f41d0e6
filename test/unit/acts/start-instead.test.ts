import { startInstead } from '../../../functions/acts/start-instead';
import { anExecution, aSignup, aSignupEvent } from '../../support/builders';
import { awsError, FakeClient } from '../../support/fake-client';

const MACHINE = 'arn:aws:states:eu-central-1:111122223333:stateMachine:TenantOnboarding';

/** Step Functions, where executions go on running: an equal request gets the answer of the first ("StartExecution"). */
function aMachine() {
  const inputs = new Map<string, string>();
  return new FakeClient({
    // Nobody sees the execution before all have asked for it.
    DescribeExecutionCommand: awsError('ExecutionDoesNotExist'),
    StartExecutionCommand: ({ name, input }: { name: string; input: string }) => {
      if ((inputs.get(name) ?? input) !== input) return awsError('ExecutionAlreadyExists');
      inputs.set(name, input);
      return { executionArn: anExecution(name) };
    },
  });
}

test.each([
  ['a signup', aSignup()],
  ['an event', aSignupEvent()],
])('G3: of operators who ask for the same at the same moment, one has started %s', async (_, input) => {
  const sfn = aMachine();
  const asked = await Promise.all([1, 2, 3].map(() => startInstead(sfn, 'anew', anExecution('old'), input, MACHINE)));
  expect(asked.filter(({ isNew }) => isNew)).toHaveLength(1);
  const [sent] = sfn.inputs('StartExecutionCommand');
  expect(JSON.parse(String(sent?.input))).toMatchObject(input);
});
