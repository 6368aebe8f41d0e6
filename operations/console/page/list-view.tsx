import Header from '@cloudscape-design/components/header';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import type { ReactNode } from 'react';
import type * as z from 'zod';
import { Failure } from './failure';
import { useLive } from './use-live';

interface ListViewProps<S extends z.ZodType, T> extends Pick<TableProps<T>, 'columnDefinitions' | 'trackBy'> {
  readonly title: string;
  readonly description?: string;
  /** Buttons beside the title. */
  readonly actions?: ReactNode;
  /** The topic of its events, and its path below `/api`. */
  readonly topic: string;
  readonly schema: S;
  readonly itemsOf: (answer: z.output<S>) => readonly T[];
  /** What is said when there is none. */
  readonly empty: string;
  readonly wrapLines?: boolean;
}

/** A view that is one short table, read again after each change. */
export function ListView<S extends z.ZodType, T>(props: ListViewProps<S, T>) {
  const { title, description, actions, topic, schema, itemsOf, ...table } = props;
  const { data, error, refetch } = useLive(`/api/${topic}`, schema, () => [topic]);
  if (error) return <Failure title={title} of={error} retry={refetch} />;
  return (
    <Table
      {...table}
      header={
        <Header variant="h1" actions={actions} {...(description && { description })}>
          {title}
        </Header>
      }
      items={data ? itemsOf(data) : []}
      loading={!data}
      loadingText={`Loading ${topic}`}
      ariaLabels={{ tableLabel: title }}
    />
  );
}
