import * as z from 'zod';
import { TENANT_ROLE_PATH, TENANT_TAG, tenantIdIn, tenantNames } from '../../contract/naming';
import { NotAsked } from '../check';
import type { Statement } from '../policy-document';
import { type AccountFacts, isOfKms, keysNamed, namesLogin, namesLogReading, type Principal } from './account-facts';
import { SERVICE_ROLES } from './identity-facts';

/** A statement of a policy, as it is kept. */
export const StatementSchema = z.object({
  sid: z.string(),
  effect: z.enum(['Allow', 'Deny']),
  principals: z.array(z.string()),
  actions: z.array(z.string()),
  resources: z.array(z.string()),
  conditions: z.array(z.object({ operator: z.string(), key: z.string(), values: z.array(z.string()) })),
  inverted: z.boolean(),
  not: z
    .object({
      principals: z.array(z.string()).optional(),
      actions: z.array(z.string()).optional(),
      resources: z.array(z.string()).optional(),
    })
    .optional(),
});

/** A principal as an audit keeps it: without what no question about a tenant is about. */
export const PrincipalSchema = z.object({
  kind: z.enum(['role', 'user', 'group']),
  name: z.string(),
  arn: z.string(),
  tags: z.record(z.string(), z.string().optional()),
  trust: z.array(StatementSchema),
  inline: z.array(StatementSchema),
  attached: z.array(z.string()),
  managed: z.array(StatementSchema),
});

const madeFor = (tenantId: string) => {
  const role = tenantNames.role(tenantId);
  return [role, ...SERVICE_ROLES.map((purpose) => `${role}-${purpose}`)];
};

/** A role with the name and the tag that a tenant's stacks give it. */
function isOfTenantsStacks({ kind, name, tags }: Principal): boolean {
  const tenantId = tenantIdIn(name);
  if (kind !== 'role' || tenantId === undefined) return false;
  return madeFor(tenantId).includes(name) && [tenantId, undefined].includes(tags[TENANT_TAG]);
}

/**
 * What a question about a tenant needs of a statement. In an account of many teams hundreds of roles name a key of their own:
 * of such a statement only that is kept, as an item holds 400 KB ("Quotas in Amazon DynamoDB").
 */
function kept(statement: Statement): Statement[] {
  if (namesLogin(statement) || namesLogReading(statement)) return [statement];
  const resources = keysNamed(statement);
  if (resources.length === 0) return [];
  return [{ ...statement, sid: '', actions: statement.actions.filter(isOfKms), resources, conditions: [] }];
}

/**
 * The principals that a question about some tenant can be about: those with a tenant's name or tag
 * that no tenant's stack makes, and those whose own policies name a login to databases, an action
 * that reads logs, or single keys. On a healthy platform they are few, however many tenants there are. Of their policies
 * and tags only what these questions need stays.
 */
export function noteworthy(principals: readonly Principal[]): Principal[] {
  const reduced = principals.map(({ inline, managed, boundary: _, tags, ...rest }) => ({
    ...rest,
    ...{ tags: tags[TENANT_TAG] === undefined ? {} : { [TENANT_TAG]: tags[TENANT_TAG] } },
    ...{ trust: [], attached: [], inline: inline.flatMap(kept), managed: managed.flatMap(kept) },
  }));
  return reduced.filter((principal) => {
    const { name, arn, tags, inline, managed } = principal;
    const isNamed = tags[TENANT_TAG] !== undefined || tenantIdIn(name) !== undefined;
    const reachesData = inline.length + managed.length > 0 && !arn.includes(`:role${TENANT_ROLE_PATH}`);
    return reachesData || (isNamed && !isOfTenantsStacks(principal));
  });
}

/** The principals as the last audit has listed them. Without a list, questions about them are not asked. */
export const listedFacts = (read: () => Promise<readonly Principal[] | undefined>): AccountFacts => ({
  principals: async () => {
    const principals = await read();
    if (!principals) throw new NotAsked('no audit has listed the principals of the account in the last 30 hours');
    return principals;
  },
});
