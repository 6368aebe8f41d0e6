import {
  DescribeVpcsCommand,
  type EC2Client,
  type FlowLog,
  type NetworkAcl,
  type NetworkInterface,
  paginateDescribeFlowLogs,
  paginateDescribeNetworkAcls,
  paginateDescribeNetworkInterfaces,
  paginateDescribeRouteTables,
  paginateDescribeSecurityGroups,
  paginateDescribeVpcEndpoints,
  paginateDescribeVpcPeeringConnections,
  type RouteTable,
  type SecurityGroup,
  type VpcEndpoint,
  type VpcPeeringConnection,
} from '@aws-sdk/client-ec2';
import {
  DescribeServicesCommand,
  DescribeTaskDefinitionCommand,
  type ECSClient,
  type Service,
  type Task,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { HostedZoneSummary, Route53Client } from '@aws-sdk/client-route-53';
import { GetBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { unlessNamed } from '../../shared/unless';
import { type AccountLists, itemsOf, type KeptLists } from '../facts/account-lists';
import { privateZonesOf } from '../facts/private-zones';
import { readOnce } from '../facts/reading';
import type { ResolverAssociation, StrangeOptions } from '../facts/vpc-names';
import { policyIfAny, type Statement } from '../policy-document';
import { ofServices as isOfService } from './load-balancer-facts';
import type { Surroundings } from './surroundings';

export interface CellFacts {
  /** The VPC's DHCP options, if they name another name server than AWS's own. */
  readonly strangeOptions: () => Promise<readonly StrangeOptions[]>;
  /** By which Route 53 Resolver answers the VPC's hosts otherwise, or tells others. */
  readonly resolverAssociations: () => Promise<readonly ResolverAssociation[]>;
  /** Of whichever log group of the account. */
  readonly logExports: () => Promise<Awaited<ReturnType<AccountLists['logExports']>>>;
  readonly logGrants: () => Promise<Awaited<ReturnType<AccountLists['logGrants']>>>;
  readonly peerings: () => Promise<readonly VpcPeeringConnection[]>;
  readonly services: () => Promise<readonly Service[]>;
  /** What the services name and what their tasks run, which a deployment that does not end keeps apart. Each revision once. */
  readonly definitions: () => Promise<readonly TaskDefinition[]>;
  /** Hosted zones that answer the VPC's hosts in place of the public ones. */
  readonly privateZones: () => Promise<readonly HostedZoneSummary[]>;
  readonly interfaces: () => Promise<readonly NetworkInterface[]>;
  readonly routeTables: () => Promise<readonly RouteTable[]>;
  readonly endpoints: () => Promise<readonly VpcEndpoint[]>;
  readonly groups: () => Promise<readonly SecurityGroup[]>;
  /** Flow logs of the account: one names a network, a subnet or an interface. */
  readonly flowLogs: () => Promise<readonly FlowLog[]>;
  readonly acls: () => Promise<readonly NetworkAcl[]>;
  readonly accessLogPolicy: () => Promise<readonly Statement[]>;
}

export interface CellFactClients {
  readonly ec2: EC2Client;
  readonly ecs: ECSClient;
  readonly s3: S3Client;
  readonly route53: Route53Client;
}

/** All peerings of the account: no filter finds those where a VPC is either side. */
export const accountPeerings = (client: EC2Client) =>
  readOnce(() =>
    everyItem(paginateDescribeVpcPeeringConnections({ client }, {}), (page) => page.VpcPeeringConnections),
  );

/** All flow logs of the account: of a cell's interfaces there may be more than a filter takes. */
export const accountFlowLogs = (client: EC2Client) =>
  readOnce(() => everyItem(paginateDescribeFlowLogs({ client }, {}), (page) => page.FlowLogs));

export function cellFacts(
  clients: CellFactClients,
  { accountId, region, cell }: Surroundings,
  ofAccount: {
    readonly peerings: ReturnType<typeof accountPeerings>;
    readonly flowLogs: ReturnType<typeof accountFlowLogs>;
    readonly lists: () => Promise<KeptLists>;
  },
  tasks: () => Promise<readonly Task[]>,
): CellFacts {
  const { ec2, ecs, s3, route53 } = clients;
  const inVpc = { Filters: [{ Name: 'vpc-id', Values: [cell.vpcId] }] };
  const services = readOnce(async () => {
    const described = { cluster: cell.clusterName, services: Object.values(cell.services) };
    return (await ecs.send(new DescribeServicesCommand(described))).services ?? [];
  });
  return {
    strangeOptions: readOnce(async () => {
      const strange = itemsOf((await ofAccount.lists()).dhcpOptions);
      if (strange.length === 0) return [];
      const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [cell.vpcId] }));
      return strange.filter(({ optionsId }) => optionsId === Vpcs?.[0]?.DhcpOptionsId);
    }),
    resolverAssociations: async () =>
      itemsOf((await ofAccount.lists()).resolver).filter(({ vpcId }) => vpcId === cell.vpcId),
    logExports: async () => itemsOf((await ofAccount.lists()).logExports),
    logGrants: async () => itemsOf((await ofAccount.lists()).logGrants),
    peerings: async () =>
      (await ofAccount.peerings()).filter(({ AccepterVpcInfo, RequesterVpcInfo }) =>
        [AccepterVpcInfo?.VpcId, RequesterVpcInfo?.VpcId].includes(cell.vpcId),
      ),
    services,
    definitions: readOnce(async () => {
      const [ofServices, started] = await settled([services(), tasks()]);
      const running = ofServices.filter(({ desiredCount = 0, runningCount = 0 }) => desiredCount + runningCount > 0);
      const named = [
        ...new Set([
          ...running.flatMap(({ taskDefinition }) => taskDefinition ?? []),
          ...started
            .filter(({ group }) => isOfService(group))
            .flatMap(({ taskDefinitionArn }) => taskDefinitionArn ?? []),
        ]),
      ];
      const found = await settled(
        named.map((taskDefinition) => ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }))),
      );
      return found.flatMap(({ taskDefinition }) => taskDefinition ?? []);
    }),
    privateZones: readOnce(() => privateZonesOf(route53, { vpcId: cell.vpcId, region })),
    interfaces: readOnce(() =>
      everyItem(paginateDescribeNetworkInterfaces({ client: ec2 }, inVpc), (page) => page.NetworkInterfaces),
    ),
    routeTables: readOnce(() =>
      everyItem(paginateDescribeRouteTables({ client: ec2 }, inVpc), (page) => page.RouteTables),
    ),
    endpoints: readOnce(() =>
      everyItem(paginateDescribeVpcEndpoints({ client: ec2 }, inVpc), (page) => page.VpcEndpoints),
    ),
    groups: readOnce(() =>
      everyItem(paginateDescribeSecurityGroups({ client: ec2 }, inVpc), (page) => page.SecurityGroups),
    ),
    flowLogs: ofAccount.flowLogs,
    acls: readOnce(() => everyItem(paginateDescribeNetworkAcls({ client: ec2 }, inVpc), (page) => page.NetworkAcls)),
    accessLogPolicy: readOnce(async () => {
      const bucket = { Bucket: cell.accessLogBucketName, ExpectedBucketOwner: accountId };
      const answer = await unlessNamed(s3.send(new GetBucketPolicyCommand(bucket)), 'NoSuchBucketPolicy');
      return policyIfAny(answer?.Policy);
    }),
  };
}
