import fc from 'fast-check';
import { isNamed } from '../../../functions/shared/is-named';
import { LAUNCH_LEASE } from '../../../functions/stacks/launch-stack';
import { Killed } from '../../support/deaths';
import { StackScene } from '../../support/stack-scene';

/**
 * A branch of ProvisionStacks is still launching when its sibling fails and the rollback begins: every order of their
 * calls, the launch living on or dying before any of its calls. No order may leave a stack behind, or let the deletion say
 * that it is done while there is one.
 */
async function rollBackDuringLaunch(s: fc.Scheduler, scene: StackScene, diesBefore: number): Promise<string> {
  let calls = 0;
  const launching = scene
    .launch('storage', {
      deps: scene.inTurns(async (command) => {
        calls += 1;
        if (calls >= diesBefore) throw new Killed(command);
        await s.schedule(Promise.resolve(), `launch: ${command}`);
      }),
    })
    .catch((thrown: Error) => thrown.name);

  const rollback = scene.inTurns((command) => s.schedule(Promise.resolve(), `rollback: ${command}`));
  const rollingBack = async () => {
    await scene.beginRollback(rollback);
    for (let attempt = 1; ; attempt++) {
      const taskToken = `delete-${attempt}`;
      try {
        await scene.delete('storage', { taskToken, deps: rollback });
        return taskToken;
      } catch (thrown) {
        if (!isNamed(thrown, 'TransientLaunchInFlight')) throw thrown;
        // The machine tries again at once, and then after the launching function has ended, as it must within its timeout.
        if (attempt === 1) continue;
        await launching;
        scene.pass(LAUNCH_LEASE / 1000 + 1);
      }
    }
  };
  const [taskToken] = await s.waitFor(Promise.all([rollingBack(), launching]));
  return taskToken;
}

test(
  'no interleaving of a launch and the rollback leaves a stack behind',
  () =>
    fc.assert(
      fc.asyncProperty(fc.scheduler(), fc.integer({ min: 1, max: 9 }), async (s, diesBefore) => {
        const scene = new StackScene();
        const taskToken = await rollBackDuringLaunch(s, scene, diesBefore);
        if (scene.sfn.answers.has(taskToken)) expect(scene.cloudformation.living()).toEqual([]);
        for (const stack of scene.cloudformation.living())
          if (stack.StackStatus === 'DELETE_IN_PROGRESS') await scene.announce(stack, 'DELETE_COMPLETE');
        expect(scene.cloudformation.living()).toEqual([]);
        expect(scene.sfn.answers.get(taskToken)).toEqual({ output: {} });
        expect(scene.waiting('storage')).toBeUndefined();
      }),
      { numRuns: 300 },
    ),
  30_000,
);
