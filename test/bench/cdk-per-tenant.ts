import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CreateKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetParametersByPathCommand, SSMClient } from '@aws-sdk/client-ssm';
import { type CellDescriptor, CellDescriptorSchema } from '../../functions/contract/cell';
import { CELLS_PARAMETER_PATH, externalIdOf, TENANT_TAG, tenantIdOf } from '../../functions/contract/naming';
import type { StackKind } from '../../functions/contract/stacks';
import { slotAt } from '../../functions/reservation/slots';
import { synthesizeTenantTemplates } from '../../infra/tenant/synthesize';
import type { Platform } from '../../local/platform';
import { type Figure, median } from '../support/figures';
import { type CdkTenant, TENANT_VARIABLE } from './cdk-per-tenant-app';
import { deployedFunctions } from './deployed-functions';
import type { Onboardings } from './onboardings';

const run = promisify(execFile);
const BIN = join(__dirname, '../../node_modules/.bin');
const PAIRS = 2;
/** Slots from here on are beyond the capacity of a cell, and nobody's. */
const FAR_SLOT = 200;

/** The stock CDK command line, with everything switched off that would only make it slower. */
async function cdkDeploy(tenant: CdkTenant, platform: Platform, outputDir: string): Promise<number> {
  const app = `${join(BIN, 'tsx')} ${join(__dirname, 'cdk-per-tenant-app.ts')}`;
  const flags = ['--require-approval', 'never', '--method', 'direct', '--concurrency', '4', '--asset-parallelism'];
  const began = performance.now();
  await run(join(BIN, 'cdk'), ['deploy', '--all', '--app', app, '--output', outputDir, ...flags, '--no-notices'], {
    cwd: outputDir,
    maxBuffer: 64 * 1024 * 1024,
    env: {
      ...process.env,
      ...platform.emulator.environment(),
      PATH: [BIN, process.env.PATH].join(delimiter),
      NO_COLOR: '1',
      [TENANT_VARIABLE]: JSON.stringify(tenant),
    },
  });
  return (performance.now() - began) / 1000;
}

async function firstCell({ aws }: Platform): Promise<CellDescriptor> {
  const { Parameters } = await new SSMClient(aws).send(new GetParametersByPathCommand({ Path: CELLS_PARAMETER_PATH }));
  return CellDescriptorSchema.parse(JSON.parse(Parameters?.[0]?.Value ?? ''));
}

/** A tenant with all that its stacks need from outside: a seat in the cell, and a key. */
async function tenantOnCdk(platform: Platform, templates: CdkTenant['templates'], index: number): Promise<CdkTenant> {
  const { aws, emulator } = platform;
  const cell = await firstCell(platform);
  const launcher = (await deployedFunctions(platform)).find(({ name }) => name === 'LaunchStack');
  if (!launcher) throw new Error('LaunchStack is not deployed');
  const signupId = `cdk_${index}`;
  const tenantId = tenantIdOf(signupId);
  const { KeyMetadata } = await new KMSClient(aws).send(
    new CreateKeyCommand({ Tags: [{ TagKey: TENANT_TAG, TagValue: tenantId }] }),
  );
  const host = `cdk-${index}.${platform.outputs.domain}`;
  const {
    TENANT_BOUNDARY_ARN = '',
    ALARM_TOPIC_ARN = '',
    RUNBOOK_URL = '',
    TRUSTED_ROLE_ARNS = '',
  } = launcher.environment;
  return {
    templates,
    launch: {
      executionArn: 'none',
      tenant: {
        tenantId,
        signupId,
        subdomain: `cdk-${index}`,
        host,
        url: `http://${host}`,
        plan: 'enterprise',
        externalId: externalIdOf(tenantId),
        slot: slotAt(cell, FAR_SLOT + index),
      },
      cell,
      key: { keyArn: KeyMetadata?.Arn ?? '', aliasName: 'none' },
    },
    platform: {
      accountId: emulator.accountId,
      region: emulator.region,
      boundaryArn: TENANT_BOUNDARY_ARN,
      alarmTopicArn: ALARM_TOPIC_ARN,
      runbookUrl: RUNBOOK_URL,
      trustedRoleArns: TRUSTED_ROLE_ARNS.split(','),
      availabilityZones: [],
    },
  };
}

/**
 * One onboarding, from the signup's event to an ACTIVE tenant, against `cdk deploy` of the same four stacks from an app of
 * the tenant's own: synthesis and deployment, and nothing of what else an onboarding does.
 */
export async function cdkFigures(platform: Platform, onboardings: Onboardings): Promise<Figure[]> {
  const directory = mkdtempSync(join(tmpdir(), 'bench-cdk-'));
  try {
    const written = synthesizeTenantTemplates(directory);
    const file = (kind: StackKind) => written[kind].file;
    const templates = {
      network: file('network'),
      database: file('database'),
      storage: file('storage'),
      access: file('access'),
    };
    const deployments: number[] = [];
    const ours: number[] = [];
    for (let pair = 0; pair < PAIRS; pair++) {
      const outputDir = join(directory, `cdk.out-${pair}`);
      mkdirSync(outputDir);
      deployments.push(await cdkDeploy(await tenantOnCdk(platform, templates, pair), platform, outputDir));
      ours.push(await onboardings.byEvent());
    }
    const [cdk, onboarding] = [median(deployments), median(ours)];
    return [
      {
        name: 'one onboarding against cdk deploy per tenant',
        value: cdk / onboarding,
        unit: 'times faster',
        limit: { atLeast: 5 },
        note: `cdk ${cdk.toFixed(1)} s, onboarding ${onboarding.toFixed(2)} s, medians of ${PAIRS} pairs`,
      },
    ];
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
