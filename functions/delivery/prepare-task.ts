import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import {
  DescribeTaskDefinitionCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
  type TaskDefinition,
} from '@aws-sdk/client-ecs';
import type { Containers } from '../compute/ecs-services';
import { withImage } from '../compute/task-with-image';
import { PlatformError } from '../contract/errors';
import { colourFamily, taskFamily } from '../contract/naming';
import { PrepareTaskInput, PrepareTaskOutput } from '../contract/release';
import { type Action, actionHandler } from '../shared/action-handler';
import { clientOptions } from '../shared/clients';
import { env } from '../shared/env';
import { isNamed } from '../shared/is-named';
import { type TenantsTable, tenantsTable } from '../tenants/tenants-table';
import { note, ownClaim } from './release-store';

export interface PrepareTaskDeps {
  readonly table: TenantsTable;
  readonly ecr: Pick<ECRClient, 'send'>;
  readonly ecs: Containers;
  readonly repository: { readonly name: string; readonly uri: string };
}

const unusable = (digest: string, why: string) => new PlatformError('ImageUnusable', `image ${digest} ${why}`);

/** Severities of the basic scan that no release may have ("Scan images for software vulnerabilities in Amazon ECR"). */
async function requireUsable({ ecr, repository }: PrepareTaskDeps, imageDigest: string): Promise<void> {
  try {
    const { imageDetails } = await ecr.send(
      new DescribeImagesCommand({ repositoryName: repository.name, imageIds: [{ imageDigest }] }),
    );
    const [image] = imageDetails ?? [];
    if (!image) throw unusable(imageDigest, `is not in repository ${repository.name}`);
    const critical = image.imageScanFindingsSummary?.findingSeverityCounts?.CRITICAL ?? 0;
    if (critical > 0) throw unusable(imageDigest, `has ${critical} critical findings in its scan`);
  } catch (thrown) {
    if (isNamed(thrown, 'ImageNotFoundException'))
      throw unusable(imageDigest, `is not in repository ${repository.name}`);
    throw thrown;
  }
}

const imageOf = ({ containerDefinitions }: TaskDefinition) => containerDefinitions?.[0]?.image;

/**
 * Registers the task definition with which the new colour runs the image.
 *
 * 1. The image must be in the platform's repository, and its scan must have found nothing critical.
 *    An image whose scan has not ended is admitted: the pipeline waits for the scan.
 * 2. Take the definition that the cell's template has registered last, with the image in it, and
 *    register it in the family of the colour. A definition that this release has registered before
 *    is taken again.
 *
 * It has no undo: a definition costs nothing, and nothing runs it unless a service names it.
 *
 * Throws `ImageUnusable`, `ClaimLost`.
 */
export const prepareTask: Action<typeof PrepareTaskInput, typeof PrepareTaskOutput, PrepareTaskDeps> = {
  name: 'PrepareTask',
  input: PrepareTaskInput,
  output: PrepareTaskOutput,
  run: async (deps, { release, executionArn }) => {
    const { table, ecs, repository } = deps;
    const { cell, to, digest } = release;
    const claim = await ownClaim(table, { release, executionArn });
    if (claim.taskDefinition) return { taskDefinition: claim.taskDefinition };
    await requireUsable(deps, digest);
    const { taskDefinition: template } = await ecs.send(
      new DescribeTaskDefinitionCommand({ taskDefinition: taskFamily(cell) }),
    );
    if (!template || !imageOf(template))
      throw new PlatformError('ConfigurationInvalid', `task definition of cell ${cell.name} has no container`);
    const wanted = withImage(template, `${repository.uri}@${digest}`, digest);
    const { taskDefinition } = await ecs.send(
      new RegisterTaskDefinitionCommand({ ...wanted, family: colourFamily(cell, to) }),
    );
    const arn = taskDefinition?.taskDefinitionArn;
    if (!arn) throw new PlatformError('UnexpectedFailure', 'RegisterTaskDefinition answered without an ARN');
    await note(table, cell.name, executionArn, { phase: 'PrepareTask', taskDefinition: arn });
    return { taskDefinition: arn };
  },
};

export const handler = actionHandler(prepareTask, {
  table: tenantsTable(),
  ecr: new ECRClient(clientOptions),
  ecs: new ECSClient(clientOptions),
  get repository() {
    return { name: env('REPOSITORY_NAME'), uri: env('REPOSITORY_URI') };
  },
});
