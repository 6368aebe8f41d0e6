import {
  type CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { platformStackName, RESOURCE_NAMES } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { Unanswered } from '../check';
import { readOnce } from '../facts/reading';
import { type ExpectedResource, exportsOfTemplate, namedInOutputs, resolveTemplate } from '../release/resolve-template';
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

/** What CloudFormation knows of a resource besides its template. */
interface MadeResource {
  readonly physicalId: string;
  readonly updatedAt?: Date | undefined;
}
type Made = ReadonlyMap<string, MadeResource>;

/** The resources of a stack, by logical id. "ListStackResources": 100 a page. */
async function listedResources(client: CloudFormationClient, StackName: string): Promise<Made> {
  const pages = paginateListStackResources({ client }, { StackName });
  const summaries = await everyItem(pages, (page) => page.StackResourceSummaries);
  return new Map(
    summaries.flatMap(({ LogicalResourceId, PhysicalResourceId: physicalId, LastUpdatedTimestamp: updatedAt }) =>
      LogicalResourceId && physicalId ? [[LogicalResourceId, { physicalId, updatedAt }] as const] : [],
    ),
  );
}

/**
 * The resources of a stack, by its outputs where its template has some that tell their names. Else they are listed: there
 * are fewer, or an earlier release has deployed the stack.
 */
async function madeResources(client: CloudFormationClient, StackName: string, template: string): Promise<Made> {
  const told = namedInOutputs(template, RESOURCE_NAMES);
  if (told.size === 0) return await listedResources(client, StackName);
  const { Stacks } = await client.send(new DescribeStacksCommand({ StackName }));
  const outputs = new Map(Stacks?.[0]?.Outputs?.map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue]));
  return new Map(
    [...told].flatMap(([output, ids]) => {
      const names = outputs.get(output)?.split('\n') ?? [];
      if (names.length !== ids.length) throw new Unanswered(`stack ${StackName} has not the outputs of its template`);
      return ids.map((id, n) => [id, { physicalId: names[n] ?? '' }] as const);
    }),
  );
}

async function readStack(
  client: CloudFormationClient,
  { accountId, region }: PlatformSurroundings,
  StackName: string,
  imported: readonly (() => Promise<ReadStack>)[],
): Promise<ReadStack> {
  const request = new GetTemplateCommand({ StackName, TemplateStage: 'Original' });
  const { TemplateBody: template } = await client.send(request);
  if (!template) throw new Unanswered(`CloudFormation has no template of stack ${StackName}`);
  const [made, others] = await settled([
    madeResources(client, StackName, template),
    settled(imported.map((read) => read())),
  ]);
  const physicalIds = new Map([...made].map(([id, { physicalId }]) => [id, physicalId]));
  const exports = new Map(others.flatMap((each) => [...each.exports]));
  const values = { parameters: {}, accountId, region, physicalIds, exports };
  return {
    resources: resolveTemplate(template, values).map((each) => ({ ...each, updatedAt: made.get(each.id)?.updatedAt })),
    exports: exportsOfTemplate(template, values),
  };
}

/**
 * Six requests for the three of one cell, and two more for each other cell, whatever the number of tenants. What a
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
