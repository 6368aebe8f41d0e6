import type { TaskDefinition } from '@aws-sdk/client-ecs';
import { SERVICE_REPOSITORY } from '../../contract/naming';

const OF_RELEASE = new RegExp(`/${SERVICE_REPOSITORY}(?:@(sha256:\\w+)|:[^/]*)?$`);

/**
 * Images of the platform's repository that run in a cell and that no release has brought there. The image of a cell without
 * a release is that of its stack, which `cell.service` compares.
 *
 * @param released digests that releases have left on record
 */
export const imageViolations = (definitions: readonly TaskDefinition[], released: readonly string[]): string[] =>
  definitions.flatMap(({ family, containerDefinitions = [] }) =>
    containerDefinitions.flatMap(({ image = '' }) => {
      const match = OF_RELEASE.exec(image);
      if (!match || released.includes(match[1] ?? '')) return [];
      return [`${family} runs ${image}, which no release has brought here`];
    }),
  );
