import { DescribeExecutionCommand, ListExecutionsCommand } from '@aws-sdk/client-sfn';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import { LRUCache } from 'lru-cache';
import { ConcludeAuditOutput } from '../../functions/contract/audit';
import { PlanSchema } from '../../functions/contract/plans';
import { once } from '../../functions/shared/once';
import { settled } from '../../functions/shared/settled';
import { Releases as ReleasesClient } from '../client/releases';
import type { StageClient } from '../client/stage-client';
import type { Audits, Cells, Queues, Releases, Stage } from './api/stage';
import { executionPage, stageLinks } from './links';
import { BY_ATTENTION } from './tenant-order';

/** Number of audits that are listed; there is one a day. */
const AUDITS = 20;

const ABOUT_QUEUES: Readonly<Record<string, string>> = {
  undeliveredSignups:
    'Signups that started no onboarding. "Replay signups", or `ops replay`, starts them (runbook: "Signup undelivered").',
  unmatchedEvents: 'Events that match no rule, such as a misspelled signup (runbook: "Event unmatched").',
  breakGlassUses: 'Uses of the break-glass role, to be looked through (runbook: "Break glass used").',
  undeliveredStackEvents: 'Ends of stacks that no function has heard (runbook: "Stack event undelivered").',
  undeliveredRunEvents: 'Ends of runs that no function has heard (runbook: "Run ended outside its failure path").',
};

/** What the console tells about the stage as a whole. */
export class StageAnswers {
  /** Counts of audits that have ended: they do not change any more. */
  private readonly counts = new LRUCache<string, Record<string, number>>({ max: 100 });
  private readonly releasesOfCells: ReleasesClient;
  /** Cells come with a deployment: a console that is started afterwards sees them. */
  private readonly cellNames: () => Promise<readonly string[]>;
  private readonly identity: () => Promise<{
    readonly Arn?: string | undefined;
    readonly Account?: string | undefined;
  }>;

  constructor(
    private readonly client: StageClient,
    private readonly name: string,
  ) {
    this.releasesOfCells = new ReleasesClient(client);
    this.cellNames = once(async () => (await this.releasesOfCells.cellsCalled()).map((cell) => cell.name));
    this.identity = once(() => new STSClient(client.stage.aws).send(new GetCallerIdentityCommand({})));
  }

  async stage(): Promise<Stage> {
    const { stage } = this.client;
    const { Arn = 'unknown', Account = 'unknown' } = await this.identity();
    return {
      stage: this.name,
      region: stage.aws.region,
      account: Account,
      caller: Arn,
      domain: stage.domain,
      tenantUrl: stage.tenantUrl ?? `https://SUBDOMAIN.${stage.domain}`,
      plans: PlanSchema.options,
      statuses: [...BY_ATTENTION],
      links: stageLinks(stage),
    };
  }

  async cells(): Promise<Cells> {
    return { cells: await this.client.cells() };
  }

  async releases(): Promise<Releases> {
    const releases = await settled(
      (await this.cellNames()).map(async (cell) => {
        const { claim, ...release } = await this.releasesOfCells.release(cell);
        if (!claim) return release;
        // The task token of a waiting run would let its bearer answer for AWS.
        const { waiting: _, ...shown } = claim;
        return { ...release, claim: shown };
      }),
    );
    return { releases };
  }

  async audits(): Promise<Audits> {
    const { auditMachineArn: stateMachineArn } = this.client.stage;
    const listing = new ListExecutionsCommand({ stateMachineArn, maxResults: AUDITS });
    const { executions = [] } = await this.client.sfn.send(listing);
    const audits = await settled(
      executions.map(async ({ executionArn = '', name = '', status = '', startDate, stopDate }) => {
        const link = executionPage(this.client.stage, executionArn);
        const counts = status === 'SUCCEEDED' ? await this.countsOf(executionArn) : undefined;
        return {
          ...{ executionArn, name, status, startedAt: (startDate ?? new Date(0)).toISOString() },
          ...(stopDate && { endedAt: stopDate.toISOString() }),
          ...(counts && { counts }),
          ...(link && { link }),
        };
      }),
    );
    return { audits };
  }

  async queues(): Promise<Queues> {
    const queues = await this.client.queues();
    return { queues: queues.map((depth) => ({ ...depth, says: ABOUT_QUEUES[depth.queue] ?? '' })) };
  }

  private async countsOf(executionArn: string): Promise<Record<string, number> | undefined> {
    const known = this.counts.get(executionArn);
    if (known) return known;
    const { output = 'null' } = await this.client.sfn.send(new DescribeExecutionCommand({ executionArn }));
    const counts = ConcludeAuditOutput.safeParse(JSON.parse(output)).data;
    if (counts) this.counts.set(executionArn, counts);
    return counts;
  }
}
