import type { IAMClient } from '@aws-sdk/client-iam';
import { type KeepingTerms, keptFor } from '../../shared/kept-for';
import type { Statement } from '../policy-document';
import { type AccountListClients, type AccountLists, accountLists } from './account-lists';
import { boundaryStatements } from './identity-facts';

/** What is the same for every tenant of the account. Each answer is asked for when a check needs it. */
export interface AccountWide {
  readonly lists: AccountLists;
  /** The statements of the tenants' boundary, by its ARN. */
  readonly boundary: (arn: string) => Promise<readonly Statement[]>;
}

/**
 * Where no audit has listed the account in the last 30 hours, each onboarding asks for the same lists. In a burst
 * of signups an answer of a minute ago is as good: it is later than the tenant's stacks, which take longer to make.
 */
const GOOD_FOR = { ms: 60_000 };

/** Asks AWS at most once a minute and process, however many tenants it verifies. A failure is not kept. */
export function keptAccount(
  clients: AccountListClients & { readonly iam: IAMClient },
  terms: Pick<KeepingTerms<unknown>, 'ms' | 'now'> = GOOD_FOR,
): AccountWide {
  const kept = <T>(ask: (lists: AccountLists) => Promise<T>) => keptFor(terms, () => ask(accountLists(clients)));
  const boundaries = new Map<string, () => Promise<readonly Statement[]>>();
  return {
    lists: {
      proxies: kept((lists) => lists.proxies()),
      exports: kept((lists) => lists.exports()),
      integrations: kept((lists) => lists.integrations()),
      logPolicies: kept((lists) => lists.logPolicies()),
      logFindings: kept((lists) => lists.logFindings()),
      logGrants: kept((lists) => lists.logGrants()),
      snapshots: kept((lists) => lists.snapshots()),
      recoveryPoints: kept((lists) => lists.recoveryPoints()),
      logExports: kept((lists) => lists.logExports()),
      eventSubscriptions: kept((lists) => lists.eventSubscriptions()),
      dhcpOptions: kept((lists) => lists.dhcpOptions()),
      resolver: kept((lists) => lists.resolver()),
    },
    boundary: async (arn) => {
      const known = boundaries.get(arn) ?? keptFor(terms, () => boundaryStatements(clients.iam, arn));
      boundaries.set(arn, known);
      return await known();
    },
  };
}
