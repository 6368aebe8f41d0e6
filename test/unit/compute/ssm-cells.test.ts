import { cellNamed, cellWhere } from '../../../functions/compute/compute';
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

test('a damaged descriptor is that of its cell alone', async () => {
  const Parameters = [parameter('cell1', '{'), parameter('cell2'), parameter('cell3', '{"name":"cell3"}')];
  const found = await ssmCells(new FakeClient({ GetParametersByPathCommand: { Parameters } })).readableCells();
  expect(found.cells.map(({ name }) => name)).toEqual(['cell2']);
  expect([...found.damaged.keys()]).toEqual(['cell1', 'cell3']);
  expect(cellNamed(found, 'cell2').name).toBe('cell2');
  expect(() => cellNamed(found, 'cell1')).toThrow('/cell1: its value is not JSON');
  expect(() => cellNamed(found, 'cell4')).toThrow('SSM parameter of cell cell4 not found');
  expect(cellWhere(found, ({ name }) => name === 'cell2')?.name).toBe('cell2');
  expect(() => cellWhere(found, ({ name }) => name === 'cell4')).toThrow('/cell1: its value is not JSON');
});

test.each([
  ['none', []],
  ['one that is not JSON', [parameter('cell1'), parameter('cell2', '{')]],
  ['one that is no cell', [parameter('cell1', '{"name":"cell1"}')]],
])('a stage with %s is a configuration error', async (_, Parameters) => {
  const ssm = new FakeClient({ GetParametersByPathCommand: { Parameters } });
  await expect(ssmCells(ssm).cells()).rejects.toMatchObject({ name: 'ConfigurationInvalid' });
});
