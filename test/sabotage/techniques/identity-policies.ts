import {
  CreatePolicyCommand,
  DeletePolicyCommand,
  DeleteRolePolicyCommand,
  PutRolePermissionsBoundaryCommand,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { CreateGrantCommand, RevokeGrantCommand } from '@aws-sdk/client-kms';
import { DeleteResourcePolicyCommand, PutResourcePolicyCommand } from '@aws-sdk/client-secrets-manager';
import { TENANT_ROLE_PATH, TENANT_TAG } from '../../../functions/contract/naming';
import { boundaryWith, roleNameOf, withoutBoundary } from '../identity-changes';
import { adding, rolePolicy, type Statement } from '../policies';
import { type AttackTechnique, inTurn } from '../technique';

export const IDENTITY_POLICY_TECHNIQUES: readonly AttackTechnique[] = [
  {
    name: 'take the boundary off the role',
    check: 'identity.boundary',
    detonate: async ({ subject, root }) => ({
      expectedEvidence: `the role’s boundary is absent, not ${subject.boundaryArn}`,
      revert: await withoutBoundary(root, roleNameOf(subject), subject.boundaryArn),
    }),
  },
  {
    name: 'swap the boundary for a wide one',
    check: 'identity.boundary',
    detonate: async ({ subject, root: { iam } }) => {
      const RoleName = roleNameOf(subject);
      const statement = { Effect: 'Allow', Action: '*', Resource: '*' };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const { Policy } = await iam.send(
        new CreatePolicyCommand({ PolicyName: 'Wide', Path: TENANT_ROLE_PATH, PolicyDocument }),
      );
      const PolicyArn = Policy?.Arn;
      const bounded = (PermissionsBoundary: string | undefined) =>
        iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
      await bounded(PolicyArn);
      const revert = async () => {
        await bounded(subject.boundaryArn);
        await iam.send(new DeletePolicyCommand({ PolicyArn }));
      };
      return { expectedEvidence: `the role’s boundary is ${PolicyArn}`, revert };
    },
  },
  {
    name: 'let the boundary reach every bucket',
    check: 'identity.boundary-unchanged',
    detonate: async ({ subject, root }) => {
      const statement: Statement = {
        Sid: 'Wider',
        Effect: 'Allow',
        Action: ['s3:GetObject'],
        Resource: ['arn:aws:s3:::*'],
      };
      const revert = await boundaryWith(root, subject.boundaryArn, statement);
      return { expectedEvidence: 'Allow Wider reaches beyond the tenant: arn:aws:s3:::*', revert };
    },
  },
  {
    name: 'let the boundary change the tenant’s bucket',
    check: 'identity.boundary-unchanged',
    detonate: async ({ subject, root }) => {
      const { accountId, region } = subject;
      const Resource = `arn:aws:s3:::tenant-\${aws:PrincipalTag/${TENANT_TAG}}-${accountId}-${region}`;
      const statement: Statement = { Sid: 'Configure', Effect: 'Allow', Action: 's3:PutBucketPolicy', Resource };
      const revert = await boundaryWith(root, subject.boundaryArn, statement);
      return { expectedEvidence: 's3:PutBucketPolicy is not needed by a tenant’s role', revert };
    },
  },
  {
    name: 'name another tenant’s bucket in the role’s policy',
    check: 'identity.policy',
    detonate: async ({ subject, root }) => {
      const Resource = `arn:aws:s3:::${subject.cell.decoy.bucketName}/*`;
      const statement: Statement = { Sid: 'Neighbour', Effect: 'Allow', Action: ['s3:GetObject'], Resource };
      const revert = await rolePolicy(root, roleNameOf(subject), adding(statement));
      return { expectedEvidence: `Allow Neighbour reaches ${Resource}`, revert };
    },
  },
  {
    name: 'let the role do anything with its key',
    check: 'identity.policy',
    detonate: async ({ subject, root }) => {
      const statement: Statement = {
        Sid: 'Everything',
        Effect: 'Allow',
        Action: ['kms:*'],
        Resource: subject.key.keyArn,
      };
      const revert = await rolePolicy(root, roleNameOf(subject), adding(statement));
      return { expectedEvidence: 'Allow Everything allows kms:*', revert };
    },
  },
  {
    name: 'give the role a second policy of its own',
    check: 'identity.policy',
    detonate: async ({ subject, root: { iam } }) => {
      const policy = { RoleName: roleNameOf(subject), PolicyName: 'debugging' };
      const statement = { Sid: 'Debugging', Effect: 'Allow', Action: 'rds-db:connect', Resource: '*' };
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      await iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
      return {
        expectedEvidence: 'Allow Debugging reaches *',
        revert: () => iam.send(new DeleteRolePolicyCommand(policy)),
      };
    },
  },
  {
    name: 'let the shared service’s own role at key and secret',
    check: 'identity.sole-access',
    detonate: async ({ subject, root: { kms, secrets } }) => {
      const { taskRoleArn: GranteePrincipal } = subject.cell;
      const KeyId = subject.key.keyArn;
      const SecretId = subject.stacks.database.outputs.SecretArn;
      const statement = {
        Sid: 'Shortcut',
        Effect: 'Allow',
        Principal: { AWS: GranteePrincipal },
        Action: 'secretsmanager:GetSecretValue',
        Resource: '*',
      };
      const ResourcePolicy = JSON.stringify({ Version: '2012-10-17', Statement: [statement] });
      const revert = await inTurn(
        async () => {
          const grant = await kms.send(new CreateGrantCommand({ KeyId, GranteePrincipal, Operations: ['Decrypt'] }));
          return () => kms.send(new RevokeGrantCommand({ KeyId, GrantId: grant.GrantId }));
        },
        async () => {
          await secrets.send(new PutResourcePolicyCommand({ SecretId, ResourcePolicy }));
          return () => secrets.send(new DeleteResourcePolicyCommand({ SecretId }));
        },
      );
      return { expectedEvidence: `Allow Shortcut grants AWS:${GranteePrincipal}`, revert };
    },
  },
];
