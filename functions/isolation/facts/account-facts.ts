import {
  type IAMClient,
  type ManagedPolicyDetail,
  type PolicyDetail,
  paginateGetAccountAuthorizationDetails,
} from '@aws-sdk/client-iam';
import { areDisjoint } from '../comparison/patterns';
import { covers, policyIfAny, type Statement } from '../policy-document';
import { readOnce, type Tags, tagsOf } from './reading';

/** A role, user or group of the account, with all that its own policies allow. */
export interface Principal {
  readonly kind: 'role' | 'user' | 'group';
  readonly name: string;
  readonly arn: string;
  readonly tags: Tags;
  /** Who may assume a role. */
  readonly trust: readonly Statement[];
  readonly inline: readonly Statement[];
  readonly attached: readonly string[];
  /** ARN of its permissions boundary. */
  readonly boundary?: string | undefined;
  /** The statements of the attached policies that are the account's own. */
  readonly managed: readonly Statement[];
}

export interface AccountFacts {
  /** All of the account, or at least those that a question about a tenant can be about. */
  readonly principals: () => Promise<readonly Principal[]>;
}

/** Whether a statement allows an action: by a name, by a pattern or, with NotAction, by not listing it. */
const allows = ({ effect, actions, not }: Statement, action: string) =>
  effect === 'Allow' &&
  (not?.actions
    ? !not.actions.some((pattern) => covers(pattern, action))
    : actions.some((pattern) => covers(pattern, action)));

/**
 * Whether a statement names resources of a service. Who may do everything with everything is the account's
 * administrator; who may do everything with these resources may read them.
 */
const namesResources = ({ resources }: Statement, service: string) =>
  resources.some((pattern) => pattern !== '*' && !areDisjoint(pattern, `arn:aws:${service}:*`));

const namesActions = ({ actions }: Statement, service: string) =>
  actions.some((action) => action.toLowerCase().startsWith(`${service}:`));

/** Whether a statement allows one of these actions, and names the service: by its actions or by its resources. */
const names = (statement: Statement, service: string, among: readonly string[]) =>
  among.some((action) => allows(statement, action)) &&
  (namesActions(statement, service) || namesResources(statement, service));

export const namesLogin = (statement: Statement) => names(statement, 'rds-db', ['rds-db:connect']);

/**
 * Actions that show the events of a log group, or send them elsewhere ("Actions, resources, and condition keys for Amazon
 * CloudWatch Logs").
 */
const READING_LOGS = [
  ...['logs:GetLogEvents', 'logs:GetLogRecord', 'logs:GetLogObject', 'logs:FilterLogEvents', 'logs:StartQuery'],
  ...['logs:StartLiveTail', 'logs:Unmask', 'logs:CreateExportTask', 'logs:PutSubscriptionFilter'],
];

export const namesLogReading = (statement: Statement) => names(statement, 'logs', READING_LOGS);

/** Roles of AWS's services, and those of single sign-on. */
export const isOfAws = (arn: string) => /:role\/(?:aws-service-role|aws-reserved)\//.test(arn);

/** Actions that only show what a key is ("Actions, resources, and condition keys for AWS KMS": List and Read). */
const SHOWING_KEYS = /^kms:(?:describe|list|get)/i;
/** Whether an action does more with a key than to look at it. */
export const isOfKms = (action: string) => !areDisjoint(action.toLowerCase(), 'kms:*') && !SHOWING_KEYS.test(action);

/** A key's ARN that says some of the key's id, wherever: `key/*` and `key/mrk-*` mean all keys. */
const KEY_OF_AN_ID = /^arn:[^:]*:([^:]*):[^:]*:[^:]*:key\/(?:mrk-)?[^:/]*[0-9a-f]{3}/i;
const isKeyOfKms = (pattern: string) => {
  const service = KEY_OF_AN_ID.exec(pattern)?.[1];
  return service !== undefined && !areDisjoint(service, 'kms');
};

/** The ARNs of keys that a statement names one by one, and allows more with than to look at. A key's id says nothing of whose it is. */
export const keysNamed = ({ effect, actions, resources, not }: Statement): string[] =>
  effect === 'Allow' && (not?.actions || actions.some(isOfKms)) ? resources.filter(isKeyOfKms) : [];

const statementsIn = (policies: readonly PolicyDetail[] = []) =>
  policies.flatMap(({ PolicyDocument }) => policyIfAny(PolicyDocument));

const inForce = ({ PolicyVersionList = [] }: ManagedPolicyDetail) =>
  PolicyVersionList.filter(({ IsDefaultVersion }) => IsDefaultVersion).flatMap(({ Document }) => policyIfAny(Document));

interface Detail {
  readonly Arn?: string | undefined;
  readonly Tags?: { Key: string | undefined; Value: string | undefined }[] | undefined;
  readonly AttachedManagedPolicies?: { PolicyArn?: string | undefined }[] | undefined;
  readonly PermissionsBoundary?: { PermissionsBoundaryArn?: string | undefined } | undefined;
}

type Own = Pick<Principal, 'kind' | 'name' | 'trust' | 'inline'>;

/** What one listing of the account tells. */
export interface Account {
  readonly principals: readonly Principal[];
  /** The statements in force of the account's own managed policies, by ARN. */
  readonly policies: ReadonlyMap<string, readonly Statement[]>;
}

/** "GetAccountAuthorizationDetails" (IAM): all principals with their policies, many a page. */
export async function readAccount(client: IAMClient): Promise<Account> {
  const found: (Own & { readonly detail: Detail })[] = [];
  const managed = new Map<string, Statement[]>();
  const pages = paginateGetAccountAuthorizationDetails(
    { client, pageSize: 1_000 },
    { Filter: ['Role', 'User', 'Group', 'LocalManagedPolicy'] },
  );
  for await (const { RoleDetailList = [], UserDetailList = [], GroupDetailList = [], Policies = [] } of pages) {
    for (const role of RoleDetailList) {
      const { RoleName: name = '', AssumeRolePolicyDocument, RolePolicyList } = role;
      const trust = policyIfAny(AssumeRolePolicyDocument);
      found.push({ kind: 'role', name, trust, inline: statementsIn(RolePolicyList), detail: role });
    }
    for (const user of UserDetailList) {
      const inline = statementsIn(user.UserPolicyList);
      found.push({ kind: 'user', name: user.UserName ?? '', trust: [], inline, detail: user });
    }
    for (const group of GroupDetailList) {
      const inline = statementsIn(group.GroupPolicyList);
      found.push({ kind: 'group', name: group.GroupName ?? '', trust: [], inline, detail: group });
    }
    for (const policy of Policies) managed.set(policy.Arn ?? '', inForce(policy));
  }
  const principals = found.map(({ detail, ...own }) => {
    const attached = (detail.AttachedManagedPolicies ?? []).map(({ PolicyArn = '' }) => PolicyArn);
    const statements = attached.flatMap((arn) => managed.get(arn) ?? []);
    const boundary = detail.PermissionsBoundary?.PermissionsBoundaryArn;
    const tags = tagsOf(detail.Tags);
    return { ...own, arn: detail.Arn ?? '', tags, attached, managed: statements, ...(boundary && { boundary }) };
  });
  return { principals, policies: managed };
}

/**
 * The account's principals, asked for now. IAM lists roles neither by tag nor by a part of their
 * names, so this reads all of them, and there are some for each tenant: an audit does it once.
 */
export const accountFacts = (client: IAMClient): AccountFacts => ({
  principals: readOnce(async () => (await readAccount(client)).principals),
});
