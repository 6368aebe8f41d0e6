import type { CustomResponse, Rule, RuleAction, WebACL } from '@aws-sdk/client-wafv2';
import * as z from 'zod';
import type { ExpectedResource } from '../release/resolve-template';
import { sortedText } from '../sorted-text';
import { ofType, resourceCalled } from './expected-of';
import type { PlatformSurroundings } from './surroundings';
import { meetsVisitors } from './web-acl-statement';

const AssociationSchema = z.object({ ResourceArn: z.string(), WebACLArn: z.string() });
const AclSchema = z.object({
  DefaultAction: z.unknown(),
  Rules: z
    .array(
      z.looseObject({
        ...{ Name: z.string(), Priority: z.coerce.number() },
        Statement: z.looseObject({ RateBasedStatement: z.looseObject({ Limit: z.number() }).optional() }).optional(),
      }),
    )
    .default([]),
});

/** Where a rule is, and what of it is measured: whoever sees sampled requests has a permission for it (`identity.reach`). */
const APART = ['Priority', 'VisibilityConfig'];

/** What a rule does. WAF may answer an empty list for what nobody has set. */
const inWords = (rule: unknown) =>
  sortedText(rule, (key, value) => !APART.includes(key) && !(Array.isArray(value) && value.length === 0));

const inOrder = <T extends { Priority: number | undefined }>(rules: readonly T[]) =>
  rules.toSorted((one, other) => (one.Priority ?? 0) - (other.Priority ?? 0));

/**
 * A group of AWS's managed rules that only refuses or counts: none of its rules is overridden so that it lets requests pass
 * by the others.
 */
function isManagedByAws({ Statement, OverrideAction, Action }: Rule): boolean {
  const { VendorName, RuleActionOverrides = [] } = Statement?.ManagedRuleGroupStatement ?? {};
  const counts = OverrideAction?.Count;
  return (
    VendorName === 'AWS' &&
    Action === undefined &&
    counts?.CustomRequestHandling === undefined &&
    RuleActionOverrides.every(({ ActionToUse }) => ActionToUse?.Allow === undefined)
  );
}

/**
 * The rules by which Shield Advanced refuses an attack under way, in a group of an account of AWS's ("Recognizing rule groups
 * provided by other services"). Somebody's own group is one of this account.
 */
const isShields = ({ Name = '', Statement }: Rule, own: string | undefined): boolean => {
  const group = Statement?.RuleGroupReferenceStatement?.ARN;
  return Name.startsWith('ShieldMitigationRuleGroup') && group !== undefined && group.split(':')[4] !== own;
};

/** "CustomResponse": a code of its own tells a client why it is refused; a page or a header leads visitors elsewhere. */
const isPlain = ({ ResponseCode = 0, CustomResponseBodyKey, ResponseHeaders = [] }: CustomResponse) =>
  ResponseCode >= 400 &&
  CustomResponseBodyKey === undefined &&
  ResponseHeaders.every(({ Name }) => Name?.toLowerCase() === 'retry-after');

/** Whether an action only refuses, or only lets those pass who can show that they are visitors. */
function isRefusal({ Block, Challenge, Captcha }: RuleAction): boolean {
  if (Block) return Block.CustomResponse === undefined || isPlain(Block.CustomResponse);
  const proof = Challenge ?? Captcha;
  return proof !== undefined && proof.CustomRequestHandling === undefined;
}

/**
 * An operator may refuse an address or ask it for a proof, count, or add AWS's managed rules. A rule that allows lets requests
 * pass by the others; an answer of its own leads visitors elsewhere, and one that refuses every visitor takes all tenants down.
 */
const onlyRefuses = (rule: Rule) =>
  (isRefusal(rule.Action ?? {}) && !meetsVisitors(rule.Statement)) ||
  (rule.Action?.Count !== undefined && rule.Action.Count.CustomRequestHandling === undefined) ||
  isManagedByAws(rule);

/** A limit below the template's, as in an attack, is the template's as long as visitors do not meet it. */
function asLimited(actual: Rule, { Statement: expected }: z.output<typeof AclSchema>['Rules'][number]): Rule {
  const { RateBasedStatement: rate } = actual.Statement ?? {};
  const limit = expected?.RateBasedStatement?.Limit;
  const isLower = limit !== undefined && rate?.Limit !== undefined && rate.Limit < limit && onlyRefuses(actual);
  return isLower ? { ...actual, Statement: { RateBasedStatement: { ...rate, Limit: limit } } } : actual;
}

function changesOf({ ARN, DefaultAction, Rules = [] }: WebACL, expected: z.output<typeof AclSchema>): string[] {
  const should = inOrder(expected.Rules);
  const names = should.map(({ Name }) => Name);
  const own = ARN?.split(':')[4];
  const kept = inOrder(Rules).filter(({ Name = '' }) => names.includes(Name));
  const order = kept.map(({ Name }) => Name).join(', ');
  const isOrdered = order === names.filter((name) => kept.some(({ Name }) => Name === name)).join(', ');
  return [
    ...(inWords(DefaultAction) === inWords(expected.DefaultAction)
      ? []
      : [`the web ACL’s default action is ${inWords(DefaultAction)}, not ${inWords(expected.DefaultAction)}`]),
    ...should.flatMap((rule) => {
      const actual = kept.find(({ Name }) => Name === rule.Name);
      if (!actual) return [`the web ACL lacks the rule ${rule.Name}`];
      return inWords(asLimited(actual, rule)) === inWords(rule)
        ? []
        : [`the rule ${rule.Name} of the web ACL is ${inWords(actual)}`];
    }),
    ...(isOrdered ? [] : [`the rules of the web ACL are in the order ${order}`]),
    ...Rules.filter((rule) => !names.includes(rule.Name ?? '') && !onlyRefuses(rule) && !isShields(rule, own)).map(
      (rule) => `the web ACL has the rule ${inWords(rule)}`,
    ),
  ];
}

const arnIn = (expected: ExpectedResource | undefined) =>
  expected && AssociationSchema.parse(expected.properties).WebACLArn;

const LogSchema = z.object({ ResourceArn: z.string(), LogDestinationConfigs: z.array(z.string()) });

/**
 * Where a web ACL sends a copy of each request, its cookies and query too, that is neither the stack's destination nor the
 * organization's. WAF takes log groups of its own account alone; a bucket may be anybody's, and a stream leads anywhere
 * ("Logging AWS WAF protection pack (web ACL) traffic").
 */
export function webAclLogViolations(
  destinations: readonly string[],
  resources: readonly ExpectedResource[],
  { accountId, region, placed }: PlatformSurroundings,
): string[] {
  const made = ofType(resources, 'AWS::WAFv2::LoggingConfiguration').flatMap(
    ({ properties }) => LogSchema.parse(properties).LogDestinationConfigs,
  );
  const known = [...made, ...placed.webAclLogs];
  return destinations
    .filter((arn) => !known.includes(arn) && !arn.startsWith(`arn:aws:logs:${region}:${accountId}:log-group:`))
    .map((arn) => `the web ACL sends a log of all requests to ${arn}`);
}

/** How the web ACL before a load balancer differs from the cell's template. A stage may have none: then none is expected. */
export function webAclViolations(
  actual: WebACL | undefined,
  resources: readonly ExpectedResource[],
  loadBalancerArn: string,
): string[] {
  const association = ofType(resources, 'AWS::WAFv2::WebACLAssociation').find(
    ({ properties }) => AssociationSchema.parse(properties).ResourceArn === loadBalancerArn,
  );
  const [is, should] = [actual?.ARN, arnIn(association)];
  if (is !== should)
    return [`the load balancer has ${is ? `the web ACL ${is}` : 'no web ACL'}, not ${should ?? 'none'}`];
  if (!actual || !should) return [];
  const [, name, id] = should.split('/webacl/').flatMap((part) => part.split('/'));
  const acl = resourceCalled(resources, 'AWS::WAFv2::WebACL', `${name}|${id}|REGIONAL`);
  return changesOf(actual, AclSchema.parse(acl.properties));
}
