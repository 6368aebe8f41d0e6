import { SSMClient } from '@aws-sdk/client-ssm';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { tableLiveColour } from '../../functions/compute/table-live-colour';
import type { CellDescriptor } from '../../functions/contract/cell';
import type { Platform } from '../../local/platform';
import { pushVersion, type Version } from '../../local/service-versions';
import { newSignup, Signups } from '../../local/signups';
import { Visitors } from '../../local/visitors';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection } from '../../operations/stage-connection';
import { startUnscheduled } from './unscheduled-platform';

const TENANTS = ['acme', 'beta', 'gamma', 'delta'];

/** A cell with tenants in service, by default four, and what a test needs to release versions to it. */
export class ReleasedCell {
  private builds = 0;
  readonly hosts: readonly string[];

  private constructor(
    readonly platform: Platform,
    readonly client: StageClient,
    readonly cell: CellDescriptor,
    subdomains: readonly string[],
  ) {
    this.hosts = subdomains.map((subdomain) => `${subdomain}.funnels.localhost`);
  }

  static async start(subdomains: readonly string[] = TENANTS): Promise<ReleasedCell> {
    // Two processes of a function are enough to run beside each other; each of its own costs a start.
    const platform = await startUnscheduled({ patience: 0, env: { LAMBDA_WORKERS_PER_FUNCTION: '2' } });
    try {
      const stage = localConnection(platform.outputs);
      const [cell] = await ssmCells(new SSMClient(platform.aws)).cells();
      if (!cell) throw new Error('the platform has no cell');
      const signups = new Signups(stage);
      await Promise.all(
        subdomains.map((subdomain) => {
          const plan = subdomain === 'beta' ? 'growth' : 'enterprise';
          return signups.onboardWell(newSignup({ companyName: subdomain, subdomain, plan }));
        }),
      );
      return new ReleasedCell(platform, new StageClient(stage), cell, subdomains);
    } catch (failure) {
      await platform.stop();
      throw failure;
    }
  }

  stop(): Promise<void> {
    return this.platform.stop();
  }

  live() {
    return tableLiveColour(this.client.table).live(this.cell);
  }

  visitors(pauseMs: number): Visitors {
    return new Visitors(this.platform.outputs.loadBalancerUrl, this.hosts, pauseMs);
  }

  /** @returns the digest of a new image of this version, and a name for its release */
  async push(version: Version) {
    const releaseId = `r${++this.builds}`;
    return { digest: await pushVersion(this.platform, version, releaseId), releaseId };
  }

  async begin(version: Version) {
    const { digest, releaseId } = await this.push(version);
    return await this.beginImage(digest, releaseId);
  }

  async beginImage(digest: string, releaseId: string) {
    const request = { cell: this.cell.name, digest, releaseId };
    const stateMachineArn = this.platform.outputs.releaseMachineArn;
    return { digest, releaseId, executionArn: await this.client.start(request, { stateMachineArn }) };
  }

  /** A release under the load of visitors of every tenant, who make a pause of so many milliseconds. */
  async release(version: Version, pauseMs = 20) {
    const visitors = this.visitors(pauseMs);
    const begun = await this.begin(version);
    const run = await this.client.follow(begun.executionArn);
    const visits = await visitors.stop();
    return { ...begun, run, visits };
  }
}
