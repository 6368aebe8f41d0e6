import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Stage } from '../../infra/config/stages';
import { platform } from '../../infra/platform';
import { acknowledgedFor, nagFindings, violationsIn } from './validated';

/** What one synthesis of a stage says: a second one would take seconds. */
export interface StageSynthesis {
  /** By the stacks' names. */
  readonly templates: Readonly<Record<string, object>>;
  /** CloudFormation's own rules that a template breaks. */
  readonly violations: readonly string[];
  /** Rules of cdk-nag, with the resources that break them. */
  readonly nagFindings: readonly (readonly [rule: string, resources: unknown])[];
  /** Reasons with which resources break rules. */
  readonly acknowledged: readonly string[];
}

/** Needs the bundles, and CDK_VALIDATION=true. */
export function synthesizeStage(stage: Stage): StageSynthesis {
  const outdir = mkdtempSync(join(tmpdir(), `platform-${stage}-`));
  try {
    const app = platform(stage, { outdir });
    const { stacks } = app.synth();
    return {
      templates: Object.fromEntries(stacks.map(({ stackName, template }) => [stackName, template])),
      violations: violationsIn(outdir),
      nagFindings: nagFindings(app),
      acknowledged: acknowledgedFor(app),
    };
  } finally {
    rmSync(outdir, { recursive: true });
  }
}
