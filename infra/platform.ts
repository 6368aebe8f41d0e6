import { App, CliCredentialsStackSynthesizer, type IReusableStackSynthesizer, Tags } from 'aws-cdk-lib';
import { CellStack } from './cell/cell-stack';
import { requireCopyTime } from './config/copy-time';
import { requireReachableCells } from './config/reachable-cells';
import { requireSoundCells } from './config/sound-cells';
import { CONTROL_PLANE, cellStackName, DELIVERY, FOUNDATION } from './config/stack-names';
import { fullSizeCells, type Stage, type StageConfig, stages } from './config/stages';
import { requireWayOut } from './config/way-out';
import { asInterface } from './constructs/cdk-interface';
import { ControlPlaneStack } from './control-plane/control-plane-stack';
import { DeliveryStack } from './delivery/delivery-stack';
import { FoundationStack } from './foundation/foundation-stack';

export interface PlatformOptions {
  readonly outdir?: string;
  /** Where the cells' load balancers answer, for a deployment whose DNS names do not resolve. */
  readonly loadBalancerUrl?: string;
  /** Port in tenants' URLs, for a deployment with a proxy before its load balancers. */
  readonly urlPort?: number;
  /** Number of full-size cells that replace the stage's own cells. */
  readonly cells?: number;
}

/**
 * The stacks of one stage: foundation, then control plane, then cells. Cells come last for two
 * reasons. Their decoys trust roles of the control plane, and IAM refuses a trust policy that names
 * a role that does not exist. And SeedCell, a function of the control plane, sets their live
 * colour.
 */
export function platform(stage: Stage, options: PlatformOptions = {}): App {
  const { outdir, loadBalancerUrl, urlPort, cells } = options;
  const config: StageConfig = {
    ...stages[stage],
    ...(cells && { cells: fullSizeCells(cells) }),
    ...(urlPort && { urlPort }),
  };
  requireSoundCells(config);
  requireReachableCells(config);
  requireWayOut(config);
  requireCopyTime(config);
  const app = new App({
    analyticsReporting: false,
    treeMetadata: false,
    postCliContext: {
      // CloudFormation refuses to remove an export in use, so the resources that a cell imports
      // stay until the cell is gone.
      '@aws-cdk/core:defaultCrossStackReferences': 'strong',
      // The bucket's policy admits access logs: with enforced bucket ownership there are no ACLs.
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
  const { table, acts, topic, boundary, evidence, names } = new FoundationStack(app, FOUNDATION, {
    ...shared(),
    description: 'Tenant onboarding: tenants table, evidence, alarm topic, permission boundary of tenant roles',
  });
  const controlPlane = new ControlPlaneStack(app, CONTROL_PLANE, {
    ...shared(),
    description: 'Tenant onboarding: event bus, state machines, functions, alarms',
    table,
    acts,
    topic,
    boundary,
    evidence,
    names,
  });
  for (const cell of config.cells) {
    new CellStack(app, cellStackName(cell.name), {
      ...shared(),
      description: `Tenant onboarding: shared compute of cell ${cell.name}`,
      cell,
      table,
      topic,
      boundary,
      trustedRoles: controlPlane.trustedRoles,
      seedCell: controlPlane.seedCell,
      seedTasks: controlPlane.seedTasks,
      seedRingZero: controlPlane.seedRingZero,
      seedRingZeroRole: controlPlane.seedRingZeroRole,
      ...(loadBalancerUrl && { loadBalancerUrl }),
    });
  }
  new DeliveryStack(app, DELIVERY, {
    ...shared(),
    description: 'Tenant onboarding: the pipeline that starts releases of the shared service',
    topic,
  });
  Tags.of(app).add('service', 'tenant-onboarding');
  return app;
}
