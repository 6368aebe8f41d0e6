import type { GrantListEntry } from '@aws-sdk/client-kms';

/** `rds.amazonaws.com`, `rds.eu-central-1.amazonaws.com`: a principal that no account can have. */
const SERVICE = /^[a-z0-9-]+(\.[a-z0-9-]+)*\.amazonaws\.com(\.cn)?$/;
/** "RDS encryption context": RDS uses a key only with the resource id of one database. */
const DATABASE = 'aws:rds:db-id';

/** Whose grants on a tenant's key are harmless. */
export interface GrantTerms {
  readonly accountId: string;
  /** Service-linked roles, as `PlacedByOrganization` lists them. */
  readonly keyUsers: readonly string[];
  /** Resource ids (`db-...`) of the tenant's databases. */
  readonly databaseIds: readonly (string | undefined)[];
}

/**
 * EC2 attaches encrypted volumes under a session that only AWS can open. The name of a role of an
 * account has no colon.
 */
const isOfVolumes = (principal: string, accountId: string) =>
  principal.startsWith(`arn:aws:sts::${accountId}:assumed-role/aws:ec2-infrastructure/`);

/**
 * Nobody but AWS can create a role under `aws-service-role/`, or change whom it trusts ("Using
 * service-linked roles").
 */
const isPlaced = (principal: string, { accountId, keyUsers }: GrantTerms) =>
  keyUsers.some((role) => principal === `arn:aws:iam::${accountId}:role/aws-service-role/${role}`);

/** Who retires a grant takes the key from its holder ("Retiring and revoking grants"). */
const mayRetire = (principal: string, { accountId }: GrantTerms) =>
  SERVICE.test(principal) ||
  isOfVolumes(principal, accountId) ||
  principal.startsWith(`arn:aws:iam::${accountId}:role/aws-service-role/`);

function foreignHolders(
  { GranteePrincipal, GranteeServicePrincipal }: GrantListEntry,
  { accountId }: GrantTerms,
): string[] {
  const holders = [GranteePrincipal, GranteeServicePrincipal].filter((each) => each !== undefined);
  if (holders.length === 0) return ['a principal without a name'];
  return holders.filter((each) => !SERVICE.test(each) && !isOfVolumes(each, accountId));
}

/**
 * Why a grant on a tenant's key may be used for something else than the tenant's databases, or taken from them. A grant
 * is harmless when an AWS service holds it and its constraint names one of these databases, or when
 * a service-linked role holds it that the stage lists.
 *
 * Sources: "Viewing grants" and `ListGrants` (AWS KMS): a service is the GranteePrincipal or the GranteeServicePrincipal;
 * "Requirements for Amazon EBS encryption": the grant for a volume; "AWS KMS key management" (Amazon RDS): the context.
 */
export function grantViolations(grant: GrantListEntry, terms: GrantTerms): string[] {
  const { GrantId, Operations = [], Constraints, GranteePrincipal, GranteeServicePrincipal } = grant;
  const retiring = grant.RetiringPrincipal;
  if (retiring && !mayRetire(retiring, terms))
    return [`grant ${GrantId} may be retired by ${retiring}: the database would lose its key`];
  const context = Constraints?.EncryptionContextEquals ?? Constraints?.EncryptionContextSubset ?? {};
  const database = context[DATABASE];
  if (GranteePrincipal && GranteeServicePrincipal === undefined && isPlaced(GranteePrincipal, terms)) return [];
  const holders = foreignHolders(grant, terms);
  if (holders.length > 0)
    return holders.map((holder) => `grant ${GrantId} gives ${holder} the operations ${Operations.join(', ')}`);
  if (database !== undefined && terms.databaseIds.includes(database)) return [];
  const bound = database === undefined ? 'is not bound to a database' : `is bound to the database ${database}`;
  return [`grant ${GrantId} of ${GranteeServicePrincipal ?? GranteePrincipal} ${bound}, not to one of this tenant`];
}
