import { MAX_CONNECTIONS, mostConnections, smallestCapacity } from '../../../functions/contract/connections';
import { requireConnections } from '../../../infra/config/connection-budget';
import { stages } from '../../../infra/config/stages';

const cellWith = (max: number) => ({ name: 'c1', service: { liveTasks: { max } } });

test.each(Object.entries(stages))('every cell of stage %s fits into one database', (_, { cells }) => {
  for (const cell of cells) expect(() => requireConnections(cell)).not.toThrow();
});

test('a task more than a database takes is refused, with the numbers', () => {
  const most = Array.from({ length: 100 }, (_, tasks) => tasks).findLast((tasks) => mostConnections(tasks) <= 400) ?? 0;
  expect(() => requireConnections(cellWith(most), 400)).not.toThrow();
  expect(() => requireConnections(cellWith(most + 1), 400)).toThrow(
    `cell c1: ${most + 1} tasks may open ${mostConnections(most + 1)} connections to one database, which accepts 400`,
  );
});

test('the smallest plan has memory for the connections that all plans accept', () => {
  expect(smallestCapacity()).toBeGreaterThanOrEqual(MAX_CONNECTIONS);
});
