import { TENANT_TAG, tenantNames } from '../../contract/naming';
import { type Check, expectEqual, expectExactly, finding } from '../check';
import { SERVICE_ROLES } from '../facts/identity-facts';
import { CALLERS_TENANT, isCondition, nameOf, type Statement } from '../policy-document';
import { bucketOf, databaseUserArnOf, roleOf, type Subject, tenantIdOf } from '../subject';

const LONGEST_SESSION_SECONDS = 3600;

/** Everything that some role of a tenant may need. Whatever else a boundary allows is a widening. */
const BOUNDARY_ACTIONS = [
  ...['s3:ListBucket', 's3:GetBucketLocation', 's3:GetObject', 's3:GetObjectVersion', 's3:PutObject'],
  ...['s3:DeleteObject', 's3:AbortMultipartUpload'],
  ...['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey'],
  ...['secretsmanager:GetSecretValue', 'secretsmanager:DescribeSecret', 'rds-db:connect'],
  ...['logs:CreateLogGroup', 'logs:PutRetentionPolicy', 'logs:CreateLogStream', 'logs:PutLogEvents'],
  ...['logs:DescribeLogStreams', 'logs:GetLogEvents'],
];

/** A statement of the boundary stays inside the tenant whose tag the role bears: by its resources or by their tag. */
function staysInsideTenant(statement: Statement, { region, accountId }: Subject): boolean {
  const osMetrics = `arn:aws:logs:${region}:${accountId}:log-group:RDSOSMetrics*`;
  const byTag = statement.conditions.some((condition) =>
    isCondition(condition, ['StringEquals'], `aws:ResourceTag/${TENANT_TAG}`, [CALLERS_TENANT]),
  );
  return (
    byTag ||
    (statement.resources.length > 0 &&
      statement.resources.every(
        (resource) =>
          resource.includes(CALLERS_TENANT) || resource === osMetrics || resource === `${osMetrics}:log-stream:*`,
      ))
  );
}

function ownResources(subject: Subject): string[] {
  const { key, stacks } = subject;
  const bucket = `arn:aws:s3:::${bucketOf(subject)}`;
  return [bucket, `${bucket}/*`, key.keyArn, stacks.database.outputs.SecretArn, databaseUserArnOf(subject)];
}

const trustedOf = ({ cell, trustedRoleArns }: Subject) =>
  [cell.taskRoleArn, ...trustedRoleArns].map((arn) => `AWS:${arn}`);

export const IDENTITY_CHECKS: readonly Check[] = [
  {
    id: 'identity.path',
    title: 'The role lies under the tenants’ path',
    question: 'Is the tenant’s role under the path that platform policies bind to, with sessions of an hour at most?',
    severity: 'medium',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const { arn, maxSessionSeconds = 0 } = await facts.identity.role();
      const tooLong = maxSessionSeconds > LONGEST_SESSION_SECONDS ? [`sessions last up to ${maxSessionSeconds} s`] : [];
      return finding([...expectEqual('its ARN', arn, roleOf(subject)), ...tooLong], roleOf(subject));
    },
  },
  {
    id: 'identity.tag',
    title: 'The role is tagged with its tenant',
    question: 'Does the role carry this tenant’s tag, and no other’s, so that its boundary confines it to this tenant?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const { tags } = await facts.identity.role();
      return finding(expectEqual(`tag ${TENANT_TAG}`, tags[TENANT_TAG], tenantIdOf(subject)), 'tagged');
    },
  },
  {
    id: 'identity.trust',
    title: 'Only the shared service and the platform take on the role',
    question:
      'Does the role trust the task role of its cell and the functions of the platform that need it, and nobody else?',
    severity: 'critical',
    control: 'FSBP IAM.1, SOC 2 CC6.3',
    run: async (subject, { facts }) => {
      const { trust } = await facts.identity.role();
      const allowing = trust.filter(({ effect }) => effect === 'Allow');
      const principals = [...new Set(allowing.flatMap((each) => (each.inverted ? ['*'] : each.principals)))];
      return finding(
        expectExactly('trusted principal', principals, trustedOf(subject)),
        `trusts ${principals.length} roles of the platform`,
      );
    },
  },
  {
    id: 'identity.external-id',
    title: 'Who takes on the role names the tenant twice',
    question: 'Is every way into the role conditional on this tenant’s external id and its session tag?',
    severity: 'critical',
    control: 'SOC 2 CC6.1',
    run: async (subject, { facts }) => {
      const { trust } = await facts.identity.role();
      const conditions = [
        ['sts:ExternalId', subject.tenant.externalId],
        [`aws:RequestTag/${TENANT_TAG}`, tenantIdOf(subject)],
      ] as const;
      const violations = trust
        .filter(({ effect }) => effect === 'Allow')
        .flatMap((statement) =>
          conditions
            .filter(
              ([key, value]) => !statement.conditions.some((each) => isCondition(each, ['StringEquals'], key, [value])),
            )
            .map(([key]) => `statement ${nameOf(statement)} does not ask for this tenant’s ${key}`),
        );
      return finding(violations, 'external id and session tag are asked for');
    },
  },
  {
    id: 'identity.boundary',
    title: 'The role is inside the tenants’ boundary',
    question: 'Does the tenant’s role carry the boundary that no role of a tenant may be without?',
    severity: 'critical',
    control: 'SOC 2 CC6.3',
    run: async (subject, { facts }) => {
      const { boundaryArn } = await facts.identity.role();
      return finding(expectEqual('its boundary', boundaryArn, subject.boundaryArn), subject.boundaryArn);
    },
  },
  {
    id: 'identity.boundary-unchanged',
    title: 'The boundary confines each role to its own tenant',
    question: 'Does every statement of the boundary stay inside the tenant whose tag the role bears?',
    severity: 'critical',
    control: 'SOC 2 CC6.3, FSBP IAM.21',
    run: async (subject, { facts }) => {
      const allowing = (await facts.identity.boundary()).filter(({ effect }) => effect === 'Allow');
      const wide = allowing.filter((each) => each.inverted || !staysInsideTenant(each, subject));
      const further = allowing.flatMap(({ actions }) => actions).filter((action) => !BOUNDARY_ACTIONS.includes(action));
      return finding(
        [
          ...wide.map((each) => `statement ${nameOf(each)} reaches beyond the tenant: ${each.resources.join(', ')}`),
          ...further.map((action) => `${action} is more than a tenant’s role needs`),
        ],
        `${allowing.length} statements, all inside the tenant`,
      );
    },
  },
  {
    id: 'identity.policy',
    title: 'The role’s policy names this tenant’s data alone',
    question: 'Do the role’s own policies name nothing but this tenant’s bucket, key, secret and database user?',
    severity: 'critical',
    control: 'FSBP IAM.21, SOC 2 CC6.3',
    run: async (subject, { facts }) => {
      const own = ownResources(subject);
      const allowing = (await facts.identity.inline()).filter(({ effect }) => effect === 'Allow');
      const violations = allowing.flatMap((each) => [
        ...(each.inverted ? [`statement ${nameOf(each)} allows all but what it names`] : []),
        ...each.actions.filter((a) => a.includes('*')).map((a) => `statement ${nameOf(each)} allows ${a}`),
        ...each.resources.filter((r) => !own.includes(r)).map((r) => `statement ${nameOf(each)} reaches ${r}`),
      ]);
      return finding(violations, `${allowing.length} statements on this tenant’s own resources`);
    },
  },
  {
    id: 'identity.attached-policies',
    title: 'No further policy is attached to the role',
    question: 'Is the role without attached managed policies?',
    severity: 'high',
    control: 'FSBP IAM.1, CIS AWS Foundations 1.16',
    run: async (_, { facts }) =>
      finding(
        (await facts.identity.attached()).map((arn) => `${arn} is attached`),
        'none is attached',
      ),
  },
  {
    id: 'identity.service-roles',
    title: 'AWS services’ roles of this tenant are confined as well',
    question:
      'Are the roles for flow logs and monitoring inside the boundary, and trusted to one service for this account?',
    severity: 'high',
    control: 'SOC 2 CC6.3',
    run: async (subject, { facts }) => {
      const roles = await facts.identity.serviceRoles();
      const expected = SERVICE_ROLES.map((purpose) => `${tenantNames.role(tenantIdOf(subject))}-${purpose}`);
      const violations = roles.flatMap(({ name, boundaryArn, tags, trust }) => [
        ...expectEqual(`boundary of ${name}`, boundaryArn, subject.boundaryArn),
        ...expectEqual(`tag of ${name}`, tags[TENANT_TAG], tenantIdOf(subject)),
        ...trust
          .filter(({ effect }) => effect === 'Allow')
          .filter(
            ({ inverted, principals, conditions }) =>
              inverted ||
              principals.some((principal) => !principal.startsWith('Service:')) ||
              !conditions.some((each) => isCondition(each, ['StringEquals'], 'aws:SourceAccount', [subject.accountId])),
          )
          .map((each) => `${name} trusts ${each.principals.join(', ') || 'others'}, not one service for this account`),
      ]);
      return finding(
        [
          ...expectExactly(
            'service role',
            roles.map(({ name }) => name),
            expected,
          ),
          ...violations,
        ],
        `${roles.length} roles, all confined`,
      );
    },
  },
];
