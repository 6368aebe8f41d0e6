import {
  AttachUserPolicyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  DeletePolicyCommand,
  DeleteUserCommand,
  DetachUserPolicyCommand,
} from '@aws-sdk/client-iam';
import { RELEASE_PIPELINE, TENANT_TAG, tenantNames } from '../../../functions/contract/naming';
import { aUser } from '../identity-changes';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { resourceOf } from './platform';

type ArnOf = (surroundings: SharedScene['surroundings']) => string;

type Test = readonly [operator: string, key: string, value: string];

/** A user of the account gets a policy of its own. @param what it gives, as the evidence tells it */
const userWith = (
  name: string,
  UserName: string,
  statementOf: (surroundings: SharedScene['surroundings']) => { readonly statement: object; readonly what: string },
): SharedTechnique => ({
  name,
  check: 'identity.reach',
  detonate: async ({ surroundings, root: { iam } }) => {
    const { statement, what } = statementOf(surroundings);
    return { expectedEvidence: `user/${UserName} may ${what}`, revert: await aUser({ iam }, UserName, statement) };
  },
});

/** A user whose policy names resources. */
const given = (name: string, UserName: string, Action: string | string[], resource: ArnOf): SharedTechnique =>
  userWith(name, UserName, (surroundings) => {
    const Resource = resource(surroundings);
    return { statement: { Action, Resource }, what: `${[Action].flat().join(', ')} on ${Resource}` };
  });

/** A user whose policy is about everything, and names resources by a condition. */
const where = (name: string, UserName: string, Action: string, [operator, key, value]: Test): SharedTechnique =>
  userWith(name, UserName, () => ({
    statement: { Action, Resource: '*', Condition: { [operator]: { [key]: value } } },
    what: `${Action} where ${key} is ${value}`,
  }));

const inAccount = (service: string, resource: string): ArnOf => {
  return ({ region, accountId }) => `arn:aws:${service}:${region}:${accountId}:${resource}`;
};

/** How somebody of the account is given tenants' resources, or the platform's, by a policy that names them. */
export const REACH_TECHNIQUES: readonly SharedTechnique[] = [
  given('let a user read the tenants table', 'table-reader', 'dynamodb:*', (surroundings) =>
    inAccount('dynamodb', `table/${surroundings.tableName}`)(surroundings),
  ),
  given('let a user search the logs of the platform', 'log-reader', 'logs:FilterLogEvents', (surroundings) =>
    inAccount('logs', 'log-group:/tenant-onboarding/*')(surroundings),
  ),
  given('let a user see requests that the web ACL has sampled', 'sampler', 'wafv2:GetSampledRequests', (surroundings) =>
    inAccount('wafv2', `regional/webacl/cell-${surroundings.cell.name}/*`)(surroundings),
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
  given(
    'let a user update the control plane’s stack',
    'stack-updater',
    'cloudformation:UpdateStack',
    inAccount('cloudformation', 'stack/TenantOnboarding-ControlPlane/*'),
  ),
  given(
    'let a user change the settings of tenants’ databases',
    'parameter-changer',
    'rds:ModifyDBParameterGroup',
    inAccount('rds', 'pg:tenant-*'),
  ),
  given(
    'let a user delete the logs of tenants',
    'log-deleter',
    'logs:DeleteLogGroup',
    inAccount('logs', 'log-group:/tenants/*'),
  ),
  given(
    'let a user take the approval out of the pipeline',
    'pipeline-changer',
    'codepipeline:UpdatePipeline',
    inAccount('codepipeline', RELEASE_PIPELINE),
  ),
  given('let a user route the cell’s traffic', 'router', ['ec2:CreateRoute', 'ec2:ReplaceRoute'], (surroundings) =>
    inAccount('ec2', `route-table/${surroundings.cell.routeTableIds[0]}`)(surroundings),
  ),
  userWith('let a user put interfaces into the cell’s network', 'interface-maker', ({ region, accountId, cell }) => {
    const [Action, network] = ['ec2:CreateNetworkInterface', `arn:aws:ec2:${region}:${accountId}:vpc/${cell.vpcId}`];
    return {
      statement: { Action, Resource: '*', Condition: { ArnEquals: { 'ec2:Vpc': network } } },
      what: `${Action} where ec2:Vpc is ${network}`,
    };
  }),
  {
    name: 'let a user change the records of tenants’ names',
    check: 'identity.reach',
    detonate: async (scene) => {
      const [UserName, Action] = ['name-changer', 'route53:ChangeResourceRecordSets'];
      const zone = await resourceOf(scene, 'Foundation', 'AWS::Route53::HostedZone', '');
      const Resource = `arn:aws:route53:::hostedzone/${zone}`;
      return {
        expectedEvidence: `user/${UserName} may ${Action} on ${Resource}`,
        revert: await aUser(scene.root, UserName, { Action, Resource }),
      };
    },
  },
  where('let a user read whatever has a tenant’s tag', 'tag-reader', 'secretsmanager:*', [
    'Null',
    `aws:ResourceTag/${TENANT_TAG}`,
    'false',
  ]),
  where('let a user decrypt what is encrypted for tenants’ secrets', 'decrypter', 'kms:Decrypt', [
    'StringLike',
    'kms:EncryptionContext:SecretARN',
    `arn:aws:secretsmanager:*:*:secret:${tenantNames.secret('*')}*`,
  ]),
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
