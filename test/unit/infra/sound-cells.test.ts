import { requireSoundCells } from '../../../infra/config/sound-cells';
import { type CellConfig, fullSizeCells, STAGES, stages } from '../../../infra/config/stages';

const [CELL] = fullSizeCells(1) as [CellConfig];
const tasks = (min: number, max: number) => ({ service: { ...CELL.service, liveTasks: { min, max } } });

test.each(STAGES)('the cells of stage %s are sound', (stage) => {
  expect(() => requireSoundCells(stages[stage])).not.toThrow();
});

test('as many cells of full size as there is a range for are sound', () => {
  expect(() => requireSoundCells({ cells: fullSizeCells(60) })).not.toThrow();
});

test.each<[string, Partial<CellConfig>, string]>([
  ['a name in capitals', { name: 'C2' }, 'cell C2: name: expected a lower-case letter'],
  ['a name of 13 characters', { name: 'c234567890123' }, 'name: expected a lower-case letter'],
  ['no block', { vpcCidr: '10.1.0.0' }, 'vpcCidr: expected an IPv4 block such as 10.0.0.0/16, not 10.1.0.0'],
  ['a block with bits of a host', { tenantRange: '10.64.0.1/12' }, 'tenantRange: expected an IPv4 block'],
  ['the application subnets of another cell', { vpcCidr: '10.1.0.0/16' }, 'appCidr: expected 10.1.0.0/18'],
  ['tenants in its own VPC', { tenantRange: '10.0.0.0/12' }, 'tenantRange: 10.0.0.0/12 overlaps vpcCidr 10.0.0.0/16'],
  ['four NAT gateways', { natGateways: 4 }, 'natGateways: expected at most 3'],
  ['more tasks at least than at most', tasks(3, 2), 'service.liveTasks: expected 1 <= min <= max, not 3 and 2'],
  ['no task', tasks(0, 2), 'service.liveTasks: expected 1 <= min <= max, not 0 and 2'],
])('a cell with %s is refused, and the field is named', (_, wrong, message) => {
  expect(() => requireSoundCells({ cells: [{ ...CELL, ...wrong }] })).toThrow(message);
});

test('two cells of one name are refused', () => {
  expect(() => requireSoundCells({ cells: [CELL, { ...CELL }] })).toThrow('cell c1 is there twice');
});
