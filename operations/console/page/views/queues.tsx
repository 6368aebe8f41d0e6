import Header from '@cloudscape-design/components/header';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import { type Queues as QueueList, QueuesSchema } from '../../api';
import { Failure } from '../failure';
import { useLive } from '../use-live';

type Queue = QueueList['queues'][number];

function Depth({ visible, hidden }: Queue) {
  if (visible + hidden === 0) return <StatusIndicator type="success">empty</StatusIndicator>;
  return <StatusIndicator type="warning">{visible + hidden} wait</StatusIndicator>;
}

const COLUMNS: readonly TableProps.ColumnDefinition<Queue>[] = [
  { ...{ id: 'queue', header: 'Queue', isRowHeader: true }, cell: ({ queue }) => queue },
  { ...{ id: 'depth', header: 'Messages' }, cell: (queue) => <Depth {...queue} /> },
  { ...{ id: 'hidden', header: 'Received, not deleted yet' }, cell: ({ hidden }) => hidden },
  { ...{ id: 'says', header: 'What waits there, and what to do' }, cell: ({ says }) => says },
];

/** Messages that wait for a person. */
export default function Queues() {
  const { data, error, refetch } = useLive('/api/queues', QueuesSchema, () => ['queues']);
  if (error) return <Failure title="Queues" of={error} retry={refetch} />;
  return (
    <Table
      header={
        <Header variant="h1" description="In a healthy stage all queues are empty. The numbers are approximate.">
          Queues
        </Header>
      }
      items={data?.queues ?? []}
      trackBy="queue"
      loading={!data}
      loadingText="Loading queues"
      wrapLines
      columnDefinitions={COLUMNS}
      ariaLabels={{ tableLabel: 'Queues' }}
      empty="The stage has no queue"
    />
  );
}
