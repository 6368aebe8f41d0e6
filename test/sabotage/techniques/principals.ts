import { type Subject, tenantIdOf } from '../../../functions/isolation/subject';
import { aUser } from '../identity-changes';
import { postgresqlLogOf } from '../key-changes';
import { type AttackTechnique, tenantTags } from '../technique';

interface Granted {
  readonly check: 'identity.logins' | 'logs.readers' | 'key.principals';
  readonly UserName: string;
  readonly Action: string;
  readonly says: string;
  /** Whether the user has the tenant's tag. */
  readonly tagged: boolean;
}

const granted = (name: string, to: Granted, resource: (subject: Subject) => string): AttackTechnique => ({
  name,
  check: to.check,
  detonate: async ({ subject, root: { iam } }) => {
    const { UserName, Action, says, tagged } = to;
    const tags = tagged ? tenantTags(tenantIdOf(subject)) : [];
    const revert = await aUser({ iam }, UserName, { Action, Resource: resource(subject) }, tags);
    return { expectedEvidence: `user/${UserName} ${says}`, revert };
  },
});

const login = (
  name: string,
  UserName: string,
  resource: (subject: Subject) => string,
  Action = 'rds-db:connect',
): AttackTechnique => {
  const says = 'may log in to the tenant’s database';
  return granted(name, { check: 'identity.logins', UserName, Action, says, tagged: Action !== '*' }, resource);
};

const reader = (name: string, UserName: string, Action: string, resource: (subject: Subject) => string) => {
  const says = 'may read the tenant’s logs';
  return granted(name, { check: 'logs.readers', UserName, Action, says, tagged: false }, resource);
};

const keeper = (name: string, UserName: string, Action: string) => {
  const says = 'has a policy that names the key';
  return granted(name, { check: 'key.principals', UserName, Action, says, tagged: false }, ({ key }) => key.keyArn);
};

/** Principals of the account whose own policies reach what is one tenant's. */
export const PRINCIPAL_TECHNIQUES: readonly AttackTechnique[] = [
  keeper('let a user change the key’s policy', 'key-keeper', 'kms:PutKeyPolicy'),
  keeper('let a user do everything with the key', 'all-of-keys', '*'),
  reader(
    'let a user search the database’s log',
    'analyst',
    'logs:FilterLogEvents',
    (subject) => `arn:aws:logs:*:*:log-group:${postgresqlLogOf(subject)}:*`,
  ),
  reader(
    'let a user query the flow logs of all tenants',
    'observer',
    'logs:Start*',
    () => 'arn:aws:logs:*:*:log-group:/tenants/*',
  ),
  reader('let a user do everything with all logs', 'log-keeper', 'logs:*', () => '*'),
  reader(
    'let a user do everything with the logs of one tenant',
    'all-of-logs',
    '*',
    (subject) => `arn:aws:logs:*:*:log-group:*${tenantIdOf(subject)}*`,
  ),
  login('make a user with the tenant’s tag that logs in everywhere', 'support', () => '*'),
  login(
    'let a user log in as master to one database',
    'night-shift',
    ({ accountId, region, stacks }) =>
      `arn:aws:rds-db:${region}:${accountId}:dbuser:${stacks.database.outputs.ResourceId}/tenant_admin`,
  ),
  login(
    'let a user do everything with users of databases',
    'all-of-databases',
    () => 'arn:aws:rds-db:*:*:dbuser:*/*',
    '*',
  ),
];
