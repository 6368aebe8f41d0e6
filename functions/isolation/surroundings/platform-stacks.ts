import {
  type CloudFormationClient,
  GetTemplateCommand,
  paginateListExports,
  paginateListStackResources,
} from '@aws-sdk/client-cloudformation';
import { platformStackName } from '../../contract/naming';
import { everyItem } from '../../shared/paging';
import { settled } from '../../shared/settled';
import { Unanswered } from '../check';
import { readOnce } from '../facts/reading';
import { type ExpectedResource, resolveTemplate } from '../release/resolve-template';
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

type Exports = () => Promise<ReadonlyMap<string, string>>;

const exportsOf = (client: CloudFormationClient): Exports =>
  readOnce(async () => {
    const found = await everyItem(paginateListExports({ client }, {}), (page) => page.Exports);
    return new Map(found.map(({ Name = '', Value = '' }) => [Name, Value]));
  });

async function readStack(
  client: CloudFormationClient,
  exports: Exports,
  { accountId, region }: PlatformSurroundings,
  StackName: string,
): Promise<ExpectedResource[]> {
  const [template, summaries, exported] = await settled([
    client.send(new GetTemplateCommand({ StackName, TemplateStage: 'Original' })),
    everyItem(paginateListStackResources({ client }, { StackName }), (page) => page.StackResourceSummaries),
    exports(),
  ]);
  if (!template.TemplateBody) throw new Unanswered(`CloudFormation has no template of stack ${StackName}`);
  const physicalIds = new Map(
    summaries.flatMap(({ LogicalResourceId, PhysicalResourceId }) =>
      LogicalResourceId && PhysicalResourceId ? [[LogicalResourceId, PhysicalResourceId] as const] : [],
    ),
  );
  const updates = new Map(summaries.map((each) => [each.LogicalResourceId, each.LastUpdatedTimestamp]));
  const resources = resolveTemplate(template.TemplateBody, {
    ...{ parameters: {}, accountId, region, physicalIds, exports: exported },
  });
  return resources.map((each) => ({ ...each, updatedAt: updates.get(each.id) }));
}

/** Ten requests for the three of one cell, and two more for each other cell, whatever the number of tenants. */
export function platformStacks(
  client: CloudFormationClient,
  surroundings: PlatformSurroundings,
): (cell: string) => PlatformStacks {
  const exports = exportsOf(client);
  const stack = (name: string) => readOnce(() => readStack(client, exports, surroundings, platformStackName(name)));
  const shared = { foundation: stack('Foundation'), controlPlane: stack('ControlPlane') };
  return (cell) => ({ ...shared, cell: stack(`Cell-${cell}`) });
}
