import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Emulator } from '../emulator/emulator';
import { pushImage } from '../emulator/image-registry';
import { SERVICE_DIRECTORY } from '../infra/build';
import { type StageConfig, stages } from '../infra/config/stages';
import { type Deployment, deploy } from '../infra/deploy';
import { digestOfInputs } from './deployment-inputs';
import { deployRecord, isRecorded, recordDeployment, serviceBundleOf, type Target } from './recorded-deployment';

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
  /** Whether it came out of a record. */
  readonly recorded: boolean;
}

/** @throws Error when the stage names no image by its tag */
function imageOf({ image }: StageConfig): { repository: string; tag: string } {
  const [, repository, tag] = (image.from === 'registry' && /^[^/]+\/(.+):(.+)$/.exec(image.uri)) || [];
  if (!repository || !tag) throw new Error('the stage local names no image of a registry');
  return { repository, tag };
}

const localDigest = (cells?: number) => digestOfInputs(ROOT, { stage: 'local', cells });

/** Whether a start of the platform would replay a recorded deployment. */
export const isLocalStageRecorded = (): boolean => isRecorded(join(RECORDS, localDigest()));

/**
 * Deploys the stage `local` to the emulator. The first time it is built, synthesized and deployed with the CDK command line,
 * as a stage on AWS is, and recorded under the digest of all that went in. As long as none of that changes, the record is
 * deployed: CloudFormation creates the same stacks, in a third of the time.
 */
export async function deployLocally(options: LocalDeploymentOptions): Promise<LocalDeployment> {
  const { emulator, target, outputDir, records = RECORDS, cells, log } = options;
  const asked = localDigest(cells);
  const home = join(records, asked);
  /** Before the cells: their tasks run it. */
  const pushService = async (bundle: string) => {
    await pushImage(emulator.endpointUrl, { ...imageOf(stages.local), bundle: readFileSync(bundle) });
  };
  if (isRecorded(home)) {
    await pushService(serviceBundleOf(home));
    const deployment = await deployRecord(home, target).catch((failure: unknown) => {
      target.signal?.throwIfAborted();
      throw new Error(`the deployment recorded in ${home} failed; remove it to deploy anew`, { cause: failure });
    });
    return { deployment, serviceBundle: serviceBundleOf(home), recorded: true };
  }
  const serviceBundle = join(SERVICE_DIRECTORY, 'server.js');
  const deployment = await deploy({
    stage: 'local',
    built: () => pushService(serviceBundle),
    // The same templates are validated by their tests, and by each deployment to AWS.
    env: { ...emulator.environment(), CDK_VALIDATION: 'false' },
    outputDir,
    loadBalancerUrl: emulator.loadBalancerUrl,
    urlPort: emulator.webPort,
    ...(cells && { cells }),
    ...(log && { log }),
    ...(target.signal && { signal: target.signal }),
  });
  // What was edited meanwhile may be in it or not.
  if (localDigest(cells) === asked) await recordDeployment(home, serviceBundle, target);
  return { deployment, serviceBundle, recorded: false };
}
