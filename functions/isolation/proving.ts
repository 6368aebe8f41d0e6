import { PublishedTemplatesSchema } from '../contract/stacks';
import { type EnvName, env, optionalEnv } from '../shared/env';
import { parseAt } from '../shared/parse-at';
import { evidenceStore } from './evidence/keep-evidence';
import type { ProvingDeps } from './evidence/prove';
import type { FactClients } from './facts/facts';
import { keptAccount } from './facts/kept-account';
import { placedByOrganization } from './placed';
import { decoyDoors } from './probes/decoy-doors';
import { sourceClients, sourcesOf } from './sources';
import type { StageContext } from './subject';

/** The stage, from the environment that infra gives the function. A test passes the values of a deployed one. */
export function stageContext(
  value: (name: EnvName) => string = env,
  given: typeof value | typeof optionalEnv = optionalEnv,
): StageContext {
  const organizationId = given('ORGANIZATION_ID');
  return {
    accountId: value('ACCOUNT_ID'),
    region: value('AWS_REGION'),
    tableName: value('TABLE_NAME'),
    stackRoleArn: value('STACK_ROLE_ARN'),
    boundaryArn: value('TENANT_BOUNDARY_ARN'),
    trustedRoleArns: value('TRUSTED_ROLE_ARNS').split(','),
    placed: placedByOrganization(value),
    alarmTopicArn: value('ALARM_TOPIC_ARN'),
    runbookUrl: value('RUNBOOK_URL'),
    availabilityZones: value('AVAILABILITY_ZONES').split(','),
    templates: parseAt('STACK_TEMPLATES', PublishedTemplatesSchema, JSON.parse(value('STACK_TEMPLATES'))),
    ...(organizationId && { organizationId }),
  };
}

/** Sources and evidence store on AWS. */
export function provingDeps(further: Pick<FactClients, 'findAlarms'> = {}): ProvingDeps {
  const clients = { ...sourceClients(), ...further };
  const doorsOf = decoyDoors(clients);
  return {
    get codeVersion() {
      return env('CODE_VERSION');
    },
    evidence: evidenceStore(clients.s3),
    sourcesFor: (subject, known) => sourcesOf(clients, subject, known, doorsOf),
    accountWide: keptAccount(clients),
    now: () => new Date(),
  };
}
