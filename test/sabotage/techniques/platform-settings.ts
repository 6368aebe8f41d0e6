import { DescribeStackResourcesCommand } from '@aws-sdk/client-cloudformation';
import { UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import {
  AttachVpnGatewayCommand,
  CreateVpnGatewayCommand,
  DeleteVpnGatewayCommand,
  DescribeVpcEndpointsCommand,
  DetachVpnGatewayCommand,
  DisableVgwRoutePropagationCommand,
  EnableVgwRoutePropagationCommand,
  ModifyVpcEndpointCommand,
} from '@aws-sdk/client-ec2';
import { UpdateEventBusCommand } from '@aws-sdk/client-eventbridge';
import { DeleteRolePermissionsBoundaryCommand, PutRolePermissionsBoundaryCommand } from '@aws-sdk/client-iam';
import {
  CreateFunctionCommand,
  DeleteFunctionCommand,
  UpdateFunctionConfigurationCommand,
} from '@aws-sdk/client-lambda';
import { SubscribeCommand, UnsubscribeCommand } from '@aws-sdk/client-sns';
import { GetQueueAttributesCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { functionRoleName, platformStackName } from '../../../functions/contract/naming';
import type { SharedScene, SharedTechnique } from '../surroundings-target';
import { STRANGER } from '../technique';
import { EMPTY, functionOf } from './platform';

const subscribed = (name: string, Protocol: string, Endpoint: string): SharedTechnique => ({
  name,
  check: 'platform.topic',
  detonate: async ({ surroundings: { topicArn: TopicArn }, root: { sns } }) => {
    const request = { TopicArn, Protocol, Endpoint, ReturnSubscriptionArn: true };
    const { SubscriptionArn } = await sns.send(new SubscribeCommand(request));
    return {
      expectedEvidence: `${Protocol} ${Endpoint} of`,
      revert: () => sns.send(new UnsubscribeCommand({ SubscriptionArn })),
    };
  },
});

/** The cell's own endpoint for S3. */
async function endpointOf({ surroundings: { cell, region }, root: { ec2 } }: SharedScene) {
  const Filters = [
    { Name: 'vpc-id', Values: [cell.vpcId] },
    { Name: 'service-name', Values: [`com.amazonaws.${region}.s3`] },
  ];
  const { VpcEndpoints } = await ec2.send(new DescribeVpcEndpointsCommand({ Filters }));
  if (!VpcEndpoints?.[0]) throw new Error('the cell has no endpoint for S3');
  return VpcEndpoints[0];
}

/** How what carries signups and alarms, and who acts for the platform, is changed beside the policies. */
export const PLATFORM_SETTING_TECHNIQUES: readonly SharedTechnique[] = [
  subscribed('mail the alarms to a stranger', 'email', 'eve@theirs.example'),
  subscribed('send the alarms to a stranger’s phone', 'sms', '+4930123456'),
  {
    name: 'put the bus under a stranger’s key',
    check: 'platform.bus',
    detonate: async ({ surroundings: { busName: Name, region }, root: { events } }) => {
      const key = `arn:aws:kms:${region}:${STRANGER}:key/11111111-1111-1111-1111-111111111111`;
      const set = (KmsKeyIdentifier: string) => events.send(new UpdateEventBusCommand({ Name, KmsKeyIdentifier }));
      await set(key);
      return { expectedEvidence: `the key of the bus is ${key}`, revert: () => set('') };
    },
  },
  {
    name: 'forget undelivered signups after a minute',
    check: 'platform.permissions',
    detonate: async ({ root: { cloudformation, sqs } }) => {
      const StackName = platformStackName('ControlPlane');
      const { StackResources = [] } = await cloudformation.send(new DescribeStackResourcesCommand({ StackName }));
      const QueueUrl = StackResources.find(
        ({ ResourceType, LogicalResourceId = '' }) =>
          ResourceType === 'AWS::SQS::Queue' && LogicalResourceId.startsWith('SignupIntake'),
      )?.PhysicalResourceId;
      const read = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['MessageRetentionPeriod'] });
      const before = (await sqs.send(read)).Attributes?.MessageRetentionPeriod ?? '';
      const set = (MessageRetentionPeriod: string) =>
        sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes: { MessageRetentionPeriod } }));
      await set('60');
      return { expectedEvidence: 'forgets what it has got after 60 s', revert: () => set(before) };
    },
  },
  {
    name: 'run a function of a stranger in AuditTenant’s role',
    check: 'platform.functions',
    detonate: async (scene) => {
      const { lambda } = scene.root;
      const { Role, Runtime } = await functionOf(scene, 'AuditTenant');
      const FunctionName = 'as-the-auditor';
      await lambda.send(
        new CreateFunctionCommand({ FunctionName, Role, Runtime, Handler: 'index.handler', Code: { ZipFile: EMPTY } }),
      );
      return {
        expectedEvidence: `function ${FunctionName}, which no template makes, runs as ${Role}`,
        revert: () => lambda.send(new DeleteFunctionCommand({ FunctionName })),
      };
    },
  },
  {
    name: 'let VerifyIsolation run out of memory',
    check: 'platform.functions',
    detonate: async (scene) => {
      const { lambda } = scene.root;
      const { FunctionName, MemorySize } = await functionOf(scene, 'VerifyIsolation');
      const set = (size: number | undefined) =>
        lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName, MemorySize: size }));
      await set(128);
      return { expectedEvidence: `${FunctionName} has 128 MB of memory`, revert: () => set(MemorySize) };
    },
  },
  {
    name: 'let the tenants table take one request a second',
    check: 'platform.table',
    detonate: async ({ surroundings: { tableName: TableName }, root: { dynamodb } }) => {
      const set = (units: number) =>
        dynamodb.send(
          new UpdateTableCommand({
            ...{ TableName, BillingMode: 'PAY_PER_REQUEST' },
            OnDemandThroughput: { MaxReadRequestUnits: units, MaxWriteRequestUnits: units },
          }),
        );
      await set(1);
      return { expectedEvidence: 'the table takes no more than 1 requests a second', revert: () => set(-1) };
    },
  },
  {
    name: 'bound what JudgeAudit may do',
    check: 'identity.trustees',
    detonate: async ({ root: { iam } }) => {
      const RoleName = functionRoleName('JudgeAudit');
      const PermissionsBoundary = 'arn:aws:iam::aws:policy/ReadOnlyAccess';
      await iam.send(new PutRolePermissionsBoundaryCommand({ RoleName, PermissionsBoundary }));
      return {
        expectedEvidence: `the boundary of ${RoleName} is ${PermissionsBoundary}`,
        revert: () => iam.send(new DeleteRolePermissionsBoundaryCommand({ RoleName })),
      };
    },
  },
  {
    name: 'let the cell’s endpoint lead to a stranger’s bucket alone',
    check: 'cell.network',
    detonate: async (scene) => {
      const { ec2 } = scene.root;
      const { VpcEndpointId, PolicyDocument } = await endpointOf(scene);
      const theirs = { Effect: 'Allow', Principal: '*', Action: 's3:*', Resource: 'arn:aws:s3:::theirs/*' };
      const put = (policy: string | undefined) =>
        ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, PolicyDocument: policy }));
      await put(JSON.stringify({ Version: '2012-10-17', Statement: [theirs] }));
      return { expectedEvidence: `the policy of endpoint ${VpcEndpointId}`, revert: () => put(PolicyDocument) };
    },
  },
  {
    name: 'have no subnet of the cell lead to its endpoint',
    check: 'cell.network',
    detonate: async (scene) => {
      const { ec2 } = scene.root;
      const { VpcEndpointId, RouteTableIds } = await endpointOf(scene);
      await ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, RemoveRouteTableIds: RouteTableIds }));
      return {
        expectedEvidence: `route table of endpoint ${VpcEndpointId}`,
        revert: () => ec2.send(new ModifyVpcEndpointCommand({ VpcEndpointId, AddRouteTableIds: RouteTableIds })),
      };
    },
  },
  {
    name: 'let a VPN gateway bring its routes into the cell',
    check: 'cell.routes',
    detonate: async ({ surroundings: { cell }, root: { ec2 } }) => {
      const { VpnGateway } = await ec2.send(new CreateVpnGatewayCommand({ Type: 'ipsec.1' }));
      const VpnGatewayId = VpnGateway?.VpnGatewayId;
      const attached = { VpnGatewayId, VpcId: cell.vpcId };
      await ec2.send(new AttachVpnGatewayCommand(attached));
      const propagated = { GatewayId: VpnGatewayId, RouteTableId: cell.routeTableIds[0] };
      await ec2.send(new EnableVgwRoutePropagationCommand(propagated));
      return {
        expectedEvidence: `takes the routes of gateway ${VpnGatewayId}`,
        revert: async () => {
          await ec2.send(new DisableVgwRoutePropagationCommand(propagated));
          await ec2.send(new DetachVpnGatewayCommand(attached));
          await ec2.send(new DeleteVpnGatewayCommand({ VpnGatewayId }));
        },
      };
    },
  },
];
