import { executionLink } from '../../functions/contract/failure-report';
import { tenantNames } from '../../functions/contract/naming';
import type { RefusedSignup, TenantRecord } from '../../functions/contract/records';
import { STACK_KINDS } from '../../functions/contract/stacks';
import type { StageConnection } from '../stage-connection';
import type { Stage } from './api/stage';
import type { TenantDetail } from './api/tenant';

/** The AWS console's pages; undefined for the emulator, which has none. */
const homeOf = ({ aws }: StageConnection, service: string) =>
  aws.endpoint ? undefined : `https://${aws.region}.console.aws.amazon.com/${service}/home?region=${aws.region}`;

/** The execution's page in the AWS console; undefined for the emulator, which has none. */
export const executionPage = ({ aws }: Pick<StageConnection, 'aws'>, executionArn: string) =>
  aws.endpoint ? undefined : executionLink(executionArn);

/** An encoding as the CloudWatch console wants it in the part after `#`: `$25` stands for `%`. */
const twiceEncoded = (text: string) => encodeURIComponent(encodeURIComponent(text)).replaceAll('%', '$');

/** Pages of the whole stage. */
export function stageLinks(stage: StageConnection): Stage['links'] {
  const pages: readonly (readonly [name: string, service: string, rest: string])[] = [
    ['State machine', 'states', `#/statemachines/view/${stage.stateMachineArn}`],
    ['Dashboard', 'cloudwatch', '#dashboards/dashboard/tenant-onboarding'],
    ['Alarms', 'cloudwatch', '#alarmsV2:?~(search~%27TenantOnboarding-)'],
    ['Log groups', 'cloudwatch', `#logsV2:log-groups$3FlogGroupNameFilter$3D${twiceEncoded('tenant-onboarding')}`],
  ];
  return pages.flatMap(([name, service, rest]) => {
    const home = homeOf(stage, service);
    return home ? [{ name, url: `${home}${rest}` }] : [];
  });
}

type Resource = readonly [kind: string, name: string | undefined, service: string, rest: string];

/** What a tenant has, as its record says. A tenant that holds nothing any more has no resources. */
export function resourcesOf(stage: StageConnection, record: TenantRecord | RefusedSignup): TenantDetail['resources'] {
  if ('refused' in record) return [];
  const { tenantId, keyArn, bucketName, roleArn, ruleArn, slot } = record;
  const named = (name: string) => (slot ? name : undefined);
  const role = tenantNames.role(tenantId);
  const secret = tenantNames.secret(tenantId);
  const resources: Resource[] = [
    ['KMS key', keyArn, 'kms', `#/kms/keys/${keyArn?.split('/').at(-1)}`],
    ...STACK_KINDS.map((kind): Resource => {
      const stack = tenantNames.stack(tenantId, kind);
      return [`${kind} stack`, named(stack), 'cloudformation', `#/stacks?filteringText=${stack}&filteringStatus=all`];
    }),
    ['database', named(tenantNames.database(tenantId)), 'rds', `#database:id=${tenantNames.database(tenantId)}`],
    ['database secret', named(secret), 'secretsmanager', `#!/secret?name=${encodeURIComponent(secret)}`],
    ['S3 bucket', bucketName, 's3', `&bucket=${bucketName}`],
    ['IAM role', roleArn, 'iam', `#/roles/details/${role}`],
    ['listener rule', ruleArn, 'ec2', '#LoadBalancers:'],
  ];
  return resources.flatMap(([kind, name, service, rest]) => {
    if (!name) return [];
    const home = homeOf(stage, service);
    return [{ kind, name, ...(home && { url: `${home}${rest}` }) }];
  });
}
