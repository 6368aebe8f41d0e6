import { GetParameterCommand, GetParametersByPathCommand, type SSMClient } from '@aws-sdk/client-ssm';
import * as z from 'zod';
import { type CellDescriptor, CellDescriptorSchema, ColourSchema } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { CELLS_PARAMETER_PATH } from '../contract/naming';
import { everyItem, pages } from '../shared/paging';
import { describeIssues } from '../shared/parse-at';
import { unlessNamed } from '../shared/unless';
import type { Compute, ReadableCells } from './compute';

export type Parameters = Pick<SSMClient, 'send'>;

function parsed<S extends z.ZodType>(name: string, schema: S, value: string): z.output<S> {
  const invalid = (reason: string) => new PlatformError('ConfigurationInvalid', `SSM parameter ${name}: ${reason}`);
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    throw invalid('its value is not JSON');
  }
  const { success, data, error } = schema.safeParse(json);
  if (!success) throw invalid(describeIssues(error));
  return data;
}

/** A cell whose stack has published a descriptor. */
export interface PublishedCell {
  readonly name: string;
  /** @throws PlatformError `ConfigurationInvalid` when somebody has damaged the descriptor */
  readonly descriptor: () => CellDescriptor;
}

/** The cells of the stage by their names, those with a damaged descriptor, too. */
export async function publishedCells(ssm: Parameters): Promise<PublishedCell[]> {
  const ask = (NextToken?: string) =>
    ssm.send(new GetParametersByPathCommand({ Path: CELLS_PARAMETER_PATH, Recursive: false, NextToken }));
  const parameters = await everyItem(pages(ask, 'NextToken'), (page) => page.Parameters);
  return parameters
    .map(({ Name = '', Value = '' }) => ({
      name: Name.slice(CELLS_PARAMETER_PATH.length + 1),
      descriptor: () => parsed(Name, CellDescriptorSchema, Value),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

async function readableCells(ssm: Parameters): Promise<ReadableCells> {
  const published = await publishedCells(ssm);
  if (published.length === 0)
    throw new PlatformError(
      'ConfigurationInvalid',
      `no SSM parameter found under ${CELLS_PARAMETER_PATH}: the stage has no cell`,
    );
  const cells: CellDescriptor[] = [];
  const damaged = new Map<string, PlatformError>();
  for (const { name, descriptor } of published) {
    try {
      cells.push(descriptor());
    } catch (thrown) {
      if (!(thrown instanceof PlatformError)) throw thrown;
      damaged.set(name, thrown);
    }
  }
  return { cells, damaged };
}

async function allCells(ssm: Parameters): Promise<readonly CellDescriptor[]> {
  const { cells, damaged } = await readableCells(ssm);
  for (const reason of damaged.values()) throw reason;
  return cells;
}

/**
 * Each cell's stack publishes its descriptor as an SSM parameter, so the functions find a new cell
 * without a deployment of their own.
 */
export const ssmCells = (ssm: Parameters): Pick<Compute, 'cells' | 'readableCells'> => ({
  cells: () => allCells(ssm),
  readableCells: () => readableCells(ssm),
});

const FormerDescriptorSchema = z.looseObject({ liveColour: ColourSchema.optional() });

/**
 * The descriptor that the cell's stack published before the deployment under way. Only the live
 * colour is parsed: another release may have written the other fields differently.
 *
 * @returns undefined when the cell is new
 */
export async function formerDescriptor(
  ssm: Parameters,
  cell: string,
): Promise<z.output<typeof FormerDescriptorSchema> | undefined> {
  const Name = `${CELLS_PARAMETER_PATH}/${cell}`;
  const found = await unlessNamed(ssm.send(new GetParameterCommand({ Name })), 'ParameterNotFound');
  return found && parsed(Name, FormerDescriptorSchema, found.Parameter?.Value ?? '');
}
