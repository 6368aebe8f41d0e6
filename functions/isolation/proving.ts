import { PlacedByOrganizationSchema } from '../contract/placed-by-organization';
import { env } from '../shared/env';
import { evidenceStore } from './evidence/keep-evidence';
import type { ProvingDeps } from './evidence/prove';
import { sourceClients, sourcesOf } from './sources';
import type { StageContext } from './subject';

/** The stage, from the environment that infra gives the function. */
export const stageContext = (): StageContext => ({
  accountId: env('ACCOUNT_ID'),
  region: env('AWS_REGION'),
  stackRoleArn: env('STACK_ROLE_ARN'),
  boundaryArn: env('TENANT_BOUNDARY_ARN'),
  trustedRoleArns: env('TRUSTED_ROLE_ARNS').split(','),
  placed: PlacedByOrganizationSchema.parse(JSON.parse(env('PLACED_BY_ORGANIZATION'))),
});

/** Sources and evidence store on AWS. */
export function provingDeps(): ProvingDeps {
  const clients = sourceClients();
  return {
    get codeVersion() {
      return env('CODE_VERSION');
    },
    evidence: evidenceStore(clients.s3),
    sourcesFor: (subject) => sourcesOf(clients, subject),
    now: () => new Date(),
  };
}
