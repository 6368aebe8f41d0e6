import {
  CELLS_PARAMETER_PATH,
  platformStackName,
  RELEASE_PIPELINE,
  SERVICE_REPOSITORY,
  TENANT_ROLE_PATH,
  TENANT_TAG,
  tenantIdIn,
  tenantIdOf,
  tenantNames,
} from '../../contract/naming';
import { STACK_KINDS } from '../../contract/stacks';
import { areDisjoint, differAtOnce } from '../comparison/patterns';
import { isOfAws, type Principal } from '../facts/account-facts';
import { type Condition, covers, type Statement } from '../policy-document';
import type { ExpectedResource } from '../release/resolve-template';
import { idsOf, ofType, topicKeyId } from './expected-of';
import type { Surroundings } from './surroundings';

/** Actions that only show settings ("Actions, resources, and condition keys for AWS services": List and Read). */
const READING = /^(?:[a-z0-9-]+:(?:Describe|List|Lookup|Search|Simulate|Validate|Get|BatchGet)|cloudformation:Detect)/i;
/** Of those with such a name the ones that show data, or a way in. */
const SHOWING_DATA = [
  ...['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectTorrent'],
  ...['secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue'],
  ...['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:GetRecords'],
  // The input of an onboarding is the signup.
  ...['states:DescribeExecution', 'states:GetExecutionHistory'],
  // Paths, hosts and addresses of visitors.
  ...['logs:GetLogEvents', 'logs:GetLogRecord', 'logs:GetLogObject', 'wafv2:GetSampledRequests'],
];

/**
 * A message to the operators is no way to anything. Whoever pushes an image, or approves one, is the customer's choice: the
 * pipeline asks for both.
 */
const BY_DESIGN = [
  'sns:publish',
  ...[
    'batchchecklayeravailability',
    'initiatelayerupload',
    'uploadlayerpart',
    'completelayerupload',
    'putimage',
    'startimagescan',
  ].map((action) => `ecr:${action}`),
  ...['startpipelineexecution', 'stoppipelineexecution', 'retrystageexecution', 'putapprovalresult'].map(
    (action) => `codepipeline:${action}`,
  ),
];

/** Whether a pattern allows more than to look at settings. One that ends before it says what it does allows more. */
const doesMore = (pattern: string) =>
  (!BY_DESIGN.includes(pattern.toLowerCase()) && !READING.test(pattern.split(/[*?]/)[0] ?? '')) ||
  SHOWING_DATA.some((action) => covers(pattern, action));

/**
 * What stands before a name in an ARN: the type, of which load balancers, web ACLs and some snapshots have two words, and
 * what begins the id of each resource of a network. A bucket has none.
 */
const TYPE =
  /^(?:[\w-]+\/(?:app|net|gwy)\/|(?:regional|global)\/[\w-]+\/|snapshot:(?:rds|awsbackup):|(?:security-group|route-table|subnet|vpc|network-acl|vpc-endpoint)\/(?:sg|rtb|subnet|vpc|acl|vpce)-|[\w-]+[/:])/;

/** What follows account and type in an ARN: the part that names somebody's resources. */
function nameIn(pattern: string): string {
  const resource = pattern.split(':').slice(5).join(':');
  const name = /^arn:[^:]*:s3:/.test(pattern) ? resource : resource.replace(TYPE, '');
  return name.replace(/^\//, '');
}

/** Whether a name begins with letters, and not with a wildcard. */
const beginsNamed = (name: string) => !/^(?:[*?]|$)/.test(name);
/** Account and region, which names of all teams may end with. */
const PLACE = /\d{12}|[a-z]{2}(?:-[a-z]+)+-\d(?!\w)/g;
/** What a name that begins with a wildcard says of what it is about, e.g. `tenant-` of `*tenant-*`. */
const saidIn = (name: string) => name.replace(PLACE, '').replace(/[*?]/g, '');
const saysLetters = (name: string) => /[a-z0-9]{3}/i.test(name.replace(PLACE, ''));

/** The six parts of an ARN. Only the last may have colons ("Amazon Resource Names"): no wildcard before it reaches into it. */
const partsOf = (arn: string) => {
  const [prefix, partition, service, region, account, ...resource] = arn.split(':');
  return [prefix, partition, service, region, account, resource.join(':')].map((part = '') => part);
};
const meet = (pattern: string, arn: string) => {
  if (differAtOnce(pattern, arn)) return false;
  const parts = partsOf(arn);
  return partsOf(pattern).every((part, n) => !areDisjoint(part, parts[n] ?? ''));
};

const ANY_TENANT = tenantIdOf('any signup');
/** Any tenant's id, as a pattern: names of another team that begin with `tenant-` are none of a tenant. */
const ANY_ID = ANY_TENANT.replace(/(?<!^)./g, '?');

/** ARNs of this family of tenants' resources: of the tenant whom the pattern names, and of any. */
function samplesOf(family: string, pattern: string): string[] {
  if (!family.includes('tenant') || !/[*?]/.test(family)) return [];
  const ids = [tenantIdIn(pattern), ANY_TENANT].flatMap((id) => id ?? []);
  return ids.map((id) => family.replaceAll(ANY_ID, id).replaceAll('*', id));
}

/** What all stacks of the platform begin with says nothing of which one is meant. The id that ends their ARNs follows a slash. */
const PLATFORM_STACK = new RegExp(`^${platformStackName('')}(?=.*/)`);

/**
 * Which resources a pattern means that begins with a wildcard: it says most of the name, or that it is about tenants. The
 * end of a name, as in `stack/*-network/*`, is one that stacks and alarms of all teams have; of secrets and buckets any
 * letters count, as whoever gets them has the data.
 */
function meantBy(pattern: string): (family: string) => boolean {
  const said = saidIn(nameIn(pattern));
  const saysTenants = /nant/i.test(said) || tenantIdIn(pattern) !== undefined;
  return (family) => {
    const isOfData = /^arn:aws:(?:s3|secretsmanager):/.test(family);
    if ((isOfData || saysTenants) && samplesOf(family, pattern).some((sample) => meet(pattern, sample))) return true;
    const arn = family.replaceAll(ANY_ID, '*').replaceAll('*', 'x');
    return (saysTenants || said.length * 2 > nameIn(arn).replace(PLATFORM_STACK, '').length) && meet(pattern, arn);
  };
}

/**
 * Whether a resource of a policy is one of these. Who names all databases, or everything, has rights in the account and
 * not at a tenant: an administrator's. Who names a tenant's has been given them, wherever in the name the pattern says so.
 */
function names(pattern: string, arns: readonly string[]): boolean {
  const name = nameIn(pattern);
  if (beginsNamed(name)) return arns.some((arn) => meet(pattern, arn));
  return saysLetters(name) && arns.some(meantBy(pattern));
}

/** Keys of conditions by which a service knows the tag of a resource: `aws:ResourceTag/KEY`, `rds:db-tag/KEY` and others. */
const TENANTS_TAG = new RegExp(`^[\\w-]+:(?!request|principal)[\\w-]*tag/${TENANT_TAG}$`, 'i');
/** The tag that CloudFormation puts on what a stack makes ("Resource tag"), by the end of its key. */
const STACK_TAG = /^[\w-]+:(?!request|principal)[\w-]*tag\/aws:cloudformation:stack-(?:name|id)$/i;

/**
 * Keys of conditions by which a service knows one resource, whichever a request names, and the ARN that the value stands
 * for: KMS a key by its alias ("kms:ResourceAliases", "kms:RequestAlias") or by what it encrypts
 * ("kms:EncryptionContext:context-key"), ECS a task by its cluster ("ecs:cluster"), EC2 what is in a network
 * by the ARN of that ("ec2:Vpc", "ec2:Subnet"), or by an id ("ec2:VpcID" and others).
 */
const KNOWN_BY: readonly (readonly [key: RegExp, arn: (value: string) => string])[] = [
  [/^kms:(?:resourcealiases|requestalias)$/i, (value) => `arn:aws:kms:*:*:${value}`],
  [/^kms:encryptioncontext:aws:dynamodb:tablename$/i, (value) => `arn:aws:dynamodb:*:*:table/${value}`],
  [
    /^(?:kms:encryptioncontext:.+|ecs:cluster|ec2:(?:(?:accepter|requester)?vpc|subnet)|lambda:functionarn|secretsmanager:secretid)$/i,
    (value) => value,
  ],
  ...['vpc', 'subnet', 'route-table', 'security-group', 'network-acl'].map(
    (kind) =>
      [
        new RegExp(`^ec2:${kind.replace('-', '')}id$`, 'i'),
        (value: string) => `arn:aws:ec2:*:*:${kind}/${value}`,
      ] as const,
  ),
  [STACK_TAG, (value) => (value.startsWith('arn:') ? value : `arn:aws:cloudformation:*:*:stack/${value}/*`)],
];

/** Whether a condition confines a statement to what is tenants' or the platform's: it names them as an ARN would. */
function namesTenants({ operator, key, values }: Condition, arns: readonly string[], own?: string): boolean {
  const isNegated = /not/i.test(operator);
  if (/^null$/i.test(operator)) return TENANTS_TAG.test(key) && values.includes('false');
  if (isNegated) return false;
  if (TENANTS_TAG.test(key))
    return values.some((value) => value !== own && (/[*$]/.test(value) || tenantIdIn(value) !== undefined));
  const arnOf = KNOWN_BY.find(([known]) => known.test(key))?.[1];
  return arnOf !== undefined && values.some((value) => names(arnOf(value), arns));
}

/** Only the pipeline starts it, and anybody who may push may start the pipeline. */
const isRelease = (arn: string) => arn.endsWith(':TenantRelease');

const ALARMS = ['AWS::CloudWatch::Alarm', 'AWS::CloudWatch::CompositeAlarm'];
/** What decides, in the network of a cell, who talks to whom. */
const OF_NETWORK: Readonly<Record<string, string>> = {
  'AWS::EC2::VPC': 'vpc',
  'AWS::EC2::Subnet': 'subnet',
  'AWS::EC2::RouteTable': 'route-table',
  'AWS::EC2::SecurityGroup': 'security-group',
  'AWS::EC2::NetworkAcl': 'network-acl',
  'AWS::EC2::VPCEndpoint': 'vpc-endpoint',
};
const CHANGING_NAMES = 'route53:changeresourcerecordsets';
/** Names of tenants that the roles may change which write their records, e.g. `*.tenants.example`. */
const tenantsNamesIn = (resources: readonly ExpectedResource[]) => [
  ...new Set(JSON.stringify(resources).match(/(?<=RecordSetsNormalizedRecordNames":\[?")\*\.[^"]+/g)),
];

/** "Using IAM policy conditions for fine-grained access control" (Route 53): whether a statement changes records of other names alone. */
function changesOthersAlone(
  does: readonly string[],
  conditions: readonly Condition[],
  names: readonly string[],
): boolean {
  const others = conditions
    .filter(({ operator }) => /^ForAllValues:String(?:Like|Equals)$/i.test(operator))
    .find(({ key }) => key.toLowerCase() === `${CHANGING_NAMES}normalizedrecordnames`);
  return (
    names.length > 0 &&
    does.every((action) => action.toLowerCase() === CHANGING_NAMES) &&
    others?.values.every((value) => names.every((name) => areDisjoint(value, name))) === true
  );
}

/** The hosted zone of tenants' names: the roles that write its records name it, wherever it was made. */
const zonesIn = (resources: readonly ExpectedResource[]) => [
  ...new Set(JSON.stringify(resources).match(/arn:aws:route53:::hostedzone\/\w+/g)),
];

/** ARNs of tenants' resources, whichever tenant's, and of the platform's: its templates name them. */
function arnsOf({ region, accountId, cell }: Surroundings, resources: readonly ExpectedResource[]): string[] {
  const of = (service: string, ...names: string[]) =>
    names.map((name) => `arn:aws:${service}:${region}:${accountId}:${name}`);
  const bucket = tenantNames.bucket('*', accountId, region);
  const buckets = [bucket, ...idsOf(resources, 'AWS::S3::Bucket')].map((name) => `arn:aws:s3:::${name}`);
  const tables = idsOf(resources, 'AWS::DynamoDB::Table').map((name) => `table/${name}`);
  const functions = idsOf(resources, 'AWS::Lambda::Function').map((name) => `function:${name}`);
  const role = (name: string) => `arn:aws:iam::${accountId}:role${name}`;
  const rules = idsOf(resources, 'AWS::Events::Rule').map((id) => `rule/${id.replace('|', '/')}`);
  const acls = idsOf(resources, 'AWS::WAFv2::WebACL').map((id) => id.split('|').slice(0, 2).join('/'));
  const machines = idsOf(resources, 'AWS::StepFunctions::StateMachine').filter((arn) => !isRelease(arn));
  return [
    role(`${TENANT_ROLE_PATH}*`),
    ...idsOf(resources, 'AWS::IAM::Role').map((name) => role(`/${name}`)),
    ...of('secretsmanager', `secret:${tenantNames.secret('*')}*`),
    ...of('rds', ...['db', 'snapshot', 'snapshot:rds'].map((type) => `${type}:${tenantNames.database(ANY_ID)}`)),
    ...of('rds', ...['pg', 'subgrp'].map((type) => `${type}:${tenantNames.stack(ANY_ID, 'database')}-*`)),
    ...of('kms', tenantNames.keyAlias('*')),
    ...idsOf(resources, 'AWS::IAM::ManagedPolicy'),
    ...idsOf(resources, 'AWS::ECS::TaskDefinition').map((arn) => arn.replace(/:\d+$/, ':*')),
    ...buckets.flatMap((arn) => [arn, `${arn}/*`]),
    ...of('dynamodb', ...tables, ...tables.map((table) => `${table}/*`)),
    ...of('lambda', ...functions, ...functions.map((name) => `${name}:*`)),
    ...of('kms', ...idsOf(resources, 'AWS::KMS::Key').map((id) => `key/${id}`)),
    ...of('ecs', `cluster/${cell.clusterName}`, ...['service', 'task'].map((kind) => `${kind}/${cell.clusterName}/*`)),
    ...machines,
    ...machines.map((arn) => `${arn.replace(':stateMachine:', ':execution:')}:*`),
    ...of('events', ...idsOf(resources, 'AWS::Events::EventBus').map((name) => `event-bus/${name}`), ...rules),
    ...of('sqs', ...idsOf(resources, 'AWS::SQS::Queue').map((url) => url.split('/').at(-1) ?? '')),
    ...idsOf(resources, 'AWS::SNS::Topic'),
    ...ALARMS.flatMap((type) => of('cloudwatch', ...idsOf(resources, type).map((name) => `alarm:${name}`))),
    ...of('cloudwatch', `alarm:${tenantNames.stack(ANY_ID, 'database')}*`),
    ...idsOf(resources, 'AWS::Logs::LogGroup').flatMap((name) =>
      of('logs', `log-group:${name}`, `log-group:${name}:*`),
    ),
    ...of('logs', 'log-group:/tenants/*'),
    ...of('ssm', `parameter${CELLS_PARAMETER_PATH}/${cell.name}`),
    ...of('cloudformation', ...STACK_KINDS.map((kind) => `stack/${tenantNames.stack(ANY_ID, kind)}/*`)),
    // A stack keeps the role of its last update: whoever may update it does what that role may ("AWS CloudFormation service role").
    ...of(
      'cloudformation',
      ...['Foundation', 'ControlPlane', 'Delivery', `Cell-${cell.name}`].map(
        (name) => `stack/${platformStackName(name)}/*`,
      ),
    ),
    ...Object.entries(OF_NETWORK).flatMap(([type, kind]) =>
      of('ec2', ...idsOf(resources, type).map((id) => `${kind}/${id}`)),
    ),
    ...zonesIn(resources),
    // The delivery's template is not read, but whoever changes the pipeline decides what runs without an approval.
    role(`/${platformStackName('Delivery')}-*`),
    ...of('codepipeline', RELEASE_PIPELINE),
    ...of('ecr', `repository/${SERVICE_REPOSITORY}`),
    ...idsOf(resources, 'AWS::ElasticLoadBalancingV2::Listener'),
    ...[cell.loadBalancerArn, ...Object.values(cell.targetGroupArns)],
    cell.listenerArn.replace(':listener/', ':listener-rule/').concat('/*'),
    ...of('wafv2', ...acls.map((acl) => `regional/webacl/${acl}`)),
  ];
}

/** What may be reached: the ARNs of resources, and names of records in the hosted zone. */
interface Reached {
  readonly arns: readonly string[];
  readonly records: readonly string[];
}

/**
 * What a statement gives of these resources; undefined when it gives nothing but a look at settings.
 *
 * @param own the tenant whose resources the principal may have, whether there is such a tenant or not
 */
function given(
  { effect, actions, resources, conditions, not }: Statement,
  { arns, records }: Reached,
  own?: string,
): string | undefined {
  if (effect !== 'Allow') return undefined;
  const does = not?.actions ? ['all actions but some'] : actions.filter(doesMore);
  if (does.length === 0 || changesOthersAlone(does, conditions, records)) return undefined;
  const isOwn = (text: string) => own !== undefined && tenantIdIn(text) === own;
  const resource = resources.find((pattern) => !isOwn(pattern) && names(pattern, arns));
  if (resource !== undefined) return `${does.join(', ')} on ${resource}`;
  const condition = conditions.find((each) => namesTenants(each, arns, own));
  return condition && `${does.join(', ')} where ${condition.key} is ${condition.values.join(' or ')}`;
}

/** The delivery stack's template is not read. A role called like one of its serves services that run what a push has brought. */
const isDelivery = ({ name, trust }: Principal) =>
  name.startsWith(`${platformStackName('Delivery')}-`) &&
  trust.every(
    ({ effect, inverted, principals }) =>
      effect === 'Deny' || (!inverted && principals.every((each) => DELIVERING.includes(each))),
  );
const DELIVERING = ['codepipeline', 'codebuild', 'events'].map((service) => `Service:${service}.amazonaws.com`);

/** The delivery tells the operators what it waits for: the topic and its key are all that it needs of the platform's. */
function beyondDelivery(arns: readonly string[], resources: readonly ExpectedResource[]): string[] {
  const ids = ofType(resources, 'AWS::SNS::Topic').map(topicKeyId);
  return arns.filter((arn) => !arn.startsWith('arn:aws:sns:') && !ids.includes(arn.split(':key/')[1]));
}

/** The tenant whose stacks' path and name a role has. `identity.only-roles` judges whatever else has a tenant's name. */
const tenantOf = ({ arn, name }: Principal) =>
  arn.includes(`:role${TENANT_ROLE_PATH}`) ? tenantIdIn(name) : undefined;
/** Whether the tenants' boundary confines it to the tenant of its tag: then each tenant's `identity.*` judge it. */
const isConfined = (principal: Principal, resources: readonly ExpectedResource[]) =>
  tenantOf(principal) !== undefined &&
  principal.boundary !== undefined &&
  idsOf(resources, 'AWS::IAM::ManagedPolicy').includes(principal.boundary);

/**
 * Principals whom nobody but the templates gives tenants' resources, or those of the platform, by name. AWS's own roles
 * have policies that nobody can change, and those of single sign-on have their organization's.
 *
 * @param others principals that no template of the platform makes, with what their own policies allow
 */
export function reachViolations(
  others: readonly Principal[],
  resources: readonly ExpectedResource[],
  surroundings: Surroundings,
): string[] {
  const arns = arnsOf(surroundings, resources);
  const ofDelivery = beyondDelivery(arns, resources);
  const records = tenantsNamesIn(resources);
  const withoutLogs = arns.filter((arn) => !arn.startsWith('arn:aws:logs:'));
  const { administrators, logReaders } = surroundings.placed;
  const reachedBy = (principal: Principal) => {
    if (isDelivery(principal)) return ofDelivery;
    return logReaders.includes(principal.name) ? withoutLogs : arns;
  };
  return others
    .filter(({ arn }) => !isOfAws(arn))
    .filter((each) => !isConfined(each, resources))
    .filter(({ name }) => !administrators.includes(name))
    .flatMap((principal) => {
      const { kind, arn, inline, managed } = principal;
      const reached = { arns: reachedBy(principal), records };
      const own = tenantOf(principal);
      const [first] = [...inline, ...managed].flatMap((statement) => given(statement, reached, own) ?? []);
      return first === undefined ? [] : [`${kind} ${arn} may ${first}`];
    });
}
