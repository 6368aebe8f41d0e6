import type { NetworkInterface } from '@aws-sdk/client-ec2';
import type { Task } from '@aws-sdk/client-ecs';
import type { FunctionConfiguration } from '@aws-sdk/client-lambda';
import * as z from 'zod';
import type { CellDescriptor } from '../../contract/cell';
import { expectExactly } from '../check';
import type { ExpectedResource } from '../release/resolve-template';
import { idsOf, resourceCalled } from './expected-of';
import { functionsIn } from './function-violations';
import { interfacesOf, ofServices } from './load-balancer-facts';

/** As Elastic Load Balancing describes the interfaces that it makes for a load balancer, one a subnet. */
const describedBy = (loadBalancerArn: string) => `ELB ${loadBalancerArn.split(':loadbalancer/')[1]}`;

/**
 * EC2 answers `nat_gateway`, whatever the SDK's list of types says ("DescribeNetworkInterfaces": the filter
 * `interface-type`). Of all types here a request can make only `interface` ("CreateNetworkInterface").
 */
const isOfGateway = (type: string | undefined) => ['nat_gateway', 'natGateway'].includes(type ?? '');

const BalancerSchema = z.object({ SecurityGroups: z.array(z.string()).default([]) });

/**
 * Whom the interfaces of a cell let in that its stack does not: a load balancer may have got another security group, and a
 * task a public address. The interfaces tell it, whichever service has been asked for the change.
 */
export function openings(
  interfaces: readonly NetworkInterface[],
  resources: readonly ExpectedResource[],
  { loadBalancerArn }: CellDescriptor,
): string[] {
  const { properties } = resourceCalled(resources, 'AWS::ElasticLoadBalancingV2::LoadBalancer', loadBalancerArn);
  const { SecurityGroups: expected } = BalancerSchema.parse(properties);
  return interfaces.flatMap(({ NetworkInterfaceId, Description, InterfaceType, Groups = [], Association }) => {
    if (Description === describedBy(loadBalancerArn))
      return expectExactly(
        `security group of the load balancer’s interface ${NetworkInterfaceId}`,
        Groups.map(({ GroupId }) => GroupId),
        expected,
      );
    return Association?.PublicIp && !isOfGateway(InterfaceType)
      ? [`network interface ${NetworkInterfaceId} has the public address ${Association.PublicIp}`]
      : [];
  });
}

/**
 * Network interfaces that are none of a task, of the load balancer, of a function of the cell, of a NAT
 * gateway or an endpoint. AWS makes those of its services itself, and says so by their type or by their requester: nobody
 * else can make an interface that is managed by one ("Requester-managed network interfaces"). Those of Lambda have a type
 * of their own, and are not always marked as managed.
 */
export function unknownInterfaces(
  interfaces: readonly NetworkInterface[],
  tasks: readonly Task[],
  resources: readonly ExpectedResource[],
  { loadBalancerArn }: CellDescriptor,
): NetworkInterface[] {
  const ofTasks = interfacesOf(tasks);
  const gateways = idsOf(resources, 'AWS::EC2::NatGateway');
  const functions = idsOf(resources, 'AWS::Lambda::Function');
  const places = functionsIn(resources).map(({ VpcConfig }) => VpcConfig);
  const balancer = describedBy(loadBalancerArn);
  // A function that a release has renamed goes on with the interface that bears the former name. Those of others are told by the list of functions.
  const isOfFunctions = ({ SubnetId = '', Groups = [] }: NetworkInterface) =>
    Groups.length > 0 &&
    places.some(
      ({ SubnetIds, SecurityGroupIds }) =>
        SubnetIds.includes(SubnetId) &&
        expectExactly(
          '',
          Groups.map(({ GroupId }) => GroupId),
          SecurityGroupIds,
        ).length === 0,
    );
  const isKnown = (each: NetworkInterface) => {
    const { InterfaceType, RequesterManaged, Description = '' } = each;
    return (
      (isOfGateway(InterfaceType) && gateways.some((id) => Description.endsWith(` ${id}`))) ||
      InterfaceType === 'vpc_endpoint' ||
      (RequesterManaged === true && Description === balancer) ||
      (InterfaceType === 'lambda' &&
        (isOfFunctions(each) || functions.some((name) => Description.startsWith(`AWS Lambda VPC ENI-${name}-`))))
    );
  };
  return interfaces.filter((each) => !ofTasks.includes(each.NetworkInterfaceId) && !isKnown(each));
}

/**
 * Functions in a cell's network that its stack does not make. Lambda shares one interface among all functions with the
 * same subnet and security groups ("Giving Lambda functions access to resources in an Amazon VPC"): that of a stranger
 * may bear the name of a function of the cell.
 */
export function strangeFunctions(
  functions: readonly FunctionConfiguration[],
  resources: readonly ExpectedResource[],
  { vpcId }: CellDescriptor,
): string[] {
  const [made, subnets] = [idsOf(resources, 'AWS::Lambda::Function'), idsOf(resources, 'AWS::EC2::Subnet')];
  return functions
    .filter(
      ({ VpcConfig: { VpcId, SubnetIds = [] } = {} }) =>
        VpcId === vpcId || SubnetIds.some((id) => subnets.includes(id)),
    )
    .filter(({ FunctionName = '' }) => !made.includes(FunctionName))
    .map(
      ({ FunctionName, Role }) =>
        `function ${FunctionName}, which no template makes, is in the cell’s network as ${Role}`,
    );
}

/** ECS describes the interface that it makes for a task by the ARN of the attachment, and anybody's task has one. */
const isOfTask = ({ RequesterManaged, Description = '' }: NetworkInterface) =>
  RequesterManaged === true && /^arn:aws:ecs:.*:attachment\//.test(Description);

/**
 * The same once more about interfaces of tasks: between the list of tasks and the list of interfaces a task may have been
 * started, and one that stops is not listed with those that run.
 *
 * @param later asks for all tasks again, those that stop included
 */
export async function withoutPassing(
  unknown: readonly NetworkInterface[],
  later: () => Promise<readonly Task[]>,
): Promise<NetworkInterface[]> {
  if (!unknown.some(isOfTask)) return [...unknown];
  const ofServicesTasks = interfacesOf((await later()).filter(({ group }) => ofServices(group)));
  return unknown.filter((each) => !isOfTask(each) || !ofServicesTasks.includes(each.NetworkInterfaceId));
}
