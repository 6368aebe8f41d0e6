import type { Action, Listener, Rule } from '@aws-sdk/client-elastic-load-balancing-v2';
import * as z from 'zod';
import { expectEqual, expectExactly } from '../check';
import type { ExpectedResource } from '../release/resolve-template';
import { ofType } from './expected-of';

/** The security policies that accept no TLS older than 1.2 ("Security policies for your Application Load Balancer"). */
const SOUND_TLS = /^ELBSecurityPolicy-(?:TLS13-1-[23]|TLS-1-2|FS-1-2)/;

const ActionSchema = z.looseObject({
  Type: z.string(),
  RedirectConfig: z.record(z.string(), z.string()).optional(),
  FixedResponseConfig: z.record(z.string(), z.string()).optional(),
});
const ListenerSchema = z.object({
  Port: z.number().optional(),
  Protocol: z.string().optional(),
  DefaultActions: z.array(ActionSchema).optional(),
  MutualAuthentication: z.object({ Mode: z.string().optional() }).optional(),
});
type Expected = z.output<typeof ListenerSchema>;

/** What a redirection keeps of the request where it says nothing ("RedirectActionConfig"). */
const KEPT = { Host: '#{host}', Path: '/#{path}', Query: '#{query}', Port: '#{port}', Protocol: '#{protocol}' };

const inWords = ({ Type, RedirectConfig, FixedResponseConfig }: Action | z.output<typeof ActionSchema>) =>
  JSON.stringify([
    Type,
    Object.entries({ ...(RedirectConfig && KEPT), ...RedirectConfig, ...FixedResponseConfig }).toSorted(
      ([one], [other]) => one.localeCompare(other),
    ),
  ]);

function settingViolations(listener: Listener, expected: Expected): string[] {
  const { ListenerArn: arn, Port, Protocol, SslPolicy = '', MutualAuthentication, DefaultActions = [] } = listener;
  const { Mode = 'off', IgnoreClientCertificateExpiry } = MutualAuthentication ?? {};
  return [
    ...(expected.Port === undefined ? [] : expectEqual(`the port of listener ${arn}`, Port, expected.Port)),
    ...(expected.Protocol === undefined
      ? []
      : expectEqual(`the protocol of listener ${arn}`, Protocol, expected.Protocol)),
    ...(Protocol !== 'HTTPS' || SOUND_TLS.test(SslPolicy) ? [] : [`listener ${arn} has the policy ${SslPolicy}`]),
    ...expectEqual(`the mutual authentication of listener ${arn}`, Mode, expected.MutualAuthentication?.Mode ?? 'off'),
    ...(IgnoreClientCertificateExpiry ? [`listener ${arn} takes expired certificates`] : []),
    ...(expected.DefaultActions
      ? expectExactly(
          `default action of listener ${arn}:`,
          DefaultActions.map(inWords),
          expected.DefaultActions.map(inWords),
        )
      : []),
  ];
}

/**
 * Listeners that the cell's stack does not make, those of it that are gone or changed, and rules of those that no tenant
 * has a rule at. A certificate may have been renewed under another ARN.
 *
 * @param rules of the listeners besides the tenants' own
 */
export function listenerViolations(
  listeners: readonly Listener[],
  rules: readonly Rule[],
  resources: readonly ExpectedResource[],
): string[] {
  const expected = ofType(resources, 'AWS::ElasticLoadBalancingV2::Listener').map(
    ({ physicalId = '', properties }) => ({
      arn: physicalId,
      settings: ListenerSchema.parse(properties),
    }),
  );
  return [
    ...expectExactly(
      'listener',
      listeners.map(({ ListenerArn }) => ListenerArn),
      expected.map(({ arn }) => arn),
    ),
    ...listeners.flatMap((listener) => {
      const own = expected.find(({ arn }) => arn === listener.ListenerArn);
      return own ? settingViolations(listener, own.settings) : [];
    }),
    ...rules
      .filter(({ IsDefault }) => IsDefault !== true)
      .map(({ RuleArn }) => `rule ${RuleArn} is of a listener that serves no tenant`),
  ];
}
