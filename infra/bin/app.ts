import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { STAGES } from '../config/stages';
import { platform } from '../platform';

/** For the CDK command line: `npx cdk diff --app "npx tsx infra/bin/app.ts" -c stage=dev`. */
const stage = z.enum(STAGES).safeParse(new App({ autoSynth: false }).node.tryGetContext('stage'));
if (!stage.success) throw new Error(`expected -c stage=${STAGES.join('|')}`);
platform(stage.data).synth();
