import { actionHandler } from '../../../functions/shared/action-handler';
import { stackSettled } from '../../../functions/stacks/stack-settled';
import { theStacks } from '../../support/builders';
import { awsError } from '../../support/fake-client';
import { aContext } from '../../support/lambda-context';
import { type LogLine, logLines } from '../../support/log-lines';
import { StackScene } from '../../support/stack-scene';

/** As "Stack Status Change event detail" of the AWS CloudFormation User Guide has it. */
const statusChange = (stackId: string, status: string, token = '') => ({
  version: '0',
  source: 'aws.cloudformation',
  account: '111122223333',
  id: '12345678-1234-1234-1234-111122223333',
  region: 'us-west-2',
  'detail-type': 'CloudFormation Stack Status Change',
  time: '2022-02-22T22:22:22Z',
  resources: [stackId],
  detail: { 'stack-id': stackId, 'status-details': { status, 'status-reason': '' }, 'client-request-token': token },
});

let lines: LogLine[];
beforeEach(() => {
  lines = logLines();
});
afterEach(() => jest.restoreAllMocks());

async function launched() {
  const scene = new StackScene();
  const { stackId } = await scene.launch('network');
  const [stack] = scene.cloudformation.stacks;
  if (stack) scene.cloudformation.become(stack, 'CREATE_COMPLETE', theStacks().network.outputs);
  const handler = actionHandler(stackSettled, scene.deps);
  return { scene, stackId, hear: (event: unknown) => handler(event, aContext('StackSettled')) };
}

describe('StackSettled', () => {
  it('answers the waiting task when CloudFormation announces the stack’s end', async () => {
    const { scene, stackId, hear } = await launched();
    await expect(hear(statusChange(stackId, 'CREATE_COMPLETE'))).resolves.toEqual({ settlement: 'answered' });
    expect(scene.sfn.answers.get('launch-1')).toMatchObject({ output: { stackId } });
  });

  it('knows an event of the task’s own request by its token, before the task knows its stack', async () => {
    const { scene, stackId, hear } = await launched();
    scene.table.put({ ...scene.waiting('network'), stackId: undefined });
    const another = 'of another request';
    await expect(hear(statusChange(stackId, 'CREATE_COMPLETE', another))).resolves.toEqual({ settlement: 'ignored' });
    const own = scene.tokenOf(stackId);
    await expect(hear(statusChange(stackId, 'CREATE_COMPLETE', own))).resolves.toEqual({ settlement: 'answered' });
  });

  it('ignores a status that is no end, and a second event', async () => {
    const { scene, stackId, hear } = await launched();
    await expect(hear(statusChange(stackId, 'CREATE_IN_PROGRESS'))).resolves.toEqual({ settlement: 'ignored' });
    await hear(statusChange(stackId, 'CREATE_COMPLETE'));
    await expect(hear(statusChange(stackId, 'CREATE_COMPLETE'))).resolves.toEqual({ settlement: 'ignored' });
    expect(scene.sfn.answers.size).toBe(1);
  });

  it('throws when it cannot answer, so Lambda repeats the event and the task still waits', async () => {
    const { scene, stackId, hear } = await launched();
    scene.sfn.before = () => {
      throw awsError('ThrottlingException');
    };
    await expect(hear(statusChange(stackId, 'CREATE_COMPLETE'))).rejects.toMatchObject({ name: 'TransientThrottling' });
    expect(scene.waiting('network')).toBeDefined();
    scene.sfn.before = () => {};
    await expect(hear(statusChange(stackId, 'CREATE_COMPLETE'))).resolves.toEqual({ settlement: 'answered' });
  });

  it('refuses an input that is no CloudFormation event', async () => {
    const { hear } = await launched();
    await expect(hear({ detail: {} })).rejects.toMatchObject({ name: 'InvalidRequest' });
  });

  it('logs which stack settled and how, and neither the token nor the outputs', async () => {
    const { stackId, hear } = await launched();
    await hear(statusChange(stackId, 'CREATE_COMPLETE'));
    expect(lines).toContainEqual(
      expect.objectContaining({ message: 'stack.settled', stackId, settlement: 'answered' }),
    );
    expect(JSON.stringify(lines)).not.toMatch(/launch-1|vpc-0acme/);
  });
});
