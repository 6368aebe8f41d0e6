import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import { useState } from 'react';
import { ActsPageSchema, ActsQuerySchema } from '../../api/acts';
import { ActTable } from '../act-table';
import { Failure } from '../failure';
import { linkTo } from '../routes';
import { useLive } from '../use-live';
import { replaceRoute } from '../use-route';

const today = () => new Date().toISOString().slice(0, 10);
const isDay = (text: string) => ActsQuerySchema.shape.day.safeParse(text).success;

function DayField({ day }: { readonly day: string }) {
  const [typed, setTyped] = useState(day);
  const type = (text: string) => {
    setTyped(text);
    if (isDay(text)) replaceRoute(linkTo('audit-log', { day: text }));
  };
  return (
    <FormField label="Day (UTC)" errorText={isDay(typed) ? '' : 'Expected a day such as 2026-11-29.'}>
      <Input value={typed} inputMode="numeric" onChange={({ detail }) => type(detail.value)} />
    </FormField>
  );
}

/** Who did what on a day, newest first. The record is kept by days of UTC. */
export default function AuditLog({ search }: { readonly search: URLSearchParams }) {
  const asked = search.get('day') ?? '';
  const day = isDay(asked) ? asked : today();
  const before = search.get('before');
  const path = `/api/acts?${new URLSearchParams({ day, ...(before && { before }) })}`;
  const { data, error, refetch } = useLive(path, ActsPageSchema, () => ['acts']);
  if (error) return <Failure title="Audit log" of={error} retry={refetch} />;
  return (
    <ActTable
      acts={data?.acts}
      header={
        <Header variant="h1" description="Nobody can change or delete an entry.">
          Audit log
        </Header>
      }
      filter={<DayField day={day} />}
      pagination={data?.next && <Button href={linkTo('audit-log', { day, before: data.next })}>Earlier acts</Button>}
    />
  );
}
