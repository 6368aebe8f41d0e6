import { tenantIdOf, tenantNames } from '../../../functions/contract/naming';
import { deleteDatabasesOfNoStack } from '../../../operations/client/databases-of-no-stack';
import { awsError, FakeClient } from '../../support/fake-client';

const tenantId = tenantIdOf('sub_acme');
const [own, restored] = [tenantNames.database(tenantId), tenantNames.restored(tenantId)];

/** RDS with instances by name, of which some are still being made when they are first to be deleted. */
function aScene(names: readonly string[], making: readonly string[] = [], guards: readonly string[] = []) {
  const left = new Set(names);
  const busy = new Set(making);
  const guarded = new Set(guards);
  const rds = new FakeClient({
    DescribeDBInstancesCommand: ({ DBInstanceIdentifier: id }: { DBInstanceIdentifier?: string }) => {
      if (id && !left.has(id)) throw awsError('DBInstanceNotFoundFault');
      const of = (name: string) => ({ DBInstanceIdentifier: name, DeletionProtection: guarded.has(name) });
      return { DBInstances: (id ? [id] : [...left]).map(of) };
    },
    ModifyDBInstanceCommand: ({ DBInstanceIdentifier: id }: { DBInstanceIdentifier: string }) => {
      if (busy.delete(id)) throw awsError('InvalidDBInstanceStateFault');
      guarded.delete(id);
      return {};
    },
    DeleteDBInstanceCommand: ({ DBInstanceIdentifier: id }: { DBInstanceIdentifier: string }) => {
      if (busy.delete(id) || guarded.has(id)) throw awsError('InvalidDBInstanceStateFault');
      left.delete(id);
      return {};
    },
  });
  const lines: string[] = [];
  const run = () => deleteDatabasesOfNoStack(rds, new Set([own]), (line) => lines.push(line));
  return { rds, run, lines, left: () => [...left] };
}

test('deletes a restored instance without a snapshot, and neither that of a stack nor a stranger’s', async () => {
  const { rds, run, lines, left } = aScene([own, 'reporting', restored]);
  await run();
  expect(left()).toEqual([own, 'reporting']);
  expect(rds.inputs('DeleteDBInstanceCommand')).toEqual([{ DBInstanceIdentifier: restored, SkipFinalSnapshot: true }]);
  expect(lines).toEqual([`database ${restored} of no stack deleted`]);
});

test('waits for an instance that RDS is still making', async () => {
  const { rds, run, left } = aScene([restored], [restored]);
  await run();
  expect(left()).toEqual([]);
  expect(rds.inputs('DeleteDBInstanceCommand')).toHaveLength(2);
});

test('takes the protection off an instance that somebody has protected, also while RDS changes it', async () => {
  const { run, left } = aScene([restored], [restored], [restored]);
  await run();
  expect(left()).toEqual([]);
});
