import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  DeletePolicyCommand,
  DeleteUserCommand,
  DeleteUserPolicyCommand,
  DetachUserPolicyCommand,
  PutUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { TENANT_TAG, tenantNames } from '../../../functions/contract/naming';
import type { SharedScene, SharedTechnique } from '../surroundings-target';

type ArnOf = (surroundings: SharedScene['surroundings']) => string;

/** A user of the account gets a policy that names resources. */
const given = (name: string, UserName: string, Action: string | string[], resource: ArnOf): SharedTechnique => ({
  name,
  check: 'identity.reach',
  detonate: async ({ surroundings, root: { iam } }) => {
    const PolicyName = 'support';
    await iam.send(new CreateUserCommand({ UserName }));
    const Statement = [{ Effect: 'Allow', Action, Resource: resource(surroundings) }];
    const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
    await iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }));
    return {
      expectedEvidence: `user/${UserName} may ${[Action].flat().join(', ')} on ${resource(surroundings)}`,
      revert: async () => {
        await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
        await iam.send(new DeleteUserCommand({ UserName }));
      },
    };
  },
});

const inAccount = (service: string, resource: string): ArnOf => {
  return ({ region, accountId }) => `arn:aws:${service}:${region}:${accountId}:${resource}`;
};

/** How somebody of the account is given tenants' resources, or the platform's, by a policy that names them. */
export const REACH_TECHNIQUES: readonly SharedTechnique[] = [
  given('let a user read the tenants table', 'table-reader', 'dynamodb:*', (surroundings) =>
    inAccount('dynamodb', `table/${surroundings.tableName}`)(surroundings),
  ),
  given(
    'let a user assume every tenant’s role',
    'role-taker',
    ['sts:AssumeRole', 'sts:TagSession'],
    (surroundings) => `arn:aws:iam::${surroundings.accountId}:role/tenants/*`,
  ),
  given(
    'let a user read every tenant’s secret',
    'secret-reader',
    'secretsmanager:Get*',
    inAccount('secretsmanager', `secret:${tenantNames.secret('*')}`),
  ),
  given(
    'let a user change every tenant’s database',
    'database-changer',
    ['rds:ModifyDBInstance', 'rds:CreateDBSnapshot'],
    inAccount('rds', `db:${tenantNames.database('*')}`),
  ),
  given(
    'let a user change what guards tenants’ buckets',
    'bucket-changer',
    's3:PutBucketPolicy',
    () => 'arn:aws:s3:::tenant-*',
  ),
  given(
    'let a user call the control plane’s functions',
    'function-caller',
    'lambda:InvokeFunction',
    inAccount('lambda', 'function:TenantOnboarding-ControlPlane-*'),
  ),
  given(
    'let a user pass the platform’s roles on',
    'role-passer',
    'iam:PassRole',
    ({ accountId }) => `arn:aws:iam::${accountId}:role/tenant-onboarding-*`,
  ),
  given(
    'let a user start audits of its own',
    'audit-starter',
    'states:StartExecution',
    inAccount('states', 'stateMachine:TenantIsolationAudit'),
  ),
  {
    name: 'let a user read whatever has a tenant’s tag',
    check: 'identity.reach',
    detonate: async ({ root: { iam } }) => {
      const [UserName, PolicyName] = ['tag-reader', 'support'];
      const key = `aws:ResourceTag/${TENANT_TAG}`;
      const Statement = [
        { Effect: 'Allow', Action: 'secretsmanager:*', Resource: '*', Condition: { Null: { [key]: 'false' } } },
      ];
      await iam.send(new CreateUserCommand({ UserName }));
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      await iam.send(new PutUserPolicyCommand({ UserName, PolicyName, PolicyDocument }));
      return {
        expectedEvidence: `user/${UserName} may secretsmanager:* where ${key} is false`,
        revert: async () => {
          await iam.send(new DeleteUserPolicyCommand({ UserName, PolicyName }));
          await iam.send(new DeleteUserCommand({ UserName }));
        },
      };
    },
  },
  {
    name: 'let a user sign up tenants, by a policy of the account',
    check: 'identity.reach',
    detonate: async ({ surroundings, root: { iam } }) => {
      const UserName = 'signer-up';
      const Resource = inAccount('events', `event-bus/${surroundings.busName}`)(surroundings);
      const Statement = [{ Effect: 'Allow', Action: 'events:PutEvents', Resource }];
      const PolicyDocument = JSON.stringify({ Version: '2012-10-17', Statement });
      const { Policy } = await iam.send(new CreatePolicyCommand({ PolicyName: UserName, PolicyDocument }));
      const PolicyArn = Policy?.Arn;
      await iam.send(new CreateUserCommand({ UserName }));
      await iam.send(new AttachUserPolicyCommand({ UserName, PolicyArn }));
      return {
        expectedEvidence: `user/${UserName} may events:PutEvents on ${Resource}`,
        revert: async () => {
          await iam.send(new DetachUserPolicyCommand({ UserName, PolicyArn }));
          await iam.send(new DeleteUserCommand({ UserName }));
          await iam.send(new DeletePolicyCommand({ PolicyArn }));
        },
      };
    },
  },
];
