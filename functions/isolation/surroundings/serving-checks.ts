import { ColourSchema } from '../../contract/cell';
import { CELLS_PARAMETER_PATH } from '../../contract/naming';
import { settled } from '../../shared/settled';
import { checksOf, expectEqual, finding } from '../check';
import { attributesIn, resourceCalled } from './expected-of';
import { listenerViolations } from './listener-violations';
import { type Attributes, ofServices, strangersAmong } from './load-balancer-facts';
import { placesOf, serviceViolations } from './service-violations';
import { SERVING_METADATA } from './serving-metadata';
import type { Surroundings } from './surroundings';
import type { SurroundingsFacts } from './surroundings-facts';
import { webAclLogViolations, webAclViolations } from './web-acl-violations';

/** "Load balancer attributes": those that decide what is logged, let in or passed on, where no template sets them. */
const BALANCER_DEFAULTS: Readonly<Record<string, readonly string[]>> = {
  'routing.http.desync_mitigation_mode': ['defensive', 'strictest'],
  'routing.http.preserve_host_header.enabled': ['false'],
  'routing.http.xff_header_processing.mode': ['append'],
  'routing.http.xff_client_port.enabled': ['false'],
  'waf.fail_open.enabled': ['false'],
  'connection_logs.s3.enabled': ['false'],
  'health_check_logs.s3.enabled': ['false'],
};
/** Logs besides those of requests, which an operator may have where the cell's own logs are. */
const FURTHER_LOGS = ['connection_logs', 'health_check_logs'];
const defaultsFor = (actual: Attributes, ownBucket: string) => ({
  ...BALANCER_DEFAULTS,
  ...Object.fromEntries(
    FURTHER_LOGS.filter((logs) => actual[`${logs}.s3.bucket`] === ownBucket).map((logs) => [
      `${logs}.s3.enabled`,
      ['false', 'true'],
    ]),
  ),
});
/** "Target group attributes". */
const GROUP_DEFAULTS: Readonly<Record<string, readonly string[]>> = { 'stickiness.enabled': ['false'] };
/** They say how long something is waited for or kept, and an operator may choose them. */
const FREE = [...['idle_timeout.timeout_seconds', 'client_keep_alive.seconds', 'deregistration_delay.timeout_seconds']];
/** What protects: an operator may turn it on, and nobody turns off what the template has on. */
const PROTECTING = 'deletion_protection.enabled';

/**
 * A violation for each attribute that is not as the template or, where that says nothing, as AWS has
 * it. Of a default a missing attribute is no violation: not every Region has every attribute.
 */
function attributeViolations(
  actual: Attributes,
  template: Readonly<Record<string, string>>,
  defaults: Readonly<Record<string, readonly string[]>>,
): string[] {
  const expected = { ...defaults, ...Object.fromEntries(Object.entries(template).map(([key, each]) => [key, [each]])) };
  return Object.entries(expected)
    .filter(([key, [value]]) => !FREE.includes(key) && !(key === PROTECTING && value === 'false'))
    .filter(([key, values]) => !values.includes(actual[key] ?? (key in template ? '' : (values[0] ?? ''))))
    .map(([key, values]) => `${key} is ${actual[key] ?? 'absent'}, not ${values.join(' or ')}`);
}

/**
 * "Listener attributes": each request header keeps AWS's name, and no response header has a value. Whatever else AWS may add to the
 * listeners of its load balancers changes no header.
 */
const isListenersDefault = (key: string, value: string) =>
  value === '' ||
  !/^routing\.http\.(?:request\..+\.header_name|response\..+\.header_value)$/.test(key) ||
  key.toLowerCase() === `routing.http.request.${value.toLowerCase().replaceAll('-', '_')}.header_name`;

/** Fields of the descriptor that differ from what the stack makes. A name that only AWS knows is not compared. */
function fieldsThatDiffer(actual: unknown, expected: unknown, path: string): string[] {
  if (typeof expected === 'string' && /^<.*>$/.test(expected)) return [];
  if (typeof expected !== 'object' || expected === null || typeof actual !== 'object' || actual === null)
    return expectEqual(path, actual, expected);
  const [is, should] = [new Map(Object.entries(actual)), new Map(Object.entries(expected))];
  return [...new Set([...is.keys(), ...should.keys()])].flatMap((key) =>
    fieldsThatDiffer(is.get(key), should.get(key), path ? `${path}.${key}` : key),
  );
}

/** Questions about what takes visitors' requests. */
export const SERVING_CHECKS = checksOf<(typeof SERVING_METADATA)[number]['id'], Surroundings, SurroundingsFacts>(
  SERVING_METADATA,
  {
    'routing.listeners': async ({ cell }, { loadBalancer, stacks }) => {
      const [listeners, rules, resources] = await settled([
        loadBalancer.listeners(),
        loadBalancer.otherRules(),
        stacks.cell(),
      ]);
      return finding(
        listenerViolations(listeners, rules, resources),
        listeners.length === 1
          ? `the only listener is ${cell.listenerArn}`
          : `${listeners.length} listeners, as the cell’s stack makes them; tenants are served by ${cell.listenerArn}`,
      );
    },
    'routing.load-balancer': async ({ cell }, { loadBalancer, stacks }) => {
      const [actual, resources] = await settled([loadBalancer.attributes(), stacks.cell()]);
      const { properties } = resourceCalled(
        resources,
        'AWS::ElasticLoadBalancingV2::LoadBalancer',
        cell.loadBalancerArn,
      );
      return finding(
        attributeViolations(
          actual,
          attributesIn(properties.LoadBalancerAttributes),
          defaultsFor(actual, cell.accessLogBucketName),
        ),
        `it logs to ${cell.accessLogBucketName}, drops invalid header fields and mitigates desync`,
      );
    },
    'routing.web-acl': async (surroundings, { loadBalancer, stacks }) => {
      const [actual, logs, resources] = await settled([
        loadBalancer.webAcl(),
        loadBalancer.webAclLogs(),
        stacks.cell(),
      ]);
      return finding(
        [
          ...webAclViolations(actual, resources, surroundings.cell.loadBalancerArn),
          ...webAclLogViolations(logs, resources, surroundings),
        ],
        actual ? `the web ACL ${actual.Name} has the rules of the cell’s stack` : 'the cell’s stack has no web ACL',
      );
    },
    'routing.listener-attributes': async ({ cell }, { loadBalancer, stacks }) => {
      const [actual, resources] = await settled([loadBalancer.listenerAttributes(), stacks.cell()]);
      const { properties } = resourceCalled(resources, 'AWS::ElasticLoadBalancingV2::Listener', cell.listenerArn);
      const template = attributesIn(properties.ListenerAttributes);
      const added = Object.entries(actual).filter(
        ([key, value = '']) => !(key in template) && !isListenersDefault(key, value),
      );
      return finding(
        [
          ...attributeViolations(actual, template, {}),
          ...added.map(([key, value]) => `the listener has ${key}: ${value}`),
        ],
        'the listener changes no header',
      );
    },
    'routing.group-attributes': async ({ cell }, { loadBalancer, stacks }) => {
      const [actual, resources] = await settled([loadBalancer.groupAttributes(), stacks.cell()]);
      return finding(
        ColourSchema.options.flatMap((colour) => {
          const arn = cell.targetGroupArns[colour];
          const { properties } = resourceCalled(resources, 'AWS::ElasticLoadBalancingV2::TargetGroup', arn);
          const template = attributesIn(properties.TargetGroupAttributes);
          return attributeViolations(actual[colour], template, GROUP_DEFAULTS).map((each) => `${colour}: ${each}`);
        }),
        'both target groups have the attributes of the cell’s stack',
      );
    },
    'routing.targets': async (_, { loadBalancer }) => {
      const serving = await loadBalancer.serving();
      return finding(
        strangersAmong(serving).map(
          ({ colour, address, state }) => `${address} is a target of ${colour} (${state}), and no task of a service`,
        ),
        `${serving.targets.length} targets, all tasks of the cell’s services`,
      );
    },
    'cell.service': async ({ cell }, facts) => {
      const [services, { tasks }] = await settled([facts.cell.services(), facts.loadBalancer.serving()]);
      return finding(
        [
          ...expectEqual('the number of services', services.length, Object.keys(cell.services).length),
          ...[...services, ...tasks]
            .filter(({ enableExecuteCommand }) => enableExecuteCommand === true)
            .map((each) =>
              'serviceName' in each
                ? `service ${each.serviceName} lets shells into its tasks`
                : `task ${'taskArn' in each ? each.taskArn : ''} lets shells in`,
            ),
          ...tasks
            .filter(({ group }) => !ofServices(group))
            .map(({ taskArn, group }) => `task ${taskArn} of ${group ?? 'nobody'} runs in the cell’s cluster`),
          ...tasks.flatMap(({ taskArn, launchType }) =>
            placesOf({ launchType }).map((place) => `task ${taskArn} runs on a server of ${place}`),
          ),
          ...(await serviceViolations(facts)),
        ],
        `ECS Exec is off; ${tasks.length} tasks, all of the cell’s services`,
      );
    },
    'cell.descriptor': async ({ cell }, { stacks }) => {
      const path = `${CELLS_PARAMETER_PATH}/${cell.name}`;
      const { properties } = resourceCalled(await stacks.cell(), 'AWS::SSM::Parameter', path);
      return finding(
        fieldsThatDiffer(cell, JSON.parse(String(properties.Value)), ''),
        `${path} says what the cell’s stack makes`,
      );
    },
  },
);
