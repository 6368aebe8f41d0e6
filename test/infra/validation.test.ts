import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, CfnResource, Stack } from 'aws-cdk-lib';
import { STAGES } from '../../infra/config/stages';
import { TENANT_STACKS, tenantApp } from '../../infra/tenant/synthesize';
import { stageSynthesis } from '../support/stage-templates';
import { violationsIn } from '../support/validated';

function violationsOf(appIn: (outdir: string) => App): string[] {
  const outdir = mkdtempSync(join(tmpdir(), 'validated-'));
  try {
    appIn(outdir).synth();
    return violationsIn(outdir);
  } finally {
    rmSync(outdir, { recursive: true });
  }
}

// The rules take seconds to load: the other tests go without (jest.config.js).
const usual = process.env.CDK_VALIDATION;
beforeAll(() => {
  process.env.CDK_VALIDATION = 'true';
});
afterAll(() => {
  process.env.CDK_VALIDATION = usual;
});

test.each(STAGES)('the templates of stage %s satisfy CloudFormation’s rules', (stage) => {
  expect(stageSynthesis(stage).violations).toEqual([]);
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
