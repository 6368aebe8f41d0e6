import {
  AttachRolePolicyCommand,
  CreatePolicyVersionCommand,
  DeletePolicyVersionCommand,
  DeleteRolePolicyCommand,
  DetachRolePolicyCommand,
  GetPolicyCommand,
  PutRolePolicyCommand,
  SetDefaultPolicyVersionCommand,
} from '@aws-sdk/client-iam';
import { functionRoleName } from '../../../functions/contract/naming';
import { STACK_ROLE_NAME } from '../../../infra/constructs/platform-names';
import { adding, type Statement, trustPolicy } from '../policies';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { STRANGERS_ROOT } from '../technique';

const taskRoleOf = ({ surroundings }: SharedScene) => surroundings.cell.taskRoleArn.split('/').at(-1) ?? '';
const functionRole = (name: string) => () => functionRoleName(name);
type RoleOf = (scene: SharedScene) => string;

const trusted = (
  name: string,
  roleOf: RoleOf,
  Principal: Statement['Principal'],
  evidence: string,
): SharedTechnique => ({
  name,
  check: 'identity.trustees',
  detonate: async (scene) => {
    const role = roleOf(scene);
    const statement: Statement = { Sid: 'Support', Effect: 'Allow', Principal, Action: 'sts:AssumeRole' };
    const revert = await trustPolicy(scene.root, role, adding(statement));
    return { expectedEvidence: `the trust of ${role} has the statement Allow Support for ${evidence}`, revert };
  },
});

const allowed = (name: string, roleOf: RoleOf, Action: string, Resource: string): SharedTechnique => ({
  name,
  check: 'identity.trustees',
  detonate: async (scene) => {
    const policy = { RoleName: roleOf(scene), PolicyName: 'support' };
    const Statement = [{ Sid: 'Support', Effect: 'Allow', Action, Resource }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await scene.root.iam.send(new PutRolePolicyCommand({ ...policy, PolicyDocument }));
    return {
      expectedEvidence: `the policy of ${policy.RoleName} has the statement Allow Support on ${Resource}`,
      revert: () => scene.root.iam.send(new DeleteRolePolicyCommand(policy)),
    };
  },
});

export const TRUSTEE_TECHNIQUES: readonly SharedTechnique[] = [
  allowed('let the task role log in to every database', taskRoleOf, 'rds-db:connect', '*'),
  allowed('let the task role read every bucket', taskRoleOf, 's3:GetObject', 'arn:aws:s3:::*/*'),
  allowed('let the stacks’ role read every secret', () => STACK_ROLE_NAME, 'secretsmanager:GetSecretValue', '*'),
  allowed('let ActivateTenant decrypt under every key', functionRole('ActivateTenant'), 'kms:Decrypt', '*'),
  trusted('let another account assume the task role', taskRoleOf, { AWS: STRANGERS_ROOT }, `AWS:${STRANGERS_ROOT}`),
  trusted(
    'let instances assume the task role',
    taskRoleOf,
    { Service: 'ec2.amazonaws.com' },
    'Service:ec2.amazonaws.com',
  ),
  ...['VerifyIsolation', 'AuditTenant', 'CreateTenantKey', 'RetireTenantKey', 'ActivateTenant'].map((name) =>
    trusted(
      `let another account assume the role of ${name}`,
      functionRole(name),
      { AWS: STRANGERS_ROOT },
      `AWS:${STRANGERS_ROOT}`,
    ),
  ),
  trusted(
    'let functions assume the stacks’ role',
    () => STACK_ROLE_NAME,
    { Service: 'lambda.amazonaws.com' },
    'Service:lambda',
  ),
  {
    name: 'give the operators’ policy another version',
    check: 'identity.trustees',
    detonate: async ({ surroundings: { accountId }, root: { iam } }) => {
      const PolicyArn = `arn:aws:iam::${accountId}:policy/tenant-onboarding-operator`;
      const { Policy } = await iam.send(new GetPolicyCommand({ PolicyArn }));
      const VersionId = Policy?.DefaultVersionId;
      const Statement = [{ Effect: 'Allow', Action: 's3:*', Resource: '*' }];
      const { PolicyVersion } = await iam.send(
        new CreatePolicyVersionCommand({
          ...{ PolicyArn, SetAsDefault: true },
          PolicyDocument: JSON.stringify({ Version: '2012-10-17', Statement }),
        }),
      );
      const revert = async () => {
        await iam.send(new SetDefaultPolicyVersionCommand({ PolicyArn, VersionId }));
        await iam.send(new DeletePolicyVersionCommand({ PolicyArn, VersionId: PolicyVersion?.VersionId }));
      };
      return { expectedEvidence: `the policy ${PolicyArn} has the statement Allow s3:*`, revert };
    },
  },
  {
    name: 'attach AdministratorAccess to the task role',
    check: 'identity.trustees',
    detonate: async (scene) => {
      const attachment = { RoleName: taskRoleOf(scene), PolicyArn: 'arn:aws:iam::aws:policy/AdministratorAccess' };
      await scene.root.iam.send(new AttachRolePolicyCommand(attachment));
      return {
        expectedEvidence: `policy ${attachment.PolicyArn} is attached to ${attachment.RoleName}`,
        revert: () => scene.root.iam.send(new DetachRolePolicyCommand(attachment)),
      };
    },
  },
];
