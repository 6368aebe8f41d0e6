import { App, CliCredentialsStackSynthesizer, type IReusableStackSynthesizer, Tags } from 'aws-cdk-lib';
import { CellStack } from './cell/cell-stack';
import { CONTROL_PLANE, cellStackName, FOUNDATION } from './config/stack-names';
import { fullSizeCells, type Stage, type StageConfig, stages } from './config/stages';
import { asInterface } from './constructs/cdk-interface';
import { ControlPlaneStack } from './control-plane/control-plane-stack';
import { FoundationStack } from './foundation/foundation-stack';

export interface PlatformOptions {
  readonly outdir?: string;
  /** Where the cells' load balancers answer, for a deployment whose DNS names do not resolve. */
  readonly loadBalancerUrl?: string;
  /** So many cells of full size instead of those of the stage. */
  readonly cells?: number;
}

/**
 * The platform of one stage: foundation, then control plane, then cells. Cells come last because their decoys trust roles
 * of the control plane, and IAM refuses a trust policy that names a role which does not exist; and because a function of the
 * control plane gives each its live colour.
 */
export function platform(stage: Stage, { outdir, loadBalancerUrl, cells }: PlatformOptions = {}): App {
  const config: StageConfig = { ...stages[stage], ...(cells && { cells: fullSizeCells(cells) }) };
  const app = new App({
    analyticsReporting: false,
    treeMetadata: false,
    postCliContext: {
      // An export in use cannot be taken away: what a cell stands on stays until the cell is gone.
      '@aws-cdk/core:defaultCrossStackReferences': 'strong',
      // Access logs come by the bucket's policy: its owner is everyone's, so there are no ACLs to let them in.
      '@aws-cdk/aws-s3:serverAccessLogsUseBucketPolicy': true,
    },
    ...(outdir && { outdir }),
  });
  const shared = () => ({
    config,
    env: config.env,
    terminationProtection: config.deletionProtection,
    ...(config.credentials === 'cli' && {
      synthesizer: asInterface<IReusableStackSynthesizer>(new CliCredentialsStackSynthesizer()),
    }),
  });
  const { table, topic, boundary, evidence } = new FoundationStack(app, FOUNDATION, {
    ...shared(),
    description: 'Tenant onboarding: tenants table, evidence, alarm topic, boundary of the tenants’ roles',
  });
  const { trustedRoles, seedCell } = new ControlPlaneStack(app, CONTROL_PLANE, {
    ...shared(),
    description: 'Tenant onboarding: event bus, state machine, functions, alarms',
    table,
    topic,
    boundary,
    evidence,
  });
  for (const cell of config.cells) {
    new CellStack(app, cellStackName(cell.name), {
      ...shared(),
      description: `Tenant onboarding: shared compute of cell ${cell.name}`,
      cell,
      table,
      topic,
      boundary,
      trustedRoles,
      seedCell,
      ...(loadBalancerUrl && { loadBalancerUrl }),
    });
  }
  Tags.of(app).add('service', 'tenant-onboarding');
  return app;
}
