import {
  type CloudFormationClient,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { platformStackName } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { Unanswered } from '../check';
import { readOnce } from '../facts/reading';
import { type ExpectedResource, exportsOfTemplate, resolveTemplate } from '../release/resolve-template';
import type { PlatformSurroundings } from './surroundings';

/**
 * What the templates of the platform's stacks make. CloudFormation keeps each template as it was
 * deployed, so what somebody has changed in a service itself differs from it.
 */
export interface PlatformStacks {
  readonly foundation: () => Promise<readonly ExpectedResource[]>;
  readonly controlPlane: () => Promise<readonly ExpectedResource[]>;
  readonly cell: () => Promise<readonly ExpectedResource[]>;
}

interface ReadStack {
  readonly resources: readonly ExpectedResource[];
  /** By the name of the export. */
  readonly exports: ReadonlyMap<string, string>;
}

async function readStack(
  client: CloudFormationClient,
  { accountId, region }: PlatformSurroundings,
  StackName: string,
  imported: readonly (() => Promise<ReadStack>)[],
): Promise<ReadStack> {
  const [template, summaries, others] = await settled([
    client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' })),
    everyItem(paginateListStackResources({ client }, { StackName }), (page) => page.StackResourceSummaries),
    settled(imported.map((read) => read())),
  ]);
  if (!template.TemplateBody) throw new Unanswered(`CloudFormation has no template of stack ${StackName}`);
  const physicalIds = new Map(
    summaries.flatMap(({ LogicalResourceId, PhysicalResourceId }) =>
      LogicalResourceId && PhysicalResourceId ? [[LogicalResourceId, PhysicalResourceId] as const] : [],
    ),
  );
  const updates = new Map(summaries.map((each) => [each.LogicalResourceId, each.LastUpdatedTimestamp]));
  const exports = new Map(others.flatMap((each) => [...each.exports]));
  const values = { parameters: {}, accountId, region, physicalIds, exports };
  return {
    resources: resolveTemplate(template.TemplateBody, values).map((each) => ({
      ...each,
      updatedAt: updates.get(each.id),
    })),
    exports: exportsOfTemplate(template.TemplateBody, values),
  };
}

/**
 * Eight requests for the three of one cell, and two more for each other cell, whatever the number of tenants. What a
 * stack imports follows from the template of the stack that exports it.
 */
export function platformStacks(
  client: CloudFormationClient,
  surroundings: PlatformSurroundings,
): (cell: string) => PlatformStacks {
  const stack = (name: string, ...imported: readonly (() => Promise<ReadStack>)[]) =>
    readOnce(() => readStack(client, surroundings, platformStackName(name), imported));
  const resourcesOf = (read: () => Promise<ReadStack>) => async () => (await read()).resources;
  const foundation = stack('Foundation');
  const controlPlane = stack('ControlPlane', foundation);
  const shared = { foundation: resourcesOf(foundation), controlPlane: resourcesOf(controlPlane) };
  const ofCell = new Map<string, () => Promise<readonly ExpectedResource[]>>();
  return (cell) => {
    const known = ofCell.get(cell) ?? resourcesOf(stack(`Cell-${cell}`, foundation, controlPlane));
    ofCell.set(cell, known);
    return { ...shared, cell: known };
  };
}
