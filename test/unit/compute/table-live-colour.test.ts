import { tableLiveColour } from '../../../functions/compute/table-live-colour';
import { CellDescriptorSchema } from '../../../functions/contract/cell';
import { itemKeys } from '../../../functions/contract/records';
import { aCell, NOW } from '../../support/builders';
import { FakeTable } from '../../support/fake-table';

const cell = aCell();
/** As executions and stacks of an older release carry it. */
const olderCell = CellDescriptorSchema.parse({ ...aCell(), liveColour: 'blue' });
const live = (item: object) => ({ ...itemKeys.liveColour(cell.name), since: NOW, ...item });

test('reads the live colour from the cell’s item, whatever an older execution has noted', async () => {
  const table = new FakeTable(live({ colour: 'green', digest: 'of a later release' }));
  await expect(tableLiveColour(table).live(olderCell)).resolves.toMatchObject({ colour: 'green' });
});

test('reads the live colour each time, with a consistent read', async () => {
  const table = new FakeTable(live({ colour: 'green' }));
  const sent: object[] = [];
  const client = {
    send: (command: { input: object }) => {
      sent.push(command.input);
      return table.client.send(command);
    },
  };
  const compute = tableLiveColour({ name: table.name, client: client as never });
  await expect(compute.live(cell)).resolves.toMatchObject({ colour: 'green' });
  table.put(live({ colour: 'blue' }));
  await expect(compute.live(cell)).resolves.toMatchObject({ colour: 'blue' });
  expect(sent).toEqual([
    expect.objectContaining({ Key: itemKeys.liveColour(cell.name), ConsistentRead: true }),
    expect.objectContaining({ Key: itemKeys.liveColour(cell.name), ConsistentRead: true }),
  ]);
});

test('a cell whose stack is older than the item has the live colour that its stack was deployed with', async () => {
  await expect(tableLiveColour(new FakeTable()).live(olderCell)).resolves.toEqual({ colour: 'blue' });
});

test.each([
  ['no item', [], 'not found'],
  ['an item with a strange colour', [live({ colour: 'red' })], 'is damaged: colour:'],
])('a cell with %s has no live colour, and the error leads to the runbook', async (_, items, why) => {
  await expect(tableLiveColour(new FakeTable(...items)).live(cell)).rejects.toMatchObject({
    name: 'ConfigurationInvalid',
    message: expect.stringMatching(`^item CELL#${cell.name} / LIVE .*${why}.*runbook.md#live-colour$`),
  });
});
