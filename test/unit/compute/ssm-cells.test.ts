import { ssmCells } from '../../../functions/compute/ssm-cells';
import { CELLS_PARAMETER_PATH } from '../../../functions/contract/naming';
import { aCell } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';

const parameter = (name: string, Value = JSON.stringify(aCell({ name }))) => ({
  Name: `${CELLS_PARAMETER_PATH}/${name}`,
  Value,
});

test('finds the cells of every page, in the order of their names', async () => {
  const ssm = new FakeClient({
    GetParametersByPathCommand: ({ Path, NextToken }: { Path: string; NextToken?: string }) => {
      if (Path !== CELLS_PARAMETER_PATH) return { Parameters: [] };
      if (NextToken) return { Parameters: [parameter('cell1')] };
      return { Parameters: [parameter('cell2')], NextToken: 'more' };
    },
  });
  expect((await ssmCells(ssm).cells()).map(({ name }) => name)).toEqual(['cell1', 'cell2']);
});

test.each([
  ['none', []],
  ['one that is not JSON', [parameter('cell1'), parameter('cell2', '{')]],
  ['one that is no cell', [parameter('cell1', '{"name":"cell1"}')]],
])('a stage with %s is a configuration error', async (_, Parameters) => {
  const ssm = new FakeClient({ GetParametersByPathCommand: { Parameters } });
  await expect(ssmCells(ssm).cells()).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
});
