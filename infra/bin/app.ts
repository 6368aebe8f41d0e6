import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { STAGES } from '../config/stages';
import { platform } from '../platform';

/**
 * For the CDK command line: `npx cdk diff --app "npx tsx infra/bin/app.ts" -c stage=dev`.
 *
 * Of the context, `stage` chooses the stage, and `loadBalancerUrl` says where its load balancers answer when their DNS
 * names do not.
 */
const ContextSchema = z.object({ stage: z.enum(STAGES), loadBalancerUrl: z.url().optional() });

const { node } = new App({ autoSynth: false });
const context = ContextSchema.safeParse({
  stage: node.tryGetContext('stage'),
  loadBalancerUrl: node.tryGetContext('loadBalancerUrl'),
});
if (!context.success) throw new Error(`expected -c stage=${STAGES.join('|')}\n${z.prettifyError(context.error)}`);
const { stage, loadBalancerUrl } = context.data;
platform(stage, loadBalancerUrl ? { loadBalancerUrl } : {}).synth();
