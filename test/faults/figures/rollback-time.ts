import { GetExecutionHistoryCommand, type HistoryEvent, SFNClient } from '@aws-sdk/client-sfn';
import { tenantIdOf } from '../../../functions/contract/naming';
import { type Figure, median } from '../../support/figures';
import type { Lab } from '../lab';
import { LAST_CALL_REFUSED, type Recording } from '../recording';
import { signupOf } from '../trial';

const RUNS = 5;

const entered = (events: readonly HistoryEvent[], state: string) =>
  events.find(({ stateEnteredEventDetails }) => stateEnteredEventDetails?.name === state)?.timestamp?.getTime() ?? 0;

/** How long it takes to undo everything, against how long it took to make it: refused at the last call before ACTIVE. */
export async function rollbackTime(lab: Lab, _: Recording, seed: string, runs = RUNS): Promise<Figure[]> {
  const sfn = new SFNClient(lab.platform.aws);
  const ratios: number[] = [];
  for (let run = 0; run < runs; run++) {
    const signup = signupOf(seed, `rollback time ${run}`);
    const executionArn = lab.executionArn(signup.subdomain);
    lab.injection.arm(tenantIdOf(signup.signupId), LAST_CALL_REFUSED);
    await lab.start(signup.subdomain, signup);
    await lab.end(executionArn);
    const { events = [] } = await sfn.send(new GetExecutionHistoryCommand({ executionArn, maxResults: 1000 }));
    const begun = events[0]?.timestamp?.getTime() ?? 0;
    const undoing = entered(events, 'DeregisterTenant');
    ratios.push((entered(events, 'ConcludeFailure') - undoing) / (undoing - begun));
  }
  sfn.destroy();
  const name = 'rollback of a fully provisioned tenant, against its onboarding';
  return [{ name, value: median(ratios), unit: 'times', limit: { atMost: 2 } }];
}
