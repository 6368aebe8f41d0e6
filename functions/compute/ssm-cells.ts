import { GetParametersByPathCommand, type SSMClient } from '@aws-sdk/client-ssm';
import { type CellDescriptor, CellDescriptorSchema } from '../contract/cell';
import { PlatformError } from '../contract/errors';
import { CELLS_PARAMETER_PATH } from '../contract/naming';
import { everyItem, pages } from '../shared/paging';
import { describeIssues } from '../shared/parse-at';
import type { Compute } from './compute';

export type Parameters = Pick<SSMClient, 'send'>;

function descriptorIn(name: string, value: string): CellDescriptor {
  const invalid = (reason: string) => new PlatformError('ConfigurationInvalid', `parameter ${name}: ${reason}`);
  let json: unknown;
  try {
    json = JSON.parse(value);
  } catch {
    throw invalid('not JSON');
  }
  const parsed = CellDescriptorSchema.safeParse(json);
  if (!parsed.success) throw invalid(describeIssues(parsed.error));
  return parsed.data;
}

async function findCells(ssm: Parameters): Promise<CellDescriptor[]> {
  const ask = (NextToken?: string) =>
    ssm.send(new GetParametersByPathCommand({ Path: CELLS_PARAMETER_PATH, Recursive: false, NextToken }));
  const parameters = await everyItem(
    pages(ask, (page) => page.NextToken),
    (page) => page.Parameters,
  );
  const cells = parameters.map(({ Name = '', Value = '' }) => descriptorIn(Name, Value));
  if (cells.length === 0) throw new PlatformError('ConfigurationInvalid', `no cell under ${CELLS_PARAMETER_PATH}`);
  return cells.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Each cell's stack publishes its descriptor as an SSM parameter: a new cell is known without a deployment of the functions. */
export const ssmCells = (ssm: Parameters): Pick<Compute, 'cells'> => ({ cells: () => findCells(ssm) });
