import { settled } from '../../shared/settled';
import { controlLine, groupOf, NotAsked } from '../check';
import type { Answer } from '../report';
import { find } from '../verify';
import { type CellFactClients, cellFacts } from './cell-facts';
import { SURROUNDINGS_CHECKS, type SurroundingsCheck, type SurroundingsFacts } from './checks';
import { type PlatformFactClients, platformFacts } from './platform-facts';
import type { Surroundings } from './surroundings';
import { trusteeFacts } from './trustee-facts';

export type SurroundingsClients = CellFactClients &
  PlatformFactClients & {
    readonly iam: Parameters<typeof trusteeFacts>[0];
    readonly ssm: Parameters<typeof trusteeFacts>[1];
  };

/** Facts about one cell. They are for one run: each is read once and kept. */
export const surroundingsFacts = (clients: SurroundingsClients, surroundings: Surroundings): SurroundingsFacts => ({
  trustees: trusteeFacts(clients.iam, clients.ssm),
  cell: cellFacts(clients, surroundings),
  platform: platformFacts(clients, surroundings),
});

/**
 * Asks every question about the surroundings of a cell's tenants, side by side.
 *
 * @throws PlatformError `Transient*` when a service has a transient fault; then there is no answer
 */
export async function askSurroundings(
  surroundings: Surroundings,
  facts: SurroundingsFacts,
  now: () => Date,
  checks: readonly SurroundingsCheck[] = SURROUNDINGS_CHECKS,
): Promise<Answer[]> {
  return await settled(
    checks.map(async (check) => {
      const { id, title, question, severity, controls, remediation } = check;
      const found = await find(check, surroundings, facts);
      if (found instanceof NotAsked) throw found;
      const { passed, evidence, unanswered } = found;
      const metadata = { id, group: groupOf(check), title, question, severity, control: controlLine(controls) };
      const open = unanswered && !passed ? ({ open: 'unanswered' } as const) : {};
      return { ...metadata, controls: [...controls], remediation, passed, ...open, evidence, at: now().toISOString() };
    }),
  );
}
