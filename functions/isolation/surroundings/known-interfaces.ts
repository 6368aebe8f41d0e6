import type { NetworkInterface } from '@aws-sdk/client-ec2';
import type { Task } from '@aws-sdk/client-ecs';
import type { CellDescriptor } from '../../contract/cell';
import type { ExpectedResource } from '../release/resolve-template';
import { ofType } from './expected-of';
import { interfacesOf, ofServices } from './load-balancer-facts';

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
  const functions = ofType(resources, 'AWS::Lambda::Function').map(({ physicalId }) => physicalId ?? '');
  const balancer = `ELB ${loadBalancerArn.split(':loadbalancer/')[1]}`;
  const isKnown = ({ InterfaceType, Description = '' }: NetworkInterface) =>
    InterfaceType === 'natGateway' ||
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
