import type { CellDescriptor } from '../../contract/cell';
import { settled } from '../../shared/settled';
import type { TenantsTable } from '../../tenants/tenants-table';
import { controlLine, groupOf, NotAsked } from '../check';
import type { Account } from '../facts/account-facts';
import type { KeptLists } from '../facts/account-lists';
import { find } from '../find';
import type { Answer } from '../report';
import { accountFlowLogs, accountPeerings, type CellFactClients, cellFacts } from './cell-facts';
import { SURROUNDINGS_CHECKS } from './checks';
import { type CopiesFactClients, copiesFacts } from './copies-facts';
import { releasedDigests, repositoryPolicy } from './image-facts';
import { loadBalancerFacts } from './load-balancer-facts';
import { type PlatformFactClients, platformFacts } from './platform-facts';
import { platformStacks } from './platform-stacks';
import { type PolicyFactClients, policyFacts } from './policy-facts';
import type { PlatformSurroundings, Surroundings } from './surroundings';
import type { SurroundingsCheck, SurroundingsFacts } from './surroundings-facts';
import { trusteeFacts } from './trustee-facts';

export type SurroundingsClients = CellFactClients &
  PlatformFactClients &
  PolicyFactClients &
  CopiesFactClients & {
    readonly ecr: Parameters<typeof repositoryPolicy>[0];
    readonly table: TenantsTable;
    readonly elb: Parameters<typeof loadBalancerFacts>[0]['elb'];
    readonly wafv2: Parameters<typeof loadBalancerFacts>[0]['wafv2'];
    readonly cloudformation: Parameters<typeof platformStacks>[0];
  };

/**
 * Facts about each cell. They are for one run: what all cells share is read once for all of them, and
 * the rest once for its cell.
 *
 * @param account its principals and its own managed policies
 * @param lists what questions about tenants are about, too
 * @param cells all of the platform
 */
export function surroundingsFacts(
  clients: SurroundingsClients,
  platform: PlatformSurroundings,
  account: () => Promise<Account>,
  lists: () => Promise<KeptLists>,
  cells: readonly Pick<CellDescriptor, 'name'>[] = [],
): (cell: CellDescriptor) => SurroundingsFacts {
  const stacksOf = platformStacks(clients.cloudformation, platform);
  const ofAccount = { peerings: accountPeerings(clients.ec2), flowLogs: accountFlowLogs(clients.ec2), lists };
  const policyOfImages = repositoryPolicy(clients.ecr);
  const shared = {
    platform: platformFacts(clients, platform, account),
    policies: policyFacts(clients, platform),
    copies: copiesFacts(clients),
  };
  return (cell) => {
    const surroundings = { ...platform, cell };
    const stacks = stacksOf(cell.name);
    const loadBalancer = loadBalancerFacts(clients, surroundings);
    return {
      ...shared,
      stacks,
      trustees: trusteeFacts(account, stacks, async () => {
        const others = cells.filter(({ name }) => name !== cell.name);
        return (await settled(others.map(({ name }) => stacksOf(name).cell()))).flat();
      }),
      cell: cellFacts(clients, surroundings, ofAccount, async () => (await loadBalancer.serving()).tasks),
      loadBalancer,
      images: { repositoryPolicy: policyOfImages, released: releasedDigests(clients.table, cell.name) },
    };
  };
}

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
      const metadata = {
        ...{ id, group: groupOf(check), title, question, control: controlLine(controls) },
        severity: found.severity ?? severity,
      };
      const open = unanswered && !passed ? ({ open: 'unanswered' } as const) : {};
      return { ...metadata, controls: [...controls], remediation, passed, ...open, evidence, at: now().toISOString() };
    }),
  );
}
