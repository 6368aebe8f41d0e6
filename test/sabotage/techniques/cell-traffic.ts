import {
  CreateFlowLogsCommand,
  CreateNetworkAclCommand,
  CreateNetworkAclEntryCommand,
  DeleteFlowLogsCommand,
  DeleteNetworkAclCommand,
  DeleteNetworkAclEntryCommand,
  DescribeFlowLogsCommand,
  DescribeNetworkAclsCommand,
  DescribeSubnetsCommand,
  type FlowLog,
  ReplaceNetworkAclAssociationCommand,
} from '@aws-sdk/client-ec2';
import type { SharedScene, SharedTechnique } from '../surroundings-target';

const inVpc = ({ surroundings }: SharedScene) => [{ Name: 'vpc-id', Values: [surroundings.cell.vpcId] }];

async function flowLogOf({ surroundings, root: { ec2 } }: SharedScene): Promise<FlowLog> {
  const Filter = [{ Name: 'resource-id', Values: [surroundings.cell.vpcId] }];
  const { FlowLogs: [log] = [] } = await ec2.send(new DescribeFlowLogsCommand({ Filter }));
  if (!log) throw new Error('the cell has no flow log');
  return log;
}

/** Puts another flow log in the place of the cell's, or none. */
const instead = (name: string, traffic?: 'REJECT'): SharedTechnique => ({
  name,
  check: 'cell.flow-logs',
  detonate: async (scene) => {
    const { ec2 } = scene.root;
    const { vpcId } = scene.surroundings.cell;
    const { FlowLogId = '', LogGroupName, DeliverLogsPermissionArn } = await flowLogOf(scene);
    const make = async (TrafficType: 'ALL' | 'REJECT') => {
      const { FlowLogIds = [] } = await ec2.send(
        new CreateFlowLogsCommand({
          ...{ ResourceIds: [vpcId], ResourceType: 'VPC', TrafficType, LogGroupName, DeliverLogsPermissionArn },
          LogDestinationType: 'cloud-watch-logs',
        }),
      );
      return FlowLogIds;
    };
    await ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: [FlowLogId] }));
    const made = traffic ? await make(traffic) : [];
    const revert = async () => {
      if (made.length > 0) await ec2.send(new DeleteFlowLogsCommand({ FlowLogIds: made }));
      await make('ALL');
    };
    return { expectedEvidence: `no active flow log sends ALL of ${vpcId}`, revert };
  },
});

const elsewhere = (
  name: string,
  ResourceType: 'VPC' | 'Subnet',
  idOf: (scene: SharedScene) => Promise<string>,
): SharedTechnique => ({
  name,
  check: 'cell.flow-logs',
  detonate: async (scene) => {
    const { ec2 } = scene.root;
    const { FlowLogIds = [] } = await ec2.send(
      new CreateFlowLogsCommand({
        ...{ ResourceIds: [await idOf(scene)], ResourceType, TrafficType: 'ALL' },
        ...{ LogDestinationType: 's3', LogDestination: 'arn:aws:s3:::theirs' },
      }),
    );
    return {
      expectedEvidence: `flow log ${FlowLogIds[0]} of`,
      revert: () => ec2.send(new DeleteFlowLogsCommand({ FlowLogIds })),
    };
  },
});

async function firstSubnet(scene: SharedScene): Promise<string> {
  const { Subnets } = await scene.root.ec2.send(new DescribeSubnetsCommand({ Filters: inVpc(scene) }));
  return Subnets?.[0]?.SubnetId ?? '';
}

async function aclsOf(scene: SharedScene) {
  const { NetworkAcls = [] } = await scene.root.ec2.send(new DescribeNetworkAclsCommand({ Filters: inVpc(scene) }));
  const own = NetworkAcls.find(({ IsDefault }) => IsDefault);
  if (!own?.NetworkAclId) throw new Error('the cell has no default network ACL');
  return { NetworkAclId: own.NetworkAclId, associations: own.Associations ?? [] };
}

/** Those of the first cell. */
const PUBLIC_SUBNETS = '10.0.64.0/20';

const denied = (name: string, blockOf: (scene: SharedScene) => string, Egress: boolean): SharedTechnique => ({
  name,
  check: 'cell.acls',
  detonate: async (scene) => {
    const { ec2 } = scene.root;
    const { NetworkAclId } = await aclsOf(scene);
    const rule = { NetworkAclId, RuleNumber: Egress ? 50 : 60, Egress };
    const CidrBlock = blockOf(scene);
    await ec2.send(new CreateNetworkAclEntryCommand({ ...rule, Protocol: '-1', RuleAction: 'deny', CidrBlock }));
    return {
      expectedEvidence: `denies ${Egress ? 'outbound' : 'inbound'} traffic with ${CidrBlock}`,
      revert: () => ec2.send(new DeleteNetworkAclEntryCommand(rule)),
    };
  },
});

/** Who hears of a cell's traffic, and what stops it. */
export const CELL_TRAFFIC_TECHNIQUES: readonly SharedTechnique[] = [
  instead('log nothing of the cell’s traffic'),
  instead('log refused traffic of the cell only', 'REJECT'),
  elsewhere(
    'send the cell’s traffic to a stranger’s bucket, too',
    'VPC',
    async ({ surroundings }) => surroundings.cell.vpcId,
  ),
  elsewhere('send a cell’s subnet’s traffic to a stranger’s bucket', 'Subnet', firstSubnet),
  denied('cut the cell off from its tenants', ({ surroundings }) => surroundings.cell.tenantRange, true),
  denied('let no tenant’s database answer the cell', () => '10.0.0.0/8', false),
  denied('cut the load balancer off from the service', () => PUBLIC_SUBNETS, false),
  denied('refuse half of all visitors', () => '128.0.0.0/1', false),
  {
    name: 'put an ACL that lets nothing pass before a subnet of the cell',
    check: 'cell.acls',
    detonate: async (scene) => {
      const { ec2 } = scene.root;
      const { associations, NetworkAclId: former } = await aclsOf(scene);
      const { NetworkAcl } = await ec2.send(new CreateNetworkAclCommand({ VpcId: scene.surroundings.cell.vpcId }));
      const { NetworkAclId } = NetworkAcl ?? {};
      const AssociationId = associations[0]?.NetworkAclAssociationId;
      const { NewAssociationId } = await ec2.send(
        new ReplaceNetworkAclAssociationCommand({ AssociationId, NetworkAclId }),
      );
      const revert = async () => {
        await ec2.send(
          new ReplaceNetworkAclAssociationCommand({ AssociationId: NewAssociationId, NetworkAclId: former }),
        );
        await ec2.send(new DeleteNetworkAclCommand({ NetworkAclId }));
      };
      return { expectedEvidence: `network ACL ${NetworkAclId} does not let all inbound traffic pass`, revert };
    },
  },
];
