import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Header from '@cloudscape-design/components/header';
import Input from '@cloudscape-design/components/input';
import { ActsPageSchema } from '../../api';
import { ActTable } from '../act-table';
import { Failure } from '../failure';
import { linkTo } from '../routes';
import { useLive } from '../use-live';

const today = () => new Date().toISOString().slice(0, 10);

/** Who did what on a day, newest first. The record is kept by days of UTC. */
export default function AuditLog({ search }: { readonly search: URLSearchParams }) {
  const day = search.get('day') ?? today();
  const before = search.get('before');
  const path = `/api/acts?${new URLSearchParams({ day, ...(before && { before }) })}`;
  const { data, error, refetch } = useLive(path, ActsPageSchema, () => ['acts']);
  if (error) return <Failure of={error} retry={refetch} />;
  return (
    <ActTable
      acts={data?.acts}
      header={
        <Header variant="h1" description="Nobody can change or delete an entry.">
          Audit log
        </Header>
      }
      filter={
        <FormField label="Day (UTC)">
          <Input
            {...{ value: day, type: 'text', inputMode: 'numeric', placeholder: 'YYYY-MM-DD' }}
            onChange={({ detail }) => {
              location.hash = linkTo('audit-log', { day: detail.value });
            }}
          />
        </FormField>
      }
      pagination={data?.next && <Button href={linkTo('audit-log', { day, before: data.next })}>Earlier acts</Button>}
    />
  );
}
