import { ACCOUNT_ID, REGION } from '../../support/builders';
import type { SurroundingsData as Data } from '../../support/healthy-surroundings';
import { askSpoilt, type Breach, first, type Harmless, testRoom } from '../../support/surroundings-tests';

const acl = ({ loadBalancer }: Data) => {
  if (!loadBalancer.webAcl) throw new Error('no web ACL');
  return loadBalancer.webAcl;
};

const BREACHES: Breach[] = [
  [
    'routing.web-acl',
    'taken away',
    ({ loadBalancer: c }) => (c.webAcl = undefined),
    'has no web ACL, not arn:aws:wafv2',
  ],
  [
    'routing.web-acl',
    'another',
    (data) => (acl(data).ARN = 'arn:theirs'),
    'has the web ACL arn:theirs, not arn:aws:wafv2',
  ],
  [
    'routing.web-acl',
    'blocks all',
    (data) => (acl(data).DefaultAction = { Block: {} }),
    'default action is {"Block":{}}, not',
  ],
  ['routing.web-acl', 'a rule less', (data) => acl(data).Rules.splice(0, 1), 'lacks the rule Rate'],
  [
    'routing.web-acl',
    'a rule that counts',
    (data) => (first(acl(data).Rules).Action = { Count: {} }),
    'the rule Rate of',
  ],
  [
    'routing.web-acl',
    'a limit that every visitor meets',
    (data) => (first(acl(data).Rules).Statement = { RateBasedStatement: { Limit: 10 } } as never),
    'the rule Rate of the web ACL is',
  ],
  ['routing.web-acl', 'another order', (data) => (first(acl(data).Rules).Priority = 9), 'in the order Bad, Rate'],
  [
    'routing.web-acl',
    'a rule that lets pass',
    (data) => acl(data).Rules.push({ ...first(acl(data).Rules), Name: 'x', Priority: 3, Action: { Allow: {} } }),
    'has the rule {"Action":{"Allow":{}}',
  ],
  [
    'routing.web-acl',
    'one of a stranger',
    ({ stacks }) => {
      stacks.cell = stacks.cell.filter(({ type }) => type !== 'AWS::WAFv2::WebACLAssociation');
    },
    'regional/webacl/cell/1, not none',
  ],
  [
    'routing.web-acl',
    'a log for a stranger’s bucket',
    ({ loadBalancer: c }) => c.webAclLogs.push('arn:aws:s3:::aws-waf-logs-theirs'),
    'sends a log of all requests to arn:aws:s3:::aws-waf-logs-theirs',
  ],
  [
    'routing.web-acl',
    'a log for a delivery stream',
    ({ loadBalancer: c }) =>
      c.webAclLogs.push(`arn:aws:firehose:${REGION}:${ACCOUNT_ID}:deliverystream/aws-waf-logs-x`),
    'deliverystream/aws-waf-logs-x',
  ],
  [
    'routing.web-acl',
    'managed rules of which one lets pass',
    ({ loadBalancer }) =>
      loadBalancer.webAcl?.Rules.push({
        ...{ Name: 'Sql', Priority: 9, OverrideAction: { None: {} } },
        Statement: {
          ManagedRuleGroupStatement: {
            ...{ VendorName: 'AWS', Name: 'AWSManagedRulesSQLiRuleSet' },
            RuleActionOverrides: [{ Name: 'SQLi_BODY', ActionToUse: { Allow: {} } }],
          },
        },
      }),
    'the web ACL has the rule',
  ],
];

/** As Shield Advanced refers to rules of its own, in an account of its own. */
const mitigating = (account: string) => ({
  ...{ Name: 'ShieldMitigationRuleGroup_1_cell_2', Priority: 10_000_000, OverrideAction: { None: {} } },
  Statement: { RuleGroupReferenceStatement: { ARN: `arn:aws:wafv2:r:${account}:regional/rulegroup/mitigation/1` } },
});

const OWN_GROUP: Breach = [
  'routing.web-acl',
  'a group of the account that is called like one of Shield’s',
  ({ loadBalancer }) => loadBalancer.webAcl?.Rules.push(mitigating(ACCOUNT_ID)),
  'the web ACL has the rule',
];

const HARMLESS: Harmless[] = [
  [
    'routing.web-acl',
    'a lower limit in an attack',
    (data) => (first(acl(data).Rules).Statement = { RateBasedStatement: { Limit: 500 } } as never),
  ],
  [
    'routing.web-acl',
    'no samples of requests',
    (data) => Object.assign(first(acl(data).Rules), { VisibilityConfig: { SampledRequestsEnabled: false } }),
  ],
  [
    'routing.web-acl',
    'what Shield Advanced refuses in an attack',
    ({ loadBalancer }) => loadBalancer.webAcl?.Rules.push(mitigating('153427709519')),
  ],
  [
    'routing.web-acl',
    'a further group of AWS’s managed rules',
    ({ loadBalancer }) =>
      loadBalancer.webAcl?.Rules.push({
        ...{ Name: 'Sql', Priority: 9, OverrideAction: { None: {} } },
        Statement: { ManagedRuleGroupStatement: { VendorName: 'AWS', Name: 'AWSManagedRulesSQLiRuleSet' } },
      }),
  ],
];

testRoom('web-acl', [...BREACHES, OWN_GROUP], HARMLESS);

const bytes = (SearchString: string, PositionalConstraint: string, FieldToMatch: object) => ({
  ByteMatchStatement: { SearchString: new TextEncoder().encode(SearchString), PositionalConstraint, FieldToMatch },
});
const header = (Name: string) => ({ SingleHeader: { Name } });
const agent = header('User-Agent');
const size = (FieldToMatch: object, ComparisonOperator: string, Size: number) => ({
  SizeConstraintStatement: { FieldToMatch, ComparisonOperator, Size },
});
const regex = (RegexString: string, FieldToMatch: object) => ({ RegexMatchStatement: { RegexString, FieldToMatch } });
const not = (Statement: object) => ({ NotStatement: { Statement } });
const and = (...Statements: object[]) => ({ AndStatement: { Statements } });
const rate = (Limit: number, settings: object = {}) => ({
  RateBasedStatement: { Limit, AggregateKeyType: 'IP', ...settings },
});
const everyPage = bytes('/', 'STARTS_WITH', { UriPath: {} });
const addresses = { IPSetReferenceStatement: { ARN: 'arn:addresses' } };
const label = { LabelMatchStatement: { Scope: 'LABEL', Key: 'ours' } };
const allHeaders = { Headers: { MatchPattern: { All: {} }, MatchScope: 'ALL', OversizeHandling: 'NO_MATCH' } };
const few = { Limit: 10, AggregateKeyType: 'IP' };
const country = { GeoMatchStatement: { CountryCodes: ['KP'] } };

test.each<[string, Record<string, object>, boolean]>([
  ['of every page', bytes('/', 'STARTS_WITH', { UriPath: {} }), false],
  ['of the form', bytes('/leads', 'EXACTLY', { UriPath: {} }), false],
  [
    'of every page by an expression',
    { RegexMatchStatement: { RegexString: '.*', FieldToMatch: { UriPath: {} } } },
    false,
  ],
  ['of every browser', bytes('Mozilla', 'CONTAINS', agent), false],
  ['of reading', bytes('GET', 'EXACTLY', { Method: {} }), false],
  [
    'of every size',
    { SizeConstraintStatement: { Size: 0, ComparisonOperator: 'GE', FieldToMatch: { Body: {} } } },
    false,
  ],
  ['of who loads two pages', { RateBasedStatement: few }, false],
  ['of all countries but some', not(country), true],
  ['of all addresses but some', not(addresses), false],
  [
    'of all addresses but some at a page of nobody',
    and(bytes('/admin', 'STARTS_WITH', { UriPath: {} }), not(addresses)),
    true,
  ],
  ['of every host', bytes('.', 'CONTAINS', header('Host')), false],
  ...['Origin', 'Referer'].map((name): [string, Record<string, object>, boolean] => [
    `of forms without the tenant in ${name}`,
    and(bytes('POST', 'EXACTLY', { Method: {} }), not(bytes('.tenants.example', 'CONTAINS', header(name)))),
    true,
  ]),
  ['of whoever takes zipped pages', bytes('gzip', 'CONTAINS', header('accept-encoding')), false],
  ['of whoever speaks a language', size(header('Accept-Language'), 'GE', 1), false],
  ['of iPhones', bytes('iPhone', 'CONTAINS', agent), false],
  ['of Macs', bytes('Macintosh', 'CONTAINS', agent), false],
  ['of Firefox', bytes('firefox', 'CONTAINS_WORD', agent), true],
  ['of Firefox as it calls itself', bytes('Firefox', 'CONTAINS_WORD', agent), false],
  [
    'of Firefox in small letters',
    {
      ByteMatchStatement: {
        ...bytes('firefox', 'CONTAINS', agent).ByteMatchStatement,
        TextTransformations: [{ Priority: 0, Type: 'LOWERCASE' }],
      },
    },
    false,
  ],
  ['of every browser in any letters', regex('(?i)mozilla', agent), false],
  ['of crawlers in any letters', regex('(?i)(semrush|ahrefs)', agent), true],
  ['that nobody can judge', regex('^(([A-Za-z0-9 ().;,/_-])+)+%$', agent), false],
  ['of whatever header', bytes('gzip', 'CONTAINS', allHeaders), false],
  ['of no header that browsers send', bytes('${jndi', 'CONTAINS', allHeaders), true],
  ['of all pages but one', not(bytes('/zzz', 'STARTS_WITH', { UriPath: {} })), false],
  ['of what is no attack', not({ SqliMatchStatement: { FieldToMatch: { Body: {} } } }), false],
  ['of what is not no page', not(not(everyPage)), false],
  ['of the form by its size', size({ Body: {} }, 'LE', 100_000), false],
  ['of every form but one', size({ Body: {} }, 'NE', 7), false],
  ['of who bypasses the middleware', size(header('x-middleware-subrequest'), 'GT', 0), true],
  ['with an argument of no page', size({ SingleQueryArgument: { Name: 'debug' } }, 'GT', 0), true],
  ['without an agent', size(agent, 'EQ', 0), true],
  ['with another rule’s label', label, true],
  ['of who loads a page', rate(10, { ScopeDownStatement: everyPage }), false],
  ['of who sends a form ten times', rate(10, { ScopeDownStatement: bytes('POST', 'EXACTLY', { Method: {} }) }), true],
  ['of who loads sixty in a minute', rate(60, { EvaluationWindowSec: 60 }), true],
  ['of who loads a hundred in ten minutes', rate(100, { EvaluationWindowSec: 600 }), false],
  ['of all together', rate(100, { AggregateKeyType: 'CONSTANT', ScopeDownStatement: everyPage }), false],
  ['of all by method', rate(100, { AggregateKeyType: 'CUSTOM_KEYS', CustomKeys: [{ HTTPMethod: {} }] }), false],
  [
    'of an address by method',
    rate(100, { AggregateKeyType: 'CUSTOM_KEYS', CustomKeys: [{ HTTPMethod: {} }, { IP: {} }] }),
    true,
  ],
  ['of one of two kinds', { OrStatement: { Statements: [country, bytes('/', 'CONTAINS', { UriPath: {} })] } }, false],
  ['of another product’s page', bytes('/wp-admin', 'STARTS_WITH', { UriPath: {} }), true],
  ['of a crawler', bytes('SemrushBot', 'CONTAINS', agent), true],
  ['of a country', country, true],
  [
    'of the form from a country',
    { AndStatement: { Statements: [country, bytes('/leads', 'EXACTLY', { UriPath: {} })] } },
    true,
  ],
  [
    'of long bodies',
    { SizeConstraintStatement: { Size: 65_536, ComparisonOperator: 'GT', FieldToMatch: { Body: {} } } },
    true,
  ],
  [
    'of other hosts',
    { NotStatement: { Statement: bytes('.example', 'ENDS_WITH', { SingleHeader: { Name: 'host' } }) } },
    true,
  ],
  ['of who guesses at one page', { RateBasedStatement: { ...few, ScopeDownStatement: country } }, true],
  ['of who asks a thousand times', { RateBasedStatement: { ...few, Limit: 1000 } }, true],
])('a rule that refuses requests %s is a violation if visitors send them', async (_, Statement, passed) => {
  const add = (data: Data) =>
    acl(data).Rules.push({ ...first(acl(data).Rules), Name: 'ours', Priority: 9, Action: { Block: {} }, Statement });
  expect(await askSpoilt('routing.web-acl', add)).toMatchObject({ passed });
});

test('an operator may refuse an address at the web ACL, or count; a stage may have no web ACL', async () => {
  const added = (Action: Record<string, object>) => (data: Data) => {
    const rule = { ...first(acl(data).Rules), Name: 'ours', Priority: 0, Action };
    acl(data).Rules = [rule, ...acl(data).Rules.map((each) => ({ ...each, Priority: each.Priority + 1 }))];
  };
  expect(await askSpoilt('routing.web-acl', added({ Block: {} }))).toMatchObject({ passed: true });
  expect(await askSpoilt('routing.web-acl', added({ Count: {} }))).toMatchObject({ passed: true });
  expect(await askSpoilt('routing.web-acl', added({ Block: { CustomResponse: { ResponseCode: 302 } } }))).toMatchObject(
    {
      passed: false,
    },
  );
  const without = ({ stacks, loadBalancer }: Data) => {
    stacks.cell = stacks.cell.filter(({ type }) => !type.startsWith('AWS::WAFv2::'));
    loadBalancer.webAcl = undefined;
  };
  expect(await askSpoilt('routing.web-acl', without)).toEqual({
    passed: true,
    evidence: 'the cell’s stack has no web ACL',
  });
});

const tooMany = { ResponseCode: 429, ResponseHeaders: [{ Name: 'Retry-After', Value: '60' }] };

test.each<[string, Record<string, object>, Record<string, object>, boolean]>([
  ['refuses with 429 who asks too often', { Block: { CustomResponse: tooMany } }, rate(1000), true],
  [
    'refuses with a page of its own',
    { Block: { CustomResponse: { ...tooMany, CustomResponseBodyKey: 'page' } } },
    rate(1000),
    false,
  ],
  [
    'refuses with a cookie',
    { Block: { CustomResponse: { ...tooMany, ResponseHeaders: [{ Name: 'Set-Cookie', Value: 'a=b' }] } } },
    rate(1000),
    false,
  ],
  ['challenges a country', { Challenge: {} }, country, true],
  ['asks a country for a captcha', { Captcha: {} }, country, true],
  ['challenges everybody', { Challenge: {} }, everyPage, false],
  [
    'challenges, and adds a header',
    { Challenge: { CustomRequestHandling: { InsertHeaders: [{ Name: 'a', Value: 'b' }] } } },
    country,
    false,
  ],
])('a rule that %s', async (_, Action, Statement, passed) => {
  const add = (data: Data) =>
    acl(data).Rules.push({ ...first(acl(data).Rules), Name: 'ours', Priority: 9, Action, Statement });
  expect(await askSpoilt('routing.web-acl', add)).toMatchObject({ passed });
});

test.each([
  ['of the own account', `arn:aws:logs:${REGION}:${ACCOUNT_ID}:log-group:aws-waf-logs-cell`],
  ['that the organization has', 'arn:aws:s3:::aws-waf-logs-organization'],
])('a log of the web ACL in a place %s is no violation', async (_, arn) => {
  expect(await askSpoilt('routing.web-acl', ({ loadBalancer }) => loadBalancer.webAclLogs.push(arn))).toMatchObject({
    passed: true,
  });
});
