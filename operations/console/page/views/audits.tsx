import Link from '@cloudscape-design/components/link';
import type { TableProps } from '@cloudscape-design/components/table';
import { type Audits as AuditList, AuditsSchema } from '../../api/stage';
import { ListView } from '../list-view';
import { linkTo } from '../routes';
import { RunStatus } from '../run-progress';
import { Clock, Time } from '../time';

type Audit = AuditList['audits'][number];

const countsText = (counts: Audit['counts']) =>
  Object.entries(counts ?? {})
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name}`)
    .join(', ') || '-';

const COLUMNS: readonly TableProps.ColumnDefinition<Audit>[] = [
  {
    ...{ id: 'startedAt', header: 'Started', isRowHeader: true },
    cell: ({ startedAt, link }) =>
      link ? (
        <Link href={link} external>
          <Time at={startedAt} />
        </Link>
      ) : (
        <Time at={startedAt} />
      ),
  },
  { ...{ id: 'status', header: 'Run' }, cell: ({ status }) => <RunStatus of={status} /> },
  {
    ...{ id: 'duration', header: 'Duration' },
    cell: ({ startedAt, endedAt }) => <Clock from={startedAt} to={endedAt} />,
  },
  { ...{ id: 'counts', header: 'Tenants by verdict' }, cell: ({ counts }) => countsText(counts) },
  {
    ...{ id: 'suspended', header: 'Suspended by it' },
    cell: ({ name }) => <Link href={linkTo('tenants', { suspendedBy: name, status: 'SUSPENDED' })}>tenants</Link>,
  },
];

/** The last audits of all tenants in service. */
export default function Audits() {
  return (
    <ListView
      title="Audits"
      description="Once a day, every tenant in service is verified."
      topic="audits"
      schema={AuditsSchema}
      itemsOf={({ audits }) => audits}
      trackBy="executionArn"
      columnDefinitions={COLUMNS}
      empty="No audit yet"
    />
  );
}
