import { DeleteRolePolicyCommand, PutRolePolicyCommand } from '@aws-sdk/client-iam';
import { PROBE_PREFIX } from '../../../functions/contract/naming';
import { bucketOf, type Subject } from '../../../functions/isolation/subject';
import { flowLogsRoleOf, roleNameOf } from '../identity-changes';
import { adding, bucketPolicy, changed, type Edit, rolePolicy, type Statement, trustPolicy } from '../policies';
import { arnOf } from '../storage-changes';
import type { AttackTechnique, Scene } from '../technique';

const denial = (Action: string | string[], rest: Partial<Statement>): Statement => ({
  ...{ Sid: 'Support', Effect: 'Deny', Action },
  ...rest,
});

/** A denial in the bucket's policy, by which some of the tenant's pages are gone. */
const inBucket = (name: string, statement: (subject: Subject) => Partial<Statement>): AttackTechnique => ({
  name,
  check: 'probes.own-bucket',
  detonate: async ({ subject, root }) => ({
    expectedEvidence: 'statement Deny Support denies the tenant’s role s3:GetObject',
    revert: await bucketPolicy(root, bucketOf(subject), adding(denial('s3:GetObject', statement(subject)))),
  }),
});

const inRole = (name: string, check: string, edit: (subject: Subject) => Edit, evidence: string): AttackTechnique => ({
  name,
  check,
  detonate: async ({ subject, root }) => ({
    expectedEvidence: `the policy of ${roleNameOf(subject)} ${evidence}`,
    revert: await rolePolicy(root, roleNameOf(subject), edit(subject)),
  }),
});

const monitoringRoleOf = (subject: Subject) => `${roleNameOf(subject)}-monitoring`;

/** One more policy of the flow logs' role. */
async function denyDelivery({ subject, root: { iam } }: Scene) {
  const policy = { RoleName: flowLogsRoleOf(subject), PolicyName: 'costs' };
  const Statement = [denial('logs:PutLogEvents', { Resource: '*' })];
  const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
  await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
  return () => iam.send(new DeleteRolePolicyCommand(policy));
}

/** Doors that are shut to some of what goes through them: what a probe does still works. */
export const SHUT_DOOR_TECHNIQUES: readonly AttackTechnique[] = [
  inBucket('deny the home page to everybody, by the bucket’s policy', (subject) => ({
    ...{ Principal: '*', Resource: `${arnOf(subject)}/index.html` },
  })),
  inBucket('deny the tenant’s role all but what probes write', (subject) => ({
    ...{ Principal: { AWS: subject.stacks.access.outputs.RoleArn }, NotResource: `${arnOf(subject)}/${PROBE_PREFIX}*` },
  })),
  inRole(
    'let the role write nothing but what probes write',
    'probes.own-bucket',
    (subject) => changed('WriteUnderOwnKey', (each) => ({ ...each, Resource: `${arnOf(subject)}/${PROBE_PREFIX}*` })),
    'does not allow s3:PutObject, s3:AbortMultipartUpload as the release does',
  ),
  inRole(
    'deny the role describing its key',
    'probes.own-key',
    () => changed('UseOwnKey', (each) => ({ ...each, Action: ['kms:Decrypt', 'kms:GenerateDataKey'] })),
    'does not allow kms:Decrypt, kms:GenerateDataKey, kms:DescribeKey as the release does',
  ),
  {
    name: 'deny the shared service the tenant’s role, by its trust',
    check: 'identity.release',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: `the trust of ${roleNameOf(subject)} has the statement Deny Support`,
      revert: await trustPolicy(
        root,
        roleNameOf(subject),
        adding(denial('sts:AssumeRole', { Principal: { AWS: subject.cell.taskRoleArn } })),
      ),
    }),
  },
  {
    name: 'take the monitoring role its policy',
    check: 'database.monitoring-role',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: `nothing is delivered: role ${monitoringRoleOf(subject)} may not`,
      revert: await rolePolicy(
        root,
        monitoringRoleOf(subject),
        (statements) => statements.map((each) => ({ ...each, Action: 'logs:DescribeLogStreams' })),
        'monitoring',
      ),
    }),
  },
  {
    name: 'deny the flow logs’ role to deliver',
    check: 'network.flow-logs',
    detonate: async (scene) => ({
      expectedEvidence: `the policy of ${flowLogsRoleOf(scene.subject)} has the statement Deny Support`,
      revert: await denyDelivery(scene),
    }),
  },
  {
    name: 'let the flow logs’ service no longer take on its role',
    check: 'network.flow-logs',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: `the trust of ${flowLogsRoleOf(subject)} does not allow sts:AssumeRole as the release does`,
      revert: await trustPolicy(root, flowLogsRoleOf(subject), (statements) =>
        statements.map((each) => ({ ...each, Effect: 'Deny' })),
      ),
    }),
  },
];
