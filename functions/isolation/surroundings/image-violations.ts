import type { TaskDefinition } from '@aws-sdk/client-ecs';
import { SERVICE_REPOSITORY } from '../../contract/naming';
import { repositoryOf } from './service-violations';

const OF_RELEASE = new RegExp(`/${SERVICE_REPOSITORY}(?:@(sha256:\\w+)|:[^/]*)?$`);

export interface Brought {
  /** Digests that releases have left on record. */
  readonly released: readonly string[];
  /** The images of the cell's template. */
  readonly ofTemplate: readonly string[];
  /** When the cell's stack made its task definition last: an older one may run another image of the template's repository. */
  readonly updatedAt: Date | undefined;
}

function wasBrought(image: string, registeredAt: Date | undefined, { released, ofTemplate, updatedAt }: Brought) {
  const match = OF_RELEASE.exec(image);
  if (match) return released.includes(match[1] ?? '');
  if (ofTemplate.includes(image)) return true;
  // Other repositories are told by `cell.service`.
  const isOfItsRepository = ofTemplate.some((each) => repositoryOf(each) === repositoryOf(image));
  return !isOfItsRepository || Number(registeredAt) < Number(updatedAt);
}

/**
 * Images that run in a cell and that neither its stack nor a release has brought there, from the repositories where these
 * have theirs.
 */
export const imageViolations = (definitions: readonly TaskDefinition[], brought: Brought): string[] =>
  definitions.flatMap(({ family, registeredAt, containerDefinitions = [] }) =>
    containerDefinitions.flatMap(({ image = '' }) =>
      wasBrought(image, registeredAt, brought) ? [] : [`${family} runs ${image}, which no release has brought here`],
    ),
  );
