import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, CfnResource, Stack } from 'aws-cdk-lib';
import * as z from 'zod';
import { STAGES } from '../../infra/config/stages';
import { platform } from '../../infra/platform';
import { TENANT_STACKS, tenantApp } from '../../infra/tenant/synthesize';
import { ensureBundles } from '../support/stage-synthesis';

const ReportSchema = z.object({
  pluginReports: z.array(z.object({ pluginName: z.string(), violations: z.array(z.object({ ruleName: z.string() })) })),
});

/** What CloudFormation's own rules object to in an app. A synthesis by itself only warns of it. */
function violationsOf(appIn: (outdir: string) => App): string[] {
  const outdir = mkdtempSync(join(tmpdir(), 'validated-'));
  try {
    appIn(outdir).synth();
    const report = ReportSchema.parse(JSON.parse(readFileSync(join(outdir, 'validation-report.json'), 'utf8')));
    expect(report.pluginReports.map(({ pluginName }) => pluginName)).toContain('CloudFormation Validate');
    return report.pluginReports.flatMap(({ violations }) => violations.map(({ ruleName }) => ruleName));
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

// The rules take seconds to load: the other tests go without (jest.config.js).
const usual = process.env.CDK_VALIDATION;
beforeAll(() => {
  ensureBundles();
  process.env.CDK_VALIDATION = 'true';
});
afterAll(() => {
  process.env.CDK_VALIDATION = usual;
});

test.each(STAGES)('the templates of stage %s satisfy CloudFormation’s rules', (stage) => {
  expect(violationsOf((outdir) => platform(stage, { outdir }))).toEqual([]);
});

test('the templates of a tenant’s stacks satisfy CloudFormation’s rules', () => {
  const tenant = (outdir: string) => {
    const app = tenantApp(outdir);
    for (const stack of Object.values(TENANT_STACKS)) stack(app);
    return app;
  };
  expect(violationsOf(tenant)).toEqual([]);
});

test('the validation finds a property that does not exist', () => {
  const careless = (outdir: string) => {
    const app = tenantApp(outdir);
    new CfnResource(new Stack(app, 'Careless'), 'Queue', { type: 'AWS::SQS::Queue', properties: { Colour: 'blue' } });
    return app;
  };
  expect(violationsOf(careless).length).toBeGreaterThan(0);
});
