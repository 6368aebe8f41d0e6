import { RedriveExecutionCommand, SendTaskFailureCommand, SendTaskSuccessCommand } from '@aws-sdk/client-sfn';
import { SSMClient } from '@aws-sdk/client-ssm';
import { describe, isUnderWay } from '../../functions/acts/executions';
import { ssmCells } from '../../functions/compute/ssm-cells';
import { readLiveColour } from '../../functions/compute/table-live-colour';
import type { CellDescriptor, Colour } from '../../functions/contract/cell';
import type { PlatformErrorName } from '../../functions/contract/errors';
import type { LiveColour, ReleaseClaim } from '../../functions/contract/records';
import { type ReleaseRequest, ReleaseRequestSchema } from '../../functions/contract/release';
import { note, readClaim } from '../../functions/delivery/release-store';
import { tenantsOf } from '../../functions/delivery/tenants-of-cell';
import { isNamed } from '../../functions/shared/is-named';
import { parseAt } from '../../functions/shared/parse-at';
import { settled } from '../../functions/shared/settled';
import { isTaskGone } from '../../functions/stacks/settle-stack';
import type { StageClient } from './stage-client';

export type Intent = ReleaseClaim['intent'];

/** The colour to which a release has moved a tenant, and when. */
export interface MovedTenant {
  readonly host: string;
  readonly colour: Colour;
  readonly at: string;
  readonly release: string;
  /** Whether this placement is in force: its release is under way. */
  readonly counts: boolean;
}

export interface CellReleases {
  readonly cell: string;
  readonly live: LiveColour | undefined;
  /** The release under way, or else the last one. */
  readonly claim: ReleaseClaim | undefined;
  readonly tenants: readonly MovedTenant[];
}

export type Steering =
  | { readonly how: 'steered'; readonly releaseId: string; readonly executionArn: string }
  | { readonly how: 'started'; readonly request: ReleaseRequest; readonly executionArn: string }
  | { readonly how: 'nothing'; readonly because: string };

const RECALLED: PlatformErrorName = 'ReleaseRecalled';

/** The id of an image's release: two starts of one image are one release. */
const idOf = (digest: string) => `r-${digest.slice('sha256:'.length, 'sha256:'.length + 12)}`;

/** Operators' actions on releases. It returns data and prints nothing. */
export class Releases {
  private readonly cells: ReturnType<typeof ssmCells>;

  constructor(private readonly client: StageClient) {
    this.cells = ssmCells(new SSMClient(client.stage.aws));
  }

  /** The cell with this name, or all cells of the stage. */
  async cellsCalled(name?: string): Promise<readonly CellDescriptor[]> {
    const cells = await this.cells.cells();
    const found = name === undefined ? cells : cells.filter((cell) => cell.name === name);
    if (found.length > 0) return found;
    throw new Error(`there is no cell ${name}; the stage has ${cells.map((cell) => cell.name).join(', ')}`);
  }

  /** @throws PlatformError `InvalidRequest` for a malformed digest or id */
  async start({ name }: CellDescriptor, digest: string, releaseId = idOf(digest)): Promise<string> {
    const request = parseAt('release', ReleaseRequestSchema, { cell: name, digest, releaseId });
    return await this.client.start(request, { stateMachineArn: this.client.stage.releaseMachineArn });
  }

  async status(cell: CellDescriptor): Promise<CellReleases> {
    const { table } = this.client;
    const [live, claim, tenants] = await settled([
      readLiveColour(table, cell.name),
      readClaim(table, cell.name),
      tenantsOf(table, cell, ['ACTIVE', 'SUSPENDED']),
    ]);
    const moved = tenants.flatMap(({ host, placement }) =>
      placement ? [{ host, ...placement, counts: placement.release === live?.releasing }] : [],
    );
    return { cell: cell.name, live, claim, tenants: moved };
  }

  /**
   * Holds a release, lets it continue, or returns its tenants. A stopped release is redriven, so
   * that it can return its tenants. When no release is under way, `back` starts a release of the
   * previous image.
   */
  async steer(cell: CellDescriptor, intent: Intent): Promise<Steering> {
    const claim = await readClaim(this.client.table, cell.name);
    if (!claim || claim.endedAt) return await this.withoutRelease(cell, intent);
    const { releaseId, executionArn, waiting } = claim;
    if (!(await this.intend(cell, executionArn, intent)))
      return { how: 'nothing', because: `release ${releaseId} has just ended` };
    if (waiting?.for === 'bake' && intent !== 'hold') await this.answer(waiting.taskToken, intent, releaseId);
    const execution = await describe(this.client.sfn, executionArn);
    if (intent === 'back' && execution && !isUnderWay(execution))
      await this.client.sfn.send(new RedriveExecutionCommand({ executionArn }));
    return { how: 'steered', releaseId, executionArn };
  }

  private async withoutRelease(cell: CellDescriptor, intent: Intent): Promise<Steering> {
    if (intent !== 'back') return { how: 'nothing', because: `no release is under way in cell ${cell.name}` };
    const live = await readLiveColour(this.client.table, cell.name);
    const digest = live?.formerDigest;
    if (!digest)
      return { how: 'nothing', because: `no release has brought the version that cell ${cell.name} had before` };
    // The id must differ from that of the release that brought the image first.
    const request = {
      cell: cell.name,
      digest,
      releaseId: `${idOf(digest)}-after-${live.releaseId ?? 'none'}`.slice(0, 64),
    };
    const executionArn = await this.start(cell, digest, request.releaseId);
    return { how: 'started', request, executionArn };
  }

  /** @returns false when the release has ended meanwhile */
  private async intend({ name }: CellDescriptor, executionArn: string, intent: Intent): Promise<boolean> {
    try {
      await note(this.client.table, name, executionArn, { intent });
      return true;
    } catch (thrown) {
      if (isNamed(thrown, 'ClaimLost')) return false;
      throw thrown;
    }
  }

  /** Ends the waiting time of a ring at once. It may have ended a moment before. */
  private async answer(taskToken: string, intent: Intent, releaseId: string): Promise<void> {
    const cause = `an operator has taken release ${releaseId} back`;
    const { sfn } = this.client;
    try {
      if (intent === 'back') await sfn.send(new SendTaskFailureCommand({ taskToken, error: RECALLED, cause }));
      else await sfn.send(new SendTaskSuccessCommand({ taskToken, output: '{}' }));
    } catch (thrown) {
      if (!isTaskGone(thrown)) throw thrown;
    }
  }
}
