import { App } from 'aws-cdk-lib';
import * as z from 'zod';
import { STAGES } from '../config/stages';
import { platform } from '../platform';

/** For the CDK command line: `npx cdk diff --app "npx tsx infra/bin/app.ts" -c stage=dev`. */
const stage = z.enum(STAGES, `expected -c stage=${STAGES.join('|')}`).parse(new App().node.tryGetContext('stage'));
platform(stage, process.env.CDK_OUTDIR).synth();
