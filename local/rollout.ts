import { SSMClient } from '@aws-sdk/client-ssm';
import pc from 'picocolors';
import { ssmCells } from '../functions/compute/ssm-cells';
import { taskStatesOf, workflowNamed } from '../functions/contract/workflows';
import { readClaim } from '../functions/delivery/release-store';
import type { Ended } from '../operations/client/executions';
import { Releases } from '../operations/client/releases';
import { StageClient } from '../operations/client/stage-client';
import { ringText } from '../operations/release-text';
import type { StageConnection } from '../operations/stage-connection';
import type { Platform } from './platform';
import { pushVersion, type Version } from './service-versions';
import { Visitors, type Visits } from './visitors';

export interface RolloutOptions {
  readonly say: (text: string) => void;
  readonly signal: AbortSignal;
}

interface Rolled {
  readonly version: Version;
  readonly digest: string;
  readonly run: Ended;
  readonly visits: Visits;
}

const EVERY_MS = 25;
const TASKS = taskStatesOf(workflowNamed('TenantRelease'));

/**
 * Releases one version to the tenants of the first cell, while visitors request every tenant's
 * page.
 */
async function roll(
  platform: Platform,
  stage: StageConnection,
  hosts: readonly string[],
  version: Version,
  { say, signal }: RolloutOptions,
): Promise<Rolled> {
  const client = new StageClient(stage);
  const [cell] = await ssmCells(new SSMClient(stage.aws)).cells();
  if (!cell) throw new Error('the stage has no cell');
  const digest = await pushVersion(platform, version, `demo-${version.replaceAll(' ', '-')}`);
  const visitors = new Visitors(platform.outputs.loadBalancerUrl, hosts, EVERY_MS);
  let told = 0;
  const { executionArn } = await new Releases(client).start(cell, { digest });
  const run = await client.follow(executionArn, {
    signal,
    onProgress: (visits) => {
      const done = visits.filter(({ state, leftAt }) => leftAt && state in TASKS);
      for (const { state, leftAt, enteredAt } of done.slice(told)) {
        const seconds = (((leftAt?.getTime() ?? 0) - enteredAt.getTime()) / 1000).toFixed(1);
        say(`  ${state} done, ${seconds} s`);
        told++;
      }
    },
  });
  const visits = await visitors.stop();
  const claim = await readClaim(client.table, cell.name);
  for (const ring of claim?.rings ?? []) say(`  ${ringText(ring)}, moved at ${ring.at}`);
  const outcome = run.failure ? pc.yellow(`returned: ${run.failure.reason}`) : pc.green('completed');
  say(`  ${outcome}`);
  say(`  ${visits.requests} requests of visitors meanwhile, ${visits.failed} failed`);
  return { version, digest, run, visits };
}

const seen = ({ digest, visits }: Rolled) => [...visits.answers.keys()].some((kind) => kind.includes(digest));

/** @returns one sentence for each way in which the releases did not go as expected */
function disappointmentsOf(good: Rolled, broken: Rolled): string[] {
  const failed = [good, broken].filter(({ visits }) => visits.failed > 0);
  return [
    ...(good.run.status === 'SUCCEEDED' ? [] : [`the release ended ${good.run.status}: ${good.run.failure?.reason}`]),
    ...(seen(good) ? [] : ['no visitor saw the new version']),
    ...(broken.run.failure?.error === 'ReleaseUnhealthy' ? [] : [`the broken release ended ${broken.run.status}`]),
    ...(seen(broken) ? ['a visitor saw the broken version'] : []),
    ...failed.map(({ version, visits }) => `${visits.failed} requests failed during the release of "${version}"`),
  ];
}

/**
 * Releases a new version of the shared service ring by ring while visitors load every tenant's
 * page. Then it releases a version that breaks the pages of one plan, which is returned
 * automatically.
 */
export async function playReleases(
  platform: Platform,
  stage: StageConnection,
  hosts: readonly string[],
  options: RolloutOptions,
): Promise<string[]> {
  const good = await roll(platform, stage, hosts, 'good', options);
  options.say('\nA second version breaks the pages of one plan only.');
  const broken = await roll(platform, stage, hosts, 'growth pages fail', options);
  return disappointmentsOf(good, broken);
}
