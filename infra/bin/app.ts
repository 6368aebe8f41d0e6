import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { requireFilledIn } from '../config/placeholders';
import { STAGES, stages } from '../config/stages';
import { platform } from '../platform';

/**
 * The app for the CDK command line: `npx cdk diff --app "npx tsx infra/bin/app.ts" -c stage=dev`.
 *
 * Context values: `stage` chooses the stage. `loadBalancerUrl` is the address of its load
 * balancers when their DNS names do not resolve. `urlPort` is the port in tenants' URLs. `cells`
 * is a number of cells of full size, which replace the stage's own.
 */
const ContextSchema = z.object({
  stage: z.enum(STAGES),
  loadBalancerUrl: z.url().optional(),
  urlPort: z.coerce.number().int().min(1).max(65_535).optional(),
  cells: z.coerce.number().int().min(1).optional(),
});

const { node } = new App({ autoSynth: false });
const context = ContextSchema.safeParse({
  stage: node.tryGetContext('stage'),
  loadBalancerUrl: node.tryGetContext('loadBalancerUrl'),
  urlPort: node.tryGetContext('urlPort'),
  cells: node.tryGetContext('cells'),
});
if (!context.success) throw new Error(`expected -c stage=${STAGES.join('|')}\n${z.prettifyError(context.error)}`);
const { stage, ...options } = context.data;
requireFilledIn(stage, stages[stage]);
const given = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined));
platform(stage, given).synth();
