import { ScriptedMachine } from '../support/scripted-machine';

let machine: ScriptedMachine;
beforeAll(async () => {
  machine = await ScriptedMachine.start('hold');
}, 60_000);
afterAll(() => machine?.stop());

test('onFailure hold keeps all resources, and a redrive goes on with them', async () => {
  machine.script('LaunchStack.access', { error: 'StackFailed' }, { output: { stackName: 'access', outputs: {} } });
  const failed = await machine.run();
  expect([failed.status, failed.error]).toEqual(['FAILED', 'StackFailed']);
  expect(machine.called().filter((name) => name.startsWith('Delete') || name === 'RetireTenantKey')).toEqual([]);
  const published = machine.calls().find((call) => call.function === 'PublishFailure')?.event;
  expect(published).toMatchObject({ outcome: 'held', failure: { step: 'ProvisionStacks' } });
  expect((await machine.redrive(failed.executionArn)).status).toBe('SUCCEEDED');
});
