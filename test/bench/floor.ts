import {
  DisableRuleCommand,
  EnableRuleCommand,
  EventBridgeClient,
  ListRulesCommand,
} from '@aws-sdk/client-eventbridge';
import type { Platform } from '../../local/platform';
import { type Figure, median } from '../support/figures';
import { startBareProcess } from './bare-process';
import { deployInstantMachine } from './instant-machine';
import type { Onboardings } from './onboardings';

const WARM_UPS = 2;
const ROUNDS = 7;

/** StackSettled would answer for the bare script's stacks before the script does: its rule rests meanwhile. */
async function stackEventsRule({ aws }: Platform) {
  const client = new EventBridgeClient(aws);
  const { Rules = [] } = await client.send(new ListRulesCommand({}));
  const rule = Rules.find(({ EventPattern }) => EventPattern?.includes('CloudFormation Stack Status Change'));
  if (!rule) throw new Error('no rule for the status events of stacks');
  return {
    rest: () => client.send(new DisableRuleCommand({ Name: rule.Name })),
    work: () => client.send(new EnableRuleCommand({ Name: rule.Name })),
  };
}

/**
 * A warm onboarding against its floor: what the machine costs when its functions do nothing, and what the calls to AWS cost
 * when nothing is around them. Rounds of the three in turn, so that whatever else the machine does falls on all alike.
 */
export async function floorFigures(platform: Platform, onboardings: Onboardings): Promise<Figure[]> {
  const bare = await startBareProcess(platform);
  const rule = await stackEventsRule(platform);
  const bareRun = async () => {
    await rule.rest();
    try {
      return await bare.onboard(onboardings.signup());
    } finally {
      await rule.work();
    }
  };
  try {
    const { answers } = await bareRun();
    const instant = await deployInstantMachine(platform, answers);
    const round = async () => ({
      whole: (await onboardings.run()).seconds,
      machine: (await onboardings.run(instant)).seconds,
      calls: (await bareRun()).seconds,
    });
    for (let warmUp = 0; warmUp < WARM_UPS; warmUp++) await round();
    const rounds: Awaited<ReturnType<typeof round>>[] = [];
    while (rounds.length < ROUNDS) rounds.push(await round());
    const [whole, machine, calls] = [
      median(rounds.map((times) => times.whole)),
      median(rounds.map((times) => times.machine)),
      median(rounds.map((times) => times.calls)),
    ];
    return [
      {
        name: 'one warm onboarding against its floor',
        value: whole / (machine + calls),
        unit: 'times',
        limit: { atMost: 1.5 },
        note:
          `${whole.toFixed(2)} s against ${machine.toFixed(2)} s of the machine with functions that return at once and ` +
          `${calls.toFixed(2)} s of the bare calls, medians of ${ROUNDS} rounds`,
      },
    ];
  } finally {
    bare.stop();
  }
}
