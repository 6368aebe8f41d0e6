import * as z from 'zod';
import { control } from '../emulator/control';
import { tenantNames } from '../functions/contract/naming';
import type { StackKind } from '../functions/contract/stacks';

const StruckSchema = z.object({ struck: z.record(z.string(), z.number()) });

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
