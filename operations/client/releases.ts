import { SSMClient } from '@aws-sdk/client-ssm';
import type * as z from 'zod';
import { cellNamed } from '../../functions/compute/compute';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { readLiveColour } from '../../functions/compute/table-live-colour';
import { StartInCellAnswer, SteerReleaseAnswer } from '../../functions/contract/act';
import type { CellDescriptor, Colour } from '../../functions/contract/cell';
import type { LiveColour, ReleaseClaim } from '../../functions/contract/records';
import { RetryMoveOutput } from '../../functions/contract/release';
import { readClaim } from '../../functions/delivery/release-store';
import { tenantsOf } from '../../functions/delivery/tenants-of-cell';
import { describe, isOverForGood, isUnderWay } from '../../functions/shared/described-execution';
import { settled } from '../../functions/shared/settled';
import { perform } from './perform';
import { because, NotFound, type StageClient } from './stage-client';

export type Intent = ReleaseClaim['intent'];
export type RetriedMove = z.output<typeof RetryMoveOutput>;
export type StartedRelease = z.output<typeof StartInCellAnswer>;
export type Steering = z.output<typeof SteerReleaseAnswer>;

/** AWS redrives the execution, or no longer does. */
type Stopped = 'redrivable' | 'for-good';

/** The colour to which a release has moved a tenant, and when. */
export interface MovedTenant {
  readonly host: string;
  readonly colour: Colour;
  readonly at: string;
  readonly release: string;
  /** Whether this placement is in force: its release is under way. */
  readonly counts: boolean;
}

export interface CellRelease {
  readonly cell: string;
  readonly live: LiveColour | undefined;
  /** The release under way, or else the last one. */
  readonly claim: ReleaseClaim | undefined;
  /** The release has its cell, and its execution was stopped. */
  readonly stopped?: Stopped | undefined;
}

export interface CellReleases extends CellRelease {
  readonly tenants: readonly MovedTenant[];
}

/** Whether a release has its cell and nobody works on it. Its claim stays open for a redrive. */
async function stoppedNow({ sfn }: StageClient, { endedAt, executionArn }: ReleaseClaim): Promise<Stopped | undefined> {
  if (endedAt) return undefined;
  const execution = await describe(sfn, executionArn);
  if (isOverForGood(execution)) return 'for-good';
  return execution && isUnderWay(execution) ? undefined : 'redrivable';
}

export interface ReleaseOrder {
  readonly digest: string;
  readonly releaseId?: string | undefined;
  /** Whether the version may be slower than the live one. */
  readonly slower?: boolean | undefined;
  readonly reason?: string | undefined;
}

/** Operators' actions on releases. It returns data and prints nothing. */
export class Releases {
  private readonly cells: ReturnType<typeof ssmCells>;

  constructor(private readonly client: StageClient) {
    this.cells = ssmCells(new SSMClient(client.stage.aws));
  }

  /** The cell with this name, or all cells of the stage. */
  async cellsCalled(name?: string): Promise<readonly CellDescriptor[]> {
    if (name === undefined) return await this.cells.cells();
    const { cells, damaged } = await this.cells.readableCells();
    if (damaged.has(name) || cells.some((cell) => cell.name === name)) return [cellNamed({ cells, damaged }, name)];
    throw new NotFound(`there is no cell ${name}; the stage has ${cells.map((cell) => cell.name).join(', ')}`);
  }

  /** @throws ActNotDone when the release was refused, for example for a malformed digest */
  async start({ name }: CellDescriptor, { digest, releaseId, slower, reason }: ReleaseOrder): Promise<StartedRelease> {
    const named = { ...(releaseId && { releaseId }), ...(slower && { slower }) };
    const act = { kind: 'release', cell: name, digest, ...named, ...because(reason) } as const;
    return await perform(this.client.operator, act, StartInCellAnswer);
  }

  /** Moves one tenant again, to the colour where it belongs. `tenant` is any of its names. */
  async retry(tenant: string, reason?: string): Promise<RetriedMove> {
    const act = { kind: 'retry-move', tenant: await this.client.knownName(tenant), ...because(reason) } as const;
    return await perform(this.client.operator, act, RetryMoveOutput);
  }

  /** The live colour of a cell, and its release. */
  async release(cell: string): Promise<CellRelease> {
    const { table } = this.client;
    const [live, claim] = await settled([readLiveColour(table, cell), readClaim(table, cell)]);
    const stopped = claim && (await stoppedNow(this.client, claim));
    if (!stopped) return { cell, live, claim };
    // The release may have ended between the two looks: it ends its claim before its execution.
    const now = await readClaim(table, cell);
    const isSame = now?.executionArn === claim.executionArn && !now.endedAt;
    return isSame ? { cell, live, claim, stopped } : await this.release(cell);
  }

  async status(cell: CellDescriptor): Promise<CellReleases> {
    const tenants = await tenantsOf(this.client.table, cell, ['ACTIVE', 'SUSPENDED']);
    const release = await this.release(cell.name);
    const moved = tenants.flatMap(({ host, placement }) =>
      placement ? [{ host, ...placement, counts: placement.release === release.live?.releasing }] : [],
    );
    return { ...release, tenants: moved };
  }

  /**
   * Holds a release, lets it continue, or returns its tenants. When no release is under way, `back`
   * starts a release of the previous image.
   */
  async steer({ name }: CellDescriptor, intent: Intent, reason?: string): Promise<Steering> {
    const act = { kind: 'steer-release', cell: name, intent, ...because(reason) } as const;
    return await perform(this.client.operator, act, SteerReleaseAnswer);
  }
}
