import Link from '@cloudscape-design/components/link';
import ProgressBar from '@cloudscape-design/components/progress-bar';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { TableProps } from '@cloudscape-design/components/table';
import { type Cells as CellList, CellsSchema } from '../../api/stage';
import { ListView } from '../list-view';
import { linkTo } from '../routes';

type Cell = CellList['cells'][number];

/** Share of taken slots at which the alarm CapacityLow rings. */
const LOW = 0.8;

function Room({ capacity, taken, left }: Cell) {
  if (left === 0) return <StatusIndicator type="error">full</StatusIndicator>;
  if (taken >= LOW * capacity) return <StatusIndicator type="warning">nearly full</StatusIndicator>;
  return <StatusIndicator type="success">has room</StatusIndicator>;
}

const COLUMNS: readonly TableProps.ColumnDefinition<Cell>[] = [
  {
    ...{ id: 'name', header: 'Cell', isRowHeader: true },
    cell: ({ name }) => <Link href={linkTo('tenants', { cell: name })}>{name}</Link>,
  },
  { ...{ id: 'room', header: 'Capacity' }, cell: (cell) => <Room {...cell} /> },
  {
    ...{ id: 'slots', header: 'Slots taken' },
    cell: ({ name, capacity, taken }) => (
      <ProgressBar
        ariaLabel={`Slots taken of ${name}`}
        value={(100 * taken) / capacity}
        additionalInfo={`${taken} of ${capacity}`}
      />
    ),
  },
  { ...{ id: 'left', header: 'Slots left' }, cell: ({ left }) => left },
  { ...{ id: 'colour', header: 'Live colour' }, cell: ({ liveColour }) => liveColour },
];

/** How many tenants each cell can still take. */
export default function Cells() {
  return (
    <ListView
      title="Cells"
      topic="cells"
      schema={CellsSchema}
      itemsOf={({ cells }) => cells}
      trackBy="name"
      columnDefinitions={COLUMNS}
      empty="The stage has no cell"
    />
  );
}
