import {
  type Action,
  CreateRuleCommand,
  DescribeRulesCommand,
  DescribeTagsCommand,
  type ElasticLoadBalancingV2Client,
  ModifyRuleCommand,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import type { CellDescriptor } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { TENANT_TAG } from '../contract/naming';
import type { Tenant } from '../contract/tenant';
import { inAwsWords } from '../shared/error-translation';
import { isNamed } from '../shared/is-named';
import { everyItem, pages } from '../shared/paging';

export type LoadBalancer = Pick<ElasticLoadBalancingV2Client, 'send'>;

/** "FixedResponseActionConfig": a message body has at most 1,024 characters. */
export const SETTING_UP_PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><meta http-equiv="refresh" content="60">
<title>Being set up</title><style>body{margin:0;min-height:100vh;display:grid;place-items:center;
font:1.1rem/1.5 system-ui,sans-serif;color:#1f2937;background:#f8fafc}main{max-width:30rem;padding:2rem}</style></head>
<body><main><h1>This site is being set up</h1><p>It will be here in a little while; the page reloads by itself.</p>
</main></body></html>`;

/** The page of a suspended tenant. It does not promise when the tenant is back in service. */
const SUSPENDED_PAGE = `<!doctype html><html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>Not available</title>
<style>body{margin:0;min-height:100vh;display:grid;place-items:center;font:1.1rem/1.5 system-ui,sans-serif;color:#1f2937;
background:#f8fafc}main{max-width:30rem;padding:2rem}</style></head>
<body><main><h1>This site is not available</h1><p>Please come back later.</p></main></body></html>`;

/** "DescribeRules": 1 to 400 rules a page. */
const PAGE_SIZE = 400;

const unavailable = (page: string): Action[] => [
  { Type: 'fixed-response', FixedResponseConfig: { StatusCode: '503', ContentType: 'text/html', MessageBody: page } },
];
const settingUp = unavailable(SETTING_UP_PAGE);

/** The API's error code has no suffix `Exception`, the name of the SDK's class has. */
const isCoded = (thrown: unknown, code: string) => isNamed(thrown, code, `${code}Exception`);

export const isRuleGone = (thrown: unknown) => isCoded(thrown, 'RuleNotFound');

async function rulesOf(elb: LoadBalancer, ListenerArn: string): Promise<Rule[]> {
  const ask = (Marker?: string) => elb.send(new DescribeRulesCommand({ ListenerArn, PageSize: PAGE_SIZE, Marker }));
  return await everyItem(pages(ask, 'NextMarker'), (page) => page.Rules);
}

/** The priorities of all rules of the listener, but for its default one, which has none and counts for no quota. */
export async function prioritiesInUse(elb: LoadBalancer, { listenerArn }: CellDescriptor): Promise<Set<number>> {
  const rules = await rulesOf(elb, listenerArn);
  return new Set(rules.filter(({ Priority }) => Priority !== 'default').map(({ Priority }) => Number(Priority)));
}

/**
 * Finds the rule in the tenant's slot when its ARN is not known, which happens only after a crash.
 * ELB cannot find a rule by priority, so the function reads the rules of the listener, at most as
 * many as the cell's capacity.
 */
async function ruleInSlot(elb: LoadBalancer, cell: CellDescriptor, priority: number): Promise<Rule | undefined> {
  const ListenerArn = cell.listenerArn;
  let Marker: string | undefined;
  for (let page = 0; page <= Math.ceil(cell.capacity / PAGE_SIZE); page++) {
    const answer = await elb.send(new DescribeRulesCommand({ ListenerArn, PageSize: PAGE_SIZE, Marker }));
    const found = answer.Rules?.find((rule) => rule.Priority === String(priority));
    if (found) return found;
    Marker = answer.NextMarker;
    if (!Marker) break;
  }
  return undefined;
}

function isOfHost(rule: Rule, host: string): boolean {
  const hosts = (rule.Conditions ?? [])
    .filter((condition) => condition.Field === 'host-header')
    .flatMap((condition) => condition.HostHeaderConfig?.Values ?? condition.Values ?? []);
  return hosts.length === 1 && hosts[0] === host;
}

/** @returns the ARN of the listener's rule for this host alone */
export async function ruleOfHost(elb: LoadBalancer, cell: CellDescriptor, host: string): Promise<string | undefined> {
  return (await seenRules(elb, cell)).ruleOfHost(host);
}

type Seated = Pick<Tenant, 'tenantId' | 'host' | 'slot'>;

async function belongsTo(elb: LoadBalancer, rule: Rule, tenant: Seated): Promise<boolean> {
  if (!rule.RuleArn || !isOfHost(rule, tenant.host)) return false;
  const tags = await elb.send(new DescribeTagsCommand({ ResourceArns: [rule.RuleArn] }));
  return (tags.TagDescriptions ?? []).some((description) =>
    description.Tags?.some(({ Key, Value }) => Key === TENANT_TAG && Value === tenant.tenantId),
  );
}

/** @returns the ARN of the rule in the tenant's slot, if the rule has the tenant's host and tag */
export async function findOwnRule(
  elb: LoadBalancer,
  cell: CellDescriptor,
  tenant: Tenant,
): Promise<string | undefined> {
  const rule = await ruleInSlot(elb, cell, tenant.slot.priority);
  return rule && (await belongsTo(elb, rule, tenant)) ? rule.RuleArn : undefined;
}

interface NewRule {
  readonly host: string;
  readonly priority: number;
  readonly aim: RuleAim;
  readonly tags?: readonly { readonly Key: string; readonly Value: string }[];
}

export const isPriorityInUse = (thrown: unknown) => isCoded(thrown, 'PriorityInUse');

/** Makes the rule of a host. @returns its ARN. @throws an error that `isPriorityInUse` knows */
export async function makeRule(
  elb: LoadBalancer,
  { listenerArn }: CellDescriptor,
  { host, priority, aim, tags }: NewRule,
): Promise<string> {
  const { Rules } = await elb.send(
    new CreateRuleCommand({
      ListenerArn: listenerArn,
      Priority: priority,
      Conditions: [{ Field: 'host-header', HostHeaderConfig: { Values: [host] } }],
      Actions: actionsOf(aim),
      ...(tags && { Tags: [...tags] }),
    }),
  );
  const ruleArn = Rules?.[0]?.RuleArn;
  if (!ruleArn) throw new PlatformError('UnexpectedFailure', 'CreateRule answered without a rule');
  return ruleArn;
}

export interface HostRule {
  readonly ruleArn: string;
  /** False when the rule of an earlier attempt was found and taken over. */
  readonly created: boolean;
}

/**
 * Creates the tenant's rule, which answers 503, or finds the one that the tenant has. A rule that was
 * found stays as it is: somebody may have made and opened it a moment ago.
 *
 * @throws PlatformError `SlotOccupied` when the rule with the slot's priority does not belong to
 * this tenant; `TransientNotYetVisible` when no rule is shown with a priority that is in use
 */
export async function makeOrFindRule(elb: LoadBalancer, cell: CellDescriptor, tenant: Seated): Promise<HostRule> {
  const { host, slot, tenantId } = tenant;
  try {
    const tags = [{ Key: TENANT_TAG, Value: tenantId }];
    const ruleArn = await makeRule(elb, cell, { host, priority: slot.priority, aim: 'setting-up', tags });
    return { ruleArn, created: true };
  } catch (thrown) {
    if (!isPriorityInUse(thrown)) throw thrown;
    const found = await ruleInSlot(elb, cell, slot.priority);
    if (!found) throw ruleUnseen(tenant, thrown);
    const ruleArn = (await belongsTo(elb, found, tenant)) ? found.RuleArn : undefined;
    if (!ruleArn) throw slotOccupied(tenant, thrown);
    return { ruleArn, created: false };
  }
}

/**
 * Creates the tenant's rule, which answers 503. After a crash the existing rule is found and set to
 * 503.
 *
 * @throws as `makeOrFindRule`
 */
export async function holdHost(elb: LoadBalancer, cell: CellDescriptor, tenant: Tenant): Promise<HostRule> {
  const rule = await makeOrFindRule(elb, cell, tenant);
  if (!rule.created) await pointRule(elb, rule.ruleArn, 'setting-up');
  return rule;
}

/** It may be our own rule, of a call whose answer was lost a moment ago, or a stranger's that is about to go. */
const ruleUnseen = ({ slot }: Seated, thrown: Error) =>
  new PlatformError(
    'TransientNotYetVisible',
    `cell ${slot.cell} shows no listener rule with priority ${slot.priority}, but ${inAwsWords(thrown)}`,
    { cause: thrown },
  );

const slotOccupied = ({ slot, tenantId }: Seated, cause: unknown) =>
  new PlatformError(
    'SlotOccupied',
    `the listener rule with priority ${slot.priority} in cell ${slot.cell} does not belong to tenant ${tenantId}`,
    { cause },
  );

/** What a tenant's rule does with the requests for its host. */
export type RuleAim = 'setting-up' | 'suspended' | { readonly forward: string };

/** The target group to which a rule leads; undefined when it answers by itself. */
export const forwardIn = (aim: RuleAim): string | undefined => (typeof aim === 'object' ? aim.forward : undefined);

function actionsOf(aim: RuleAim): Action[] {
  if (aim === 'setting-up') return settingUp;
  if (aim === 'suspended') return unavailable(SUSPENDED_PAGE);
  return [{ Type: 'forward', TargetGroupArn: aim.forward }];
}

/** The only request that changes what a tenant's rule does. */
export async function pointRule(elb: LoadBalancer, ruleArn: string, aim: RuleAim): Promise<void> {
  await elb.send(new ModifyRuleCommand({ RuleArn: ruleArn, Actions: actionsOf(aim) }));
}

/** The rules of a listener at one moment. */
export interface SeenRules {
  /** The target group to which each rule forwards, by the ARN of the rule; no entry for other rules. */
  readonly forwards: ReadonlyMap<string, string>;
  /** The ARN of the rule for this host alone. */
  readonly ruleOfHost: (host: string) => string | undefined;
  /** Whether there is a rule with that ARN. */
  readonly has: (ruleArn: string) => boolean;
}

/** Reads all rules of the listener. */
export async function seenRules(elb: LoadBalancer, { listenerArn }: CellDescriptor): Promise<SeenRules> {
  const rules = await rulesOf(elb, listenerArn);
  const forwards = new Map(
    rules.flatMap(({ RuleArn, Actions = [] }) => {
      const [action] = Actions;
      const isForward = action?.Type === 'forward';
      return RuleArn && isForward && action.TargetGroupArn ? [[RuleArn, action.TargetGroupArn] as const] : [];
    }),
  );
  const arns = new Set(rules.map(({ RuleArn }) => RuleArn));
  return {
    forwards,
    ruleOfHost: (host) => rules.find((rule) => isOfHost(rule, host))?.RuleArn,
    has: (ruleArn) => arns.has(ruleArn),
  };
}
