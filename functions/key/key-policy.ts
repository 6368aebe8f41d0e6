import {
  breakGlassRoleArn,
  functionRoleName,
  rotationRoleArn,
  TENANT_ROLE_PATH,
  TENANT_TAG,
  tenantNames,
} from '../contract/naming';

export interface KeyPolicyFacts {
  readonly tenantId: string;
  readonly accountId: string;
  readonly region: string;
  /** CloudFormation's service role for tenant stacks. */
  readonly stackRoleArn: string;
  /** Organization of the account; undefined where it is in none. */
  readonly organizationId: string | undefined;
}

interface Statement {
  readonly Sid: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Principal: '*' | { readonly AWS: string } | { readonly Service: string };
  readonly Action: string | readonly string[];
  readonly Resource: '*';
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}
export interface KeyPolicy {
  readonly Version: '2012-10-17';
  readonly Statement: readonly Statement[];
}

/** Actions to manage a key. None of them encrypts or decrypts data. */
const ADMINISTRATION = [
  'kms:Describe*',
  'kms:Get*',
  'kms:List*',
  'kms:Put*',
  'kms:Update*',
  'kms:Enable*',
  'kms:Disable*',
  'kms:CreateAlias',
  'kms:DeleteAlias',
  'kms:RevokeGrant',
  'kms:TagResource',
  'kms:UntagResource',
  'kms:ScheduleKeyDeletion',
  'kms:CancelKeyDeletion',
] as const;

/** Actions of CreateTenantKey on a key that it has just created, or found. */
const MAKING = [
  'kms:DescribeKey',
  'kms:PutKeyPolicy',
  'kms:EnableKeyRotation',
  'kms:EnableKey',
  'kms:CancelKeyDeletion',
  'kms:CreateAlias',
] as const;

/** Actions of RetireTenantKey on a key, which may be seconds old. */
const RETIRING = [
  'kms:DescribeKey',
  'kms:GetKeyPolicy',
  'kms:DisableKey',
  'kms:ScheduleKeyDeletion',
  'kms:DeleteAlias',
] as const;

const VIA = ['rds', 's3', 'secretsmanager'] as const;

/**
 * The policy of a tenant's key.
 *
 * KMS refuses a policy that names a principal that does not exist ("Key policies in AWS KMS"), and
 * the tenant's role is created later. So the policy allows use to the account, with the condition
 * that `aws:PrincipalArn` is the tenant's role. IAM policies then decide within that condition
 * ("Default key policy").
 *
 * - The account can administer the key and cannot use it. IAM policies choose the administrators by
 *   the key's tag, which may take five minutes to count ("ABAC for AWS KMS").
 * - CreateTenantKey and RetireTenantKey act within seconds after the key is created, so this policy
 *   names their roles. CreateKey requires that its caller can change the policy ("Default key
 *   policy").
 * - The tenant's role can use the key.
 * - CloudFormation's role can use the key through the services that store the tenant's data. Only
 *   those services can hold grants (`kms:GrantIsForAWSResource`; "AWS KMS condition keys").
 * - The same is allowed to the account with the ARN of CloudFormation's role as a condition. A policy
 *   stores a role that it names as a unique id, and the role, made anew, has another one ("IAM JSON
 *   policy elements: Principal"). The condition and the role's IAM policy still admit it.
 * - The break-glass role restores databases and reads Database Insights, through RDS only ("Changing
 *   an AWS KMS policy for Performance Insights").
 * - The rotation of master passwords reads and writes the secret, in a session for this tenant alone.
 * - CloudWatch Logs can use the key for this tenant's log groups ("Encrypt log data in CloudWatch
 *   Logs using AWS KMS").
 * - Nobody outside the organization does anything, except the account itself and AWS's own services ("Data perimeters on
 *   AWS").
 */
export function tenantKeyPolicy(facts: KeyPolicyFacts): KeyPolicy {
  const { tenantId, accountId, region, stackRoleArn, organizationId } = facts;
  const account = { AWS: `arn:aws:iam::${accountId}:root` };
  const roleOf = (name: string) => ({ AWS: `arn:aws:iam::${accountId}:role/${functionRoleName(name)}` });
  const tenantRole = `arn:aws:iam::${accountId}:role${TENANT_ROLE_PATH}${tenantNames.role(tenantId)}`;
  const logGroup = (name: string) => `arn:aws:logs:${region}:${accountId}:log-group:${name}`;
  const via = (service: string) => `${service}.${region}.amazonaws.com`;
  const viaServices = { 'kms:ViaService': VIA.map(via) };
  const isStacks = { ArnEquals: { 'aws:PrincipalArn': stackRoleArn } };
  const isBreakGlass = { ArnEquals: { 'aws:PrincipalArn': breakGlassRoleArn(accountId) } };
  const forAws = { Bool: { 'kms:GrantIsForAWSResource': 'true' } };
  const use = ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'];
  const usesThroughServices = { Effect: 'Allow', Action: use, Resource: '*' } as const;
  const letsServicesHoldGrants = { Effect: 'Allow', Action: 'kms:CreateGrant', Resource: '*' } as const;
  const statements: Statement[] = [
    { Sid: 'AccountAdministers', Effect: 'Allow', Principal: account, Action: ADMINISTRATION, Resource: '*' },
    { Sid: 'StepMakesIt', Effect: 'Allow', Principal: roleOf('CreateTenantKey'), Action: MAKING, Resource: '*' },
    { Sid: 'UndoRetiresIt', Effect: 'Allow', Principal: roleOf('RetireTenantKey'), Action: RETIRING, Resource: '*' },
    {
      Sid: 'TenantsRoleUses',
      Effect: 'Allow',
      Principal: account,
      Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
      Resource: '*',
      Condition: { ArnEquals: { 'aws:PrincipalArn': tenantRole } },
    },
    {
      Sid: 'StacksUseThroughServices',
      ...usesThroughServices,
      Principal: { AWS: stackRoleArn },
      Condition: { StringEquals: viaServices },
    },
    {
      Sid: 'StacksLetServicesHoldGrants',
      ...letsServicesHoldGrants,
      Principal: { AWS: stackRoleArn },
      Condition: { StringEquals: viaServices, ...forAws },
    },
    {
      Sid: 'StacksMadeAnewUseThroughServices',
      ...usesThroughServices,
      Principal: account,
      Condition: { ...isStacks, StringEquals: viaServices },
    },
    {
      Sid: 'StacksMadeAnewLetServicesHoldGrants',
      ...letsServicesHoldGrants,
      Principal: account,
      Condition: { ...isStacks, StringEquals: viaServices, ...forAws },
    },
    {
      Sid: 'BreakGlassUsesThroughRds',
      Effect: 'Allow',
      Principal: account,
      Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
      Resource: '*',
      Condition: { ...isBreakGlass, StringEquals: { 'kms:ViaService': via('rds') } },
    },
    {
      Sid: 'BreakGlassLetsRdsHoldGrants',
      ...letsServicesHoldGrants,
      Principal: account,
      Condition: { ...isBreakGlass, StringEquals: { 'kms:ViaService': via('rds') }, ...forAws },
    },
    {
      Sid: 'RotationUsesThroughSecretsManager',
      Effect: 'Allow',
      Principal: account,
      Action: ['kms:Decrypt', 'kms:GenerateDataKey'],
      Resource: '*',
      Condition: {
        ArnEquals: { 'aws:PrincipalArn': rotationRoleArn(accountId) },
        StringEquals: { [`aws:PrincipalTag/${TENANT_TAG}`]: tenantId, 'kms:ViaService': via('secretsmanager') },
      },
    },
    {
      Sid: 'LogsOfThisTenant',
      Effect: 'Allow',
      Principal: { Service: `logs.${region}.amazonaws.com` },
      Action: use,
      Resource: '*',
      Condition: {
        ArnLike: {
          'kms:EncryptionContext:aws:logs:arn': [
            logGroup(`/tenants/${tenantId}/*`),
            logGroup(`/aws/rds/instance/${tenantNames.database(tenantId)}*`),
          ],
        },
      },
    },
  ];
  if (organizationId) {
    statements.push({
      Sid: 'NobodyOutsideTheOrganization',
      Effect: 'Deny',
      Principal: '*',
      Action: 'kms:*',
      Resource: '*',
      Condition: {
        // Both must differ: an account that leaves its organization keeps the way to its older keys.
        StringNotEquals: { 'aws:PrincipalOrgID': organizationId, 'aws:PrincipalAccount': accountId },
        BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
      },
    });
  }
  return { Version: '2012-10-17', Statement: statements };
}
