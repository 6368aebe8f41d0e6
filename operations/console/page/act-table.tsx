import Link from '@cloudscape-design/components/link';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import type { ActsPage } from '../api/acts';
import { linkToTenant } from './routes';
import { Time } from './time';

type Act = ActsPage['acts'][number];

function Outcome({ result }: Act) {
  if (!result) return <StatusIndicator type="in-progress">under way, or interrupted</StatusIndicator>;
  const { outcome, error, message } = result;
  const type = outcome === 'done' ? 'success' : outcome === 'nothing' ? 'info' : 'error';
  return (
    <>
      <StatusIndicator type={type}>{outcome}</StatusIndicator>
      {error && (
        <div className="words">
          {error}: {message}
        </div>
      )}
    </>
  );
}

const COLUMNS: readonly TableProps.ColumnDefinition<Act>[] = [
  { ...{ id: 'at', header: 'When', isRowHeader: true }, cell: ({ at }) => <Time at={at} /> },
  { ...{ id: 'by', header: 'Who' }, cell: ({ by }) => <span className="mono">{by}</span> },
  { ...{ id: 'kind', header: 'Act' }, cell: ({ kind }) => kind },
  {
    ...{ id: 'tenant', header: 'On' },
    cell: ({ tenantId, target = '-' }) => (tenantId ? <Link href={linkToTenant(tenantId)}>{tenantId}</Link> : target),
  },
  { ...{ id: 'reason', header: 'Reason' }, cell: ({ reason = '-' }) => <span className="words">{reason}</span> },
  { ...{ id: 'result', header: 'Result' }, cell: (act) => <Outcome {...act} /> },
];

interface ActTableProps {
  readonly acts: readonly Act[] | undefined;
  readonly header: ReactNode;
  readonly filter?: ReactNode;
  readonly pagination?: ReactNode;
}

/** Who did what, when and why. */
export function ActTable({ acts, ...parts }: ActTableProps) {
  return (
    <Table
      {...parts}
      items={acts ?? []}
      trackBy="id"
      loading={!acts}
      loadingText="Loading acts"
      wrapLines
      columnDefinitions={COLUMNS}
      ariaLabels={{ tableLabel: 'Acts' }}
      empty="No acts"
    />
  );
}
