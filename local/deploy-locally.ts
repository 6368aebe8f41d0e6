import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Emulator } from '../emulator/emulator';
import { SERVICE_DIRECTORY } from '../infra/build';
import { type StageConfig, stages } from '../infra/config/stages';
import { type Deployment, deploy } from '../infra/deploy';
import { digestOfInputs } from './deployment-inputs';
import { deployRecord, isRecorded, recordDeployment, serviceBundleOf, type Target } from './recorded-deployment';
import { pushService } from './service-image';

const ROOT = join(__dirname, '..');
const RECORDS = join(ROOT, '.local/deployments');

export interface LocalDeploymentOptions {
  readonly emulator: Emulator;
  readonly target: Target;
  readonly outputDir: string;
  readonly records?: string;
  readonly cells?: number;
  readonly log?: (line: string) => void;
}

export interface LocalDeployment {
  readonly deployment: Deployment;
  readonly serviceBundle: string;
  /** Whether a recorded deployment was replayed. */
  readonly recorded: boolean;
}

/** @throws Error when the stage's image has no tag */
function imageOf({ image }: StageConfig): { repository: string; tag: string } {
  const [, repository, tag] = (image.from === 'registry' && /^[^/]+\/(.+):(.+)$/.exec(image.uri)) || [];
  if (!repository || !tag) throw new Error('the stage local names no image of a registry');
  return { repository, tag };
}

const localDigest = (cells?: number) => digestOfInputs(ROOT, { stage: 'local', cells });

/** Folder of the recorded deployment of today's inputs, with one cell. */
export const localRecord = (): string => join(RECORDS, localDigest());

/** Whether a start of the platform would replay a recorded deployment. */
export const isLocalStageRecorded = (): boolean => isRecorded(localRecord());

/**
 * Deploys the stage `local` to the emulator. The first deployment is built, synthesized and
 * deployed with the CDK command line, as on AWS, and recorded under a digest of all its inputs.
 * Later starts replay the record while the inputs are the same: CloudFormation creates the same
 * stacks, in a third of the time.
 */
export async function deployLocally(options: LocalDeploymentOptions): Promise<LocalDeployment> {
  const { emulator, target, outputDir, records = RECORDS, cells, log } = options;
  const asked = localDigest(cells);
  const home = join(records, asked);
  /** Pushes the image before the cells are deployed, because their tasks run it. */
  const push = async (bundle: string) => {
    await pushService(emulator.endpointUrl, { ...imageOf(stages.local), bundle: readFileSync(bundle) });
  };
  if (isRecorded(home)) {
    await push(serviceBundleOf(home));
    const deployment = await deployRecord(home, target).catch((failure: unknown) => {
      target.signal?.throwIfAborted();
      throw new Error(`the deployment recorded in ${home} failed; remove it to deploy anew`, { cause: failure });
    });
    return { deployment, serviceBundle: serviceBundleOf(home), recorded: true };
  }
  const serviceBundle = join(SERVICE_DIRECTORY, 'server.js');
  const deployment = await deploy({
    stage: 'local',
    built: () => push(serviceBundle),
    // Tests validate the same templates, and so does each deployment to AWS.
    env: { ...emulator.environment(), CDK_VALIDATION: 'false' },
    outputDir,
    loadBalancerUrl: emulator.loadBalancerUrl,
    urlPort: emulator.webPort,
    ...(cells && { cells }),
    ...(log && { log }),
    ...(target.signal && { signal: target.signal }),
  });
  // A file that was edited meanwhile may or may not be in this deployment, so it is not recorded.
  if (localDigest(cells) === asked) await recordDeployment(home, serviceBundle, target);
  return { deployment, serviceBundle, recorded: false };
}
