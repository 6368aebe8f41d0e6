import {
  DescribeDhcpOptionsCommand,
  DescribeVpcsCommand,
  type DhcpOptions,
  type EC2Client,
  type Instance,
  paginateDescribeInstances,
  paginateDescribeVpcPeeringConnections,
  type VpcPeeringConnection,
} from '@aws-sdk/client-ec2';
import { DescribeServicesCommand, type ECSClient, type Service } from '@aws-sdk/client-ecs';
import {
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  type ElasticLoadBalancingV2Client,
  type Listener,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { GetBucketPolicyCommand, type S3Client } from '@aws-sdk/client-s3';
import { everyItem } from '../../shared/paging';
import { readOnce, unlessAbsent } from '../facts/reading';
import { parsePolicy, type Statement } from '../policy-document';
import type { Surroundings } from './surroundings';

export interface CellFacts {
  /** Instances in the cell's VPC. The shared service runs on Fargate, so there should be none. */
  readonly instances: () => Promise<readonly Instance[]>;
  /** The options that the VPC's hosts get by DHCP; undefined for the default of AWS. */
  readonly dhcpOptions: () => Promise<DhcpOptions | undefined>;
  readonly peerings: () => Promise<readonly VpcPeeringConnection[]>;
  readonly services: () => Promise<readonly Service[]>;
  readonly listeners: () => Promise<readonly Listener[]>;
  /** The load balancer's attributes by key. */
  readonly attributes: () => Promise<Readonly<Record<string, string | undefined>>>;
  readonly accessLogPolicy: () => Promise<readonly Statement[]>;
}

export interface CellFactClients {
  readonly ec2: EC2Client;
  readonly ecs: ECSClient;
  readonly elb: ElasticLoadBalancingV2Client;
  readonly s3: S3Client;
}

export function cellFacts({ ec2, ecs, elb, s3 }: CellFactClients, { accountId, cell }: Surroundings): CellFacts {
  const LoadBalancerArn = cell.loadBalancerArn;
  return {
    instances: readOnce(async () => {
      const inVpc = { Filters: [{ Name: 'vpc-id', Values: [cell.vpcId] }] };
      const found = await everyItem(paginateDescribeInstances({ client: ec2 }, inVpc), (page) => page.Reservations);
      return found.flatMap(({ Instances = [] }) => Instances);
    }),
    dhcpOptions: readOnce(async () => {
      const { Vpcs } = await ec2.send(new DescribeVpcsCommand({ VpcIds: [cell.vpcId] }));
      const id = Vpcs?.[0]?.DhcpOptionsId;
      if (id === undefined || id === 'default') return undefined;
      return (await ec2.send(new DescribeDhcpOptionsCommand({ DhcpOptionsIds: [id] }))).DhcpOptions?.[0];
    }),
    peerings: readOnce(async () => {
      const found = await everyItem(
        paginateDescribeVpcPeeringConnections({ client: ec2 }, {}),
        (page) => page.VpcPeeringConnections,
      );
      return found.filter((each) => [each.AccepterVpcInfo?.VpcId, each.RequesterVpcInfo?.VpcId].includes(cell.vpcId));
    }),
    services: readOnce(async () => {
      const services = Object.values(cell.services);
      return (await ecs.send(new DescribeServicesCommand({ cluster: cell.clusterName, services }))).services ?? [];
    }),
    listeners: readOnce(
      async () => (await elb.send(new DescribeListenersCommand({ LoadBalancerArn }))).Listeners ?? [],
    ),
    attributes: readOnce(async () => {
      const { Attributes = [] } = await elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }));
      return Object.fromEntries(Attributes.flatMap(({ Key, Value }) => (Key ? [[Key, Value]] : [])));
    }),
    accessLogPolicy: readOnce(async () => {
      const bucket = { Bucket: cell.accessLogBucketName, ExpectedBucketOwner: accountId };
      const answer = await unlessAbsent(s3.send(new GetBucketPolicyCommand(bucket)), 'NoSuchBucketPolicy');
      return answer?.Policy ? parsePolicy(answer.Policy) : [];
    }),
  };
}
