import {
  DescribeDhcpOptionsCommand,
  DescribeVpcsCommand,
  type DhcpOptions,
  type EC2Client,
  type NetworkInterface,
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
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import {
  type HostedZoneSummary,
  ListHostedZonesByVPCCommand,
  type Route53Client,
  VPCRegion,
} from '@aws-sdk/client-route-53';
import { GetBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3';
import { everyItem, pages } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { Unanswered } from '../check';
import { readOnce, unlessAbsent } from '../facts/reading';
import { parsePolicy, type Statement } from '../policy-document';
import type { Surroundings } from './surroundings';

export interface CellFacts {
  /** What the VPC's hosts get by DHCP, where that is another name server than AWS's own. */
  readonly strangeDhcpOptions: () => Promise<DhcpOptions | undefined>;
  readonly peerings: () => Promise<readonly VpcPeeringConnection[]>;
  readonly services: () => Promise<readonly Service[]>;
  /** What runs in the services, each revision once. */
  readonly definitions: () => Promise<readonly TaskDefinition[]>;
  /** Hosted zones that answer the VPC's hosts in place of the public ones. */
  readonly privateZones: () => Promise<readonly HostedZoneSummary[]>;
  readonly interfaces: () => Promise<readonly NetworkInterface[]>;
  readonly routeTables: () => Promise<readonly RouteTable[]>;
  readonly endpoints: () => Promise<readonly VpcEndpoint[]>;
  readonly groups: () => Promise<readonly SecurityGroup[]>;
  readonly accessLogPolicy: () => Promise<readonly Statement[]>;
}

export interface CellFactClients {
  readonly ec2: EC2Client;
  readonly ecs: ECSClient;
  readonly s3: S3Client;
  readonly route53: Route53Client;
}

const DNS_OF_AWS = 'AmazonProvidedDNS';

export const strangeNameServersOf = ({ DhcpConfigurations = [] }: DhcpOptions): string[] =>
  DhcpConfigurations.filter(({ Key }) => Key === 'domain-name-servers')
    .flatMap(({ Values = [] }) => Values.map(({ Value = '' }) => Value))
    .filter((server) => server !== DNS_OF_AWS);

/** Options of the account, whichever VPC has them: few accounts have others than AWS's default. */
export const accountDhcpOptions = (client: EC2Client) =>
  readOnce(() => {
    const ask = (NextToken?: string) => client.send(new DescribeDhcpOptionsCommand({ NextToken }));
    return everyItem(
      pages(ask, (page) => page.NextToken),
      (page) => page.DhcpOptions,
    );
  });

/** All peerings of the account: no filter finds those where a VPC is either side. */
export const accountPeerings = (client: EC2Client) =>
  readOnce(() =>
    everyItem(paginateDescribeVpcPeeringConnections({ client }, {}), (page) => page.VpcPeeringConnections),
  );

export function cellFacts(
  clients: CellFactClients,
  { accountId, region, cell }: Surroundings,
  ofAccount: {
    readonly peerings: ReturnType<typeof accountPeerings>;
    readonly dhcpOptions: ReturnType<typeof accountDhcpOptions>;
  },
): CellFacts {
  const { ec2, ecs, s3, route53 } = clients;
  const inVpc = { Filters: [{ Name: 'vpc-id', Values: [cell.vpcId] }] };
  const services = readOnce(async () => {
    const described = { cluster: cell.clusterName, services: Object.values(cell.services) };
    return (await ecs.send(new DescribeServicesCommand(described))).services ?? [];
  });
  return {
    strangeDhcpOptions: readOnce(async () => {
      const strange = (await ofAccount.dhcpOptions()).filter((each) => strangeNameServersOf(each).length > 0);
      if (strange.length === 0) return undefined;
      const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [cell.vpcId] }));
      return strange.find(({ DhcpOptionsId }) => DhcpOptionsId === Vpcs?.[0]?.DhcpOptionsId);
    }),
    peerings: async () =>
      (await ofAccount.peerings()).filter(({ AccepterVpcInfo, RequesterVpcInfo }) =>
        [AccepterVpcInfo?.VpcId, RequesterVpcInfo?.VpcId].includes(cell.vpcId),
      ),
    services,
    definitions: readOnce(async () => {
      const running = (await services()).filter(
        ({ desiredCount = 0, runningCount = 0 }) => desiredCount + runningCount > 0,
      );
      const named = [...new Set(running.flatMap(({ taskDefinition }) => taskDefinition ?? []))];
      const found = await settled(
        named.map((taskDefinition) => ecs.send(new DescribeTaskDefinitionCommand({ taskDefinition }))),
      );
      return found.flatMap(({ taskDefinition }) => taskDefinition ?? []);
    }),
    privateZones: readOnce(async () => {
      const known = Object.values(VPCRegion).find((each) => each === region);
      if (!known) throw new Unanswered(`Route 53 lists no private zones of ${region}`);
      const ofVpc = { VPCId: cell.vpcId, VPCRegion: known };
      return (await route53.send(new ListHostedZonesByVPCCommand(ofVpc))).HostedZoneSummaries ?? [];
    }),
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
    accessLogPolicy: readOnce(async () => {
      const bucket = { Bucket: cell.accessLogBucketName, ExpectedBucketOwner: accountId };
      const answer = await unlessAbsent(s3.send(new GetBucketPolicyCommand(bucket)), 'NoSuchBucketPolicy');
      return answer?.Policy ? parsePolicy(answer.Policy) : [];
    }),
  };
}
