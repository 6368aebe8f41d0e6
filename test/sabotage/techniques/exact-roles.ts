import {
  AttachRolePolicyCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { TENANT_TAG } from '../../../functions/contract/naming';
import { databaseUserArnOf, type Subject } from '../../../functions/isolation/subject';
import { boundaryWith, flowLogsRoleOf, roleNameOf } from '../identity-changes';
import { endpointPolicy } from '../network-changes';
import { adding, changed, type Edit, rolePolicy, type Statement, trustPolicy } from '../policies';
import { arnOf } from '../storage-changes';
import { type AttackTechnique, inTurn } from '../technique';

type Purpose = 'flow-logs' | 'monitoring';
const serviceRoleOf = (subject: Subject, purpose: Purpose) => `${roleNameOf(subject)}-${purpose}`;
const everyStatement =
  (change: (statement: Statement) => Statement): Edit =>
  (statements) =>
    statements.map(change);

/** An edit of the trust of a service's role. */
const serviceTrust = (name: string, purpose: Purpose, edit: Edit, expectedEvidence: string): AttackTechnique => ({
  name,
  check: 'identity.service-roles',
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await trustPolicy(root, serviceRoleOf(subject, purpose), edit),
  }),
});

/** An edit of the policy of a role. */
const ofPolicy = (
  name: string,
  check: string,
  edit: (subject: Subject) => Edit,
  expectedEvidence: string,
  purpose?: Purpose,
): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await (purpose
      ? rolePolicy(root, serviceRoleOf(subject, purpose), edit(subject), purpose)
      : rolePolicy(root, roleNameOf(subject), edit(subject))),
  }),
});

/** One more statement in the boundary of all tenants' roles. */
const bounded = (
  name: string,
  statement: (subject: Subject) => Statement,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'identity.boundary-unchanged',
  detonate: async ({ subject, root }) => ({
    expectedEvidence,
    revert: await boundaryWith(root, subject.boundaryArn, statement(subject)),
  }),
});

/** Another policy of the tenant's gateway endpoint. */
const ofEndpoint = (
  name: string,
  statement: (subject: Subject) => Statement,
  expectedEvidence: string,
): AttackTechnique => ({
  name,
  check: 'network.endpoints',
  detonate: async (scene) => {
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement(scene.subject)] });
    const { revert } = await endpointPolicy(scene, { PolicyDocument });
    return { expectedEvidence, revert };
  },
});

const trustsToo = (Service: string): Edit =>
  adding({
    Effect: 'Allow',
    Principal: { Service },
    Action: 'sts:AssumeRole',
    Condition: { StringEquals: { 'aws:SourceAccount': '000000000000' } },
  });

export const EXACT_ROLE_TECHNIQUES: readonly AttackTechnique[] = [
  serviceTrust(
    'let functions take on the monitoring role',
    'monitoring',
    trustsToo('lambda.amazonaws.com'),
    'Service:lambda.amazonaws.com',
  ),
  {
    name: 'let tasks take on the flow logs’ role, which logs in as the tenant',
    check: 'identity.service-roles',
    detonate: async ({ subject, root }) => {
      const statement: Statement = { Effect: 'Allow', Action: 'rds-db:connect', Resource: databaseUserArnOf(subject) };
      const revert = await inTurn(
        () => trustPolicy(root, flowLogsRoleOf(subject), trustsToo('ecs-tasks.amazonaws.com')),
        () => rolePolicy(root, flowLogsRoleOf(subject), adding(statement), 'flow-logs'),
      );
      return { expectedEvidence: 'Service:ecs-tasks.amazonaws.com', revert };
    },
  },
  serviceTrust(
    'take the source ARN out of the flow logs’ role',
    'flow-logs',
    everyStatement(({ Condition, ...each }) => ({
      ...each,
      Condition: { StringEquals: { ...Condition?.StringEquals } },
    })),
    'asks for ArnLike aws:SourceArn',
  ),
  serviceTrust(
    'let RDS act for any database of the account',
    'monitoring',
    everyStatement(({ Condition, ...each }) => ({
      ...each,
      Condition: { StringEquals: { ...Condition?.StringEquals }, ArnLike: { 'aws:SourceArn': 'arn:aws:rds:*:*:db:*' } },
    })),
    'asks for ArnLike aws:SourceArn',
  ),
  ofPolicy(
    'let the monitoring role read OS metrics of every database',
    'identity.service-roles',
    () => adding({ Effect: 'Allow', Action: ['logs:GetLogEvents', 'logs:FilterLogEvents'], Resource: '*' }),
    'logs:GetLogEvents, logs:FilterLogEvents',
    'monitoring',
  ),
  {
    name: 'attach a policy of AWS to the flow logs’ role',
    check: 'identity.service-roles',
    detonate: async ({ subject, root: { iam } }) => {
      const attachment = { RoleName: flowLogsRoleOf(subject), PolicyArn: 'arn:aws:iam::aws:policy/ReadOnlyAccess' };
      await iam.send(new AttachRolePolicyCommand(attachment));
      return {
        expectedEvidence: `${attachment.PolicyArn} is attached to ${attachment.RoleName}`,
        revert: () => iam.send(new DetachRolePolicyCommand(attachment)),
      };
    },
  },
  ofPolicy(
    'let the role upload under any key',
    'identity.policy',
    () => changed('WriteUnderOwnKey', ({ Condition: _, ...each }) => each),
    'asks for ArnEqualsIfExists',
  ),
  ofPolicy(
    'let the role change its bucket’s policy',
    'identity.policy',
    () =>
      changed('ListOwnBucket', (each) => ({
        ...each,
        Action: ['s3:ListBucket', 's3:GetBucketLocation', 's3:PutBucketPolicy'],
      })),
    'action s3:putbucketpolicy is not in the release’s statement ListOwnBucket',
  ),
  ofPolicy(
    'let the role encrypt its key’s data keys for others',
    'identity.policy',
    () =>
      changed('UseOwnKey', (each) => ({
        ...each,
        Action: ['kms:Decrypt', 'kms:GenerateDataKey', 'kms:DescribeKey', 'kms:ReEncryptTo'],
      })),
    'action kms:reencryptto is not in the release’s statement UseOwnKey',
  ),
  {
    name: 'give the role a second policy that turns versioning off',
    check: 'identity.policy',
    detonate: async ({ subject, root: { iam } }) => {
      const policy = { RoleName: roleNameOf(subject), PolicyName: 'maintenance' };
      const statement = {
        Sid: 'Maintain',
        Effect: 'Allow',
        Action: 's3:PutBucketVersioning',
        Resource: arnOf(subject),
      };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
      return {
        expectedEvidence: 'statement Allow Maintain grants',
        revert: () => iam.send(new DeleteRolePolicyCommand(policy)),
      };
    },
  },
  bounded(
    'let the boundary write into a folder of every bucket',
    () => ({
      Sid: 'Drop',
      Effect: 'Allow',
      Action: ['s3:PutObject'],
      Resource: [`arn:aws:s3:::*/\${aws:PrincipalTag/${TENANT_TAG}}/*`],
    }),
    'statement Allow Drop grants',
  ),
  bounded(
    'let the boundary delete the tenant’s versions',
    ({ accountId, region }) => ({
      Sid: 'Purge',
      Effect: 'Allow',
      Action: ['s3:DeleteObject*'],
      Resource: [`arn:aws:s3:::tenant-\${aws:PrincipalTag/${TENANT_TAG}}-${accountId}-${region}/*`],
    }),
    'statement Allow Purge grants',
  ),
  ofEndpoint(
    'let any account’s credentials use the VPC’s endpoint, for any action',
    (subject) => ({
      Sid: 'OwnBucketOnly',
      Effect: 'Allow',
      Principal: '*',
      Action: 's3:*',
      Resource: [arnOf(subject), `${arnOf(subject)}/*`],
    }),
    'the release’s statement OwnBucketOnly asks for StringEquals aws:PrincipalAccount',
  ),
  ofEndpoint(
    'let the endpoint change the bucket’s policy',
    (subject) => ({
      Sid: 'OwnBucketOnly',
      Effect: 'Allow',
      Principal: '*',
      Action: ['s3:GetObject', 's3:PutBucketPolicy'],
      Resource: [arnOf(subject), `${arnOf(subject)}/*`],
      Condition: { StringEquals: { 'aws:PrincipalAccount': subject.accountId } },
    }),
    'action s3:putbucketpolicy is not in the release’s statement OwnBucketOnly',
  ),
];
