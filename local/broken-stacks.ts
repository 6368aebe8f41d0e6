import * as z from 'zod';
import { tenantNames } from '../functions/contract/naming';
import type { StackKind } from '../functions/contract/stacks';

const StruckSchema = z.object({ struck: z.record(z.string(), z.number()) });

/** @throws Error in the emulator's words when it refuses */
async function control(endpointUrl: string, path: string, request: object): Promise<unknown> {
  const answer = await fetch(`${endpointUrl}/_local/${path}`, { method: 'POST', body: JSON.stringify(request) });
  if (!answer.ok) throw new Error(`the emulator refused ${JSON.stringify(request)}: ${await answer.text()}`);
  return await answer.json();
}

/** From now on the first resource of each tenant's stack of this kind cannot be created, for this reason. */
export async function breakStack(endpointUrl: string, kind: StackKind, reason: string): Promise<void> {
  await control(endpointUrl, 'stack-faults', {
    ...{ stack: tenantNames.stack('*', kind), resource: '*' },
    ...{ on: 'create', reason },
  });
}

/** @returns how many stacks have failed */
export async function mendStacks(endpointUrl: string): Promise<number> {
  const { struck } = StruckSchema.parse(await control(endpointUrl, 'stack-faults/remove', {}));
  return Object.values(struck).reduce((sum, times) => sum + times, 0);
}
