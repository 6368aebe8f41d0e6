import type { NetworkInterface } from '@aws-sdk/client-ec2';
import type { Task } from '@aws-sdk/client-ecs';
import * as z from 'zod';
import type { CellDescriptor } from '../../contract/cell';
import { expectExactly } from '../check';
import type { ExpectedResource } from '../release/resolve-template';
import { ofType, resourceCalled } from './expected-of';
import { interfacesOf, ofServices } from './load-balancer-facts';

/** As Elastic Load Balancing describes the interfaces that it makes for a load balancer, one a subnet. */
const describedBy = (loadBalancerArn: string) => `ELB ${loadBalancerArn.split(':loadbalancer/')[1]}`;

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
    return Association?.PublicIp && InterfaceType !== 'natGateway'
      ? [`network interface ${NetworkInterfaceId} has the public address ${Association.PublicIp}`]
      : [];
  });
}

/**
 * Network interfaces that are none of a task, of the load balancer, of a function of the cell, of a NAT
 * gateway or an endpoint. AWS makes those of its services itself, and says so: nobody else can make an
 * interface that is managed by a requester ("Requester-managed network interfaces").
 */
export function unknownInterfaces(
  interfaces: readonly NetworkInterface[],
  tasks: readonly Task[],
  resources: readonly ExpectedResource[],
  { loadBalancerArn }: CellDescriptor,
): NetworkInterface[] {
  const ofTasks = interfacesOf(tasks);
  const gateways = ofType(resources, 'AWS::EC2::NatGateway').map(({ physicalId }) => physicalId ?? '');
  const functions = ofType(resources, 'AWS::Lambda::Function').map(({ physicalId }) => physicalId ?? '');
  const balancer = describedBy(loadBalancerArn);
  const isKnown = ({ InterfaceType, Description = '' }: NetworkInterface) =>
    (InterfaceType === 'natGateway' && gateways.some((id) => Description.endsWith(` ${id}`))) ||
    InterfaceType === 'vpc_endpoint' ||
    Description === balancer ||
    (InterfaceType === 'lambda' && functions.some((name) => Description.startsWith(`AWS Lambda VPC ENI-${name}-`)));
  return interfaces.filter(
    (each) => !ofTasks.includes(each.NetworkInterfaceId) && !(each.RequesterManaged === true && isKnown(each)),
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
