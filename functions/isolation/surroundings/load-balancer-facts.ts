import {
  DescribeTasksCommand,
  type DesiredStatus,
  type ECSClient,
  paginateListTasks,
  type Task,
} from '@aws-sdk/client-ecs';
import {
  DescribeListenerAttributesCommand,
  DescribeListenersCommand,
  DescribeLoadBalancerAttributesCommand,
  DescribeRulesCommand,
  DescribeTargetGroupAttributesCommand,
  DescribeTargetHealthCommand,
  type ElasticLoadBalancingV2Client,
  type Listener,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import {
  GetLoggingConfigurationCommand,
  GetWebACLForResourceCommand,
  type WAFV2Client,
  type WebACL,
} from '@aws-sdk/client-wafv2';
import { type Colour, ColourSchema } from '../../contract/cell';
import { inGroups } from '../../shared/in-groups';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { unlessNamed } from '../../shared/unless';
import { readOnce } from '../facts/reading';
import type { Surroundings } from './surroundings';

/** By key, as Elastic Load Balancing has them. */
export type Attributes = Readonly<Record<string, string | undefined>>;

export interface Target {
  readonly colour: Colour;
  readonly address: string;
  readonly state: string;
}

export interface Serving {
  readonly tasks: readonly Task[];
  /** Without those that are being taken out of service. */
  readonly targets: readonly Target[];
}

export interface LoadBalancerFacts {
  readonly listeners: () => Promise<readonly Listener[]>;
  /** Rules of the listeners besides the one that tenants are served by: a stage with TLS has one that redirects. */
  readonly otherRules: () => Promise<readonly Rule[]>;
  readonly attributes: () => Promise<Attributes>;
  readonly listenerAttributes: () => Promise<Attributes>;
  readonly groupAttributes: () => Promise<Readonly<Record<Colour, Attributes>>>;
  /** The web ACL before it; undefined when there is none. */
  readonly webAcl: () => Promise<WebACL | undefined>;
  /** ARNs to which the web ACL sends a log of all requests. */
  readonly webAclLogs: () => Promise<readonly string[]>;
  /** The tasks of the cell's cluster, whoever has started them, and the targets of both colours. */
  readonly serving: () => Promise<Serving>;
  /** The tasks of the cluster as they are now, and those that stop or have just stopped. */
  readonly laterTasks: () => Promise<readonly Task[]>;
}

export interface LoadBalancerFactClients {
  readonly elb: ElasticLoadBalancingV2Client;
  readonly ecs: ECSClient;
  readonly wafv2: WAFV2Client;
}

/** Of what a load balancer or a web ACL does not have. */
const ABSENT = 'WAFNonexistentItemException';

/** "DescribeTasks": 100 at most. */
const AT_ONCE = 100;

const byKey = (found: readonly { Key?: string | undefined; Value?: string | undefined }[] = []): Attributes =>
  Object.fromEntries(found.flatMap(({ Key, Value }) => (Key ? [[Key, Value]] : [])));

/** What ECS says of a task's network interfaces, e.g. `privateIPv4Address`, `networkInterfaceId`. */
const detailsOf = ({ attachments = [] }: Task, detail: string) =>
  attachments.flatMap(({ details = [] }) => details.filter(({ name }) => name === detail).map(({ value }) => value));

/** Targets that are no task of one of the cell's services. A service registers its own tasks only. */
export function strangersAmong({ targets, tasks }: Serving): Target[] {
  const own = tasks.filter(({ group }) => ofServices(group)).flatMap((task) => detailsOf(task, 'privateIPv4Address'));
  return targets.filter(({ address }) => !own.includes(address));
}

/** "Task": a service's tasks have its name as their group, which nobody else can choose. */
export const ofServices = (group: string | undefined) =>
  ColourSchema.options.some((name) => group === `service:${name}`);

export const interfacesOf = (tasks: readonly Task[]) => tasks.flatMap((task) => detailsOf(task, 'networkInterfaceId'));

export function loadBalancerFacts(
  { elb, ecs, wafv2 }: LoadBalancerFactClients,
  { cell }: Surroundings,
): LoadBalancerFacts {
  const { loadBalancerArn: LoadBalancerArn, listenerArn: ListenerArn, clusterName: cluster, targetGroupArns } = cell;
  const targetsOf = async (colour: Colour): Promise<Target[]> => {
    const TargetGroupArn = targetGroupArns[colour];
    const { TargetHealthDescriptions = [] } = await elb.send(new DescribeTargetHealthCommand({ TargetGroupArn }));
    return TargetHealthDescriptions.map(({ Target: target, TargetHealth }) => ({
      ...{ colour, address: target?.Id ?? '', state: TargetHealth?.State ?? 'unknown' },
    })).filter(({ state }) => state !== 'draining');
  };
  const attributesOf = async (colour: Colour) => {
    const TargetGroupArn = targetGroupArns[colour];
    return byKey((await elb.send(new DescribeTargetGroupAttributesCommand({ TargetGroupArn }))).Attributes);
  };
  const tasksThat = async (desiredStatus?: DesiredStatus): Promise<Task[]> => {
    const listed = paginateListTasks({ client: ecs }, { cluster, ...(desiredStatus && { desiredStatus }) });
    const arns = await everyItem(listed, (page) => page.taskArns);
    const found = await settled(
      inGroups(arns, AT_ONCE).map((tasks) => ecs.send(new DescribeTasksCommand({ cluster, tasks }))),
    );
    return found.flatMap(({ tasks = [] }) => tasks);
  };
  const readServing = async (): Promise<Serving> => {
    const targets = (await settled(ColourSchema.options.map(targetsOf))).flat();
    return { targets, tasks: await tasksThat() };
  };
  const webAcl = readOnce(async () => {
    const request = wafv2.send(new GetWebACLForResourceCommand({ ResourceArn: LoadBalancerArn }));
    return (await unlessNamed(request, ABSENT))?.WebACL;
  });
  const listeners = readOnce(
    async () => (await elb.send(new DescribeListenersCommand({ LoadBalancerArn }))).Listeners ?? [],
  );
  return {
    listeners,
    otherRules: readOnce(async () => {
      const others = (await listeners()).filter((each) => each.ListenerArn !== ListenerArn);
      const rulesOf = async (listener: Listener) =>
        (await elb.send(new DescribeRulesCommand({ ListenerArn: listener.ListenerArn }))).Rules ?? [];
      return (await settled(others.map(rulesOf))).flat();
    }),
    attributes: readOnce(async () =>
      byKey((await elb.send(new DescribeLoadBalancerAttributesCommand({ LoadBalancerArn }))).Attributes),
    ),
    listenerAttributes: readOnce(async () =>
      byKey((await elb.send(new DescribeListenerAttributesCommand({ ListenerArn }))).Attributes),
    ),
    groupAttributes: readOnce(async () => {
      const [blue, green] = await settled([attributesOf('blue'), attributesOf('green')]);
      return { blue, green };
    }),
    webAcl,
    webAclLogs: readOnce(async () => {
      const { ARN: ResourceArn } = (await webAcl()) ?? {};
      if (!ResourceArn) return [];
      const request = wafv2.send(new GetLoggingConfigurationCommand({ ResourceArn }));
      return (await unlessNamed(request, ABSENT))?.LoggingConfiguration?.LogDestinationConfigs ?? [];
    }),
    serving: readOnce(async () => {
      const seen = await readServing();
      // Between the two readings a task may have ended, whose target was there. The second look tells.
      return strangersAmong(seen).length > 0 ? await readServing() : seen;
    }),
    // "ListTasks": without a status those that shall run. A stopping task has its interface for a while.
    laterTasks: readOnce(async () => (await settled([tasksThat(), tasksThat('STOPPED')])).flat()),
  };
}
