import Button from '@cloudscape-design/components/button';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { TableProps } from '@cloudscape-design/components/table';
import { useState } from 'react';
import { type Queues as QueueList, QueuesSchema } from '../../api/stage';
import { ListView } from '../list-view';
import { StageActDialog } from '../stage-act-dialog';

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

/** Replays undelivered signups, after they were shown. */
function Replay() {
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button onClick={() => setOpen(true)}>Replay signups</Button>
      {isOpen && <StageActDialog order={{ act: 'replay' }} label="Replay" onDismiss={() => setOpen(false)} />}
    </>
  );
}

/** Messages that wait for a person. */
export default function Queues() {
  return (
    <ListView
      title="Queues"
      description="In a healthy stage all queues are empty. The numbers are approximate."
      actions={<Replay />}
      topic="queues"
      schema={QueuesSchema}
      itemsOf={({ queues }) => queues}
      trackBy="queue"
      wrapLines
      columnDefinitions={COLUMNS}
      empty="The stage has no queue"
    />
  );
}
