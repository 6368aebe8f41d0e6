import { platformStackName, TENANT_ROLE_PATH, tenantNames } from '../../contract/naming';
import { areDisjoint } from '../comparison/patterns';
import type { Principal } from '../facts/account-facts';
import { covers, type Statement } from '../policy-document';
import type { ExpectedResource } from '../release/resolve-template';
import { ofType } from './expected-of';
import type { Surroundings } from './surroundings';

/** Actions that only show settings ("Actions, resources, and condition keys for AWS services": List and Read). */
const READING = /^(?:[a-z0-9-]+):(?:Describe|List|Lookup|Search|Simulate|Validate|Get|BatchGet)/i;
/** Of those with such a name the ones that show data, or a way in. */
const SHOWING_DATA = [
  ...['s3:GetObject', 's3:GetObjectVersion', 's3:GetObjectTorrent'],
  ...['secretsmanager:GetSecretValue', 'secretsmanager:BatchGetSecretValue'],
  ...['dynamodb:GetItem', 'dynamodb:BatchGetItem', 'dynamodb:GetRecords'],
];

/** Whether a pattern allows more than to look at settings. One that ends before it says what it does allows more. */
const doesMore = (pattern: string) =>
  !READING.test(pattern.split(/[*?]/)[0] ?? '') || SHOWING_DATA.some((action) => covers(pattern, action));

/** What follows account and type in an ARN, up to the first wildcard: the part that names somebody's resources. A bucket has no type. */
function nameIn(pattern: string): string {
  const resource = pattern.split(':').slice(5).join(':');
  const name = pattern.startsWith('arn:aws:s3:') ? resource : resource.replace(/^[\w-]+[/:]/, '');
  return (name.split(/[*?]/)[0] ?? '').replace(/^\//, '');
}

/** The six parts of an ARN. Only the last may have colons ("Amazon Resource Names"): no wildcard before it reaches into it. */
const partsOf = (arn: string) => {
  const [prefix, partition, service, region, account, ...resource] = arn.split(':');
  return [prefix, partition, service, region, account, resource.join(':')].map((part = '') => part);
};
const meet = (pattern: string, arn: string) => {
  const parts = partsOf(arn);
  return partsOf(pattern).every((part, n) => !areDisjoint(part, parts[n] ?? ''));
};

/**
 * Whether a resource of a policy is one of these. Who names all databases, or everything, has rights in the account and
 * not at a tenant: an administrator's. Who names a tenant's has been given them.
 */
const names = (pattern: string, arns: readonly string[]) =>
  nameIn(pattern) !== '' && arns.some((arn) => meet(pattern, arn));

const idsOf = (resources: readonly ExpectedResource[], type: string) =>
  ofType(resources, type).flatMap(({ physicalId }) => physicalId ?? []);

/** Only the pipeline starts it, and anybody who may push may start the pipeline. */
const isRelease = (arn: string) => arn.endsWith(':TenantRelease');

/** ARNs of tenants' resources, whichever tenant's, and of the platform's: its templates name them. */
function arnsOf({ region, accountId, cell }: Surroundings, resources: readonly ExpectedResource[]): string[] {
  const of = (service: string, ...names: string[]) =>
    names.map((name) => `arn:aws:${service}:${region}:${accountId}:${name}`);
  const bucket = tenantNames.bucket('*', accountId, region);
  const buckets = [bucket, ...idsOf(resources, 'AWS::S3::Bucket')].map((name) => `arn:aws:s3:::${name}`);
  const tables = idsOf(resources, 'AWS::DynamoDB::Table').map((name) => `table/${name}`);
  const functions = idsOf(resources, 'AWS::Lambda::Function').map((name) => `function:${name}`);
  const role = (name: string) => `arn:aws:iam::${accountId}:role${name}`;
  return [
    role(`${TENANT_ROLE_PATH}*`),
    ...idsOf(resources, 'AWS::IAM::Role').map((name) => role(`/${name}`)),
    ...of('secretsmanager', `secret:${tenantNames.secret('*')}*`),
    ...of('rds', `db:${tenantNames.database('*')}`),
    ...buckets.flatMap((arn) => [arn, `${arn}/*`]),
    ...of('dynamodb', ...tables, ...tables.map((table) => `${table}/*`)),
    ...of('lambda', ...functions, ...functions.map((name) => `${name}:*`)),
    ...of('kms', ...idsOf(resources, 'AWS::KMS::Key').map((id) => `key/${id}`)),
    ...of('ecs', ...['service', 'task'].map((kind) => `${kind}/${cell.clusterName}/*`)),
    ...idsOf(resources, 'AWS::StepFunctions::StateMachine').filter((arn) => !isRelease(arn)),
    ...of('events', ...idsOf(resources, 'AWS::Events::EventBus').map((name) => `event-bus/${name}`)),
  ];
}

/** What a statement gives of these resources; undefined when it gives nothing but a look at settings. */
function given({ effect, actions, resources, not }: Statement, arns: readonly string[]): string | undefined {
  if (effect !== 'Allow') return undefined;
  const does = not?.actions ? ['all actions but some'] : actions.filter(doesMore);
  const resource = resources.find((pattern) => names(pattern, arns));
  return does.length > 0 && resource !== undefined ? `${does.join(', ')} on ${resource}` : undefined;
}

/** The delivery stack's template is not read. A role called like one of its serves services that run what a push has brought. */
const isDelivery = ({ name, trust }: Principal) =>
  name.startsWith(`${platformStackName('Delivery')}-`) &&
  trust.every(
    ({ effect, inverted, principals }) =>
      effect === 'Deny' || (!inverted && principals.every((each) => DELIVERING.includes(each))),
  );
const DELIVERING = ['codepipeline', 'codebuild', 'events'].map((service) => `Service:${service}.amazonaws.com`);

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
  return others
    .filter(({ arn }) => !/:role\/(?:aws-service-role|aws-reserved|tenants)\//.test(arn))
    .filter((each) => !isDelivery(each))
    .filter(({ name }) => !surroundings.placed.administrators.includes(name))
    .flatMap(({ kind, arn, inline, managed }) => {
      const [first] = [...inline, ...managed].flatMap((statement) => given(statement, arns) ?? []);
      return first === undefined ? [] : [`${kind} ${arn} may ${first}`];
    });
}
