import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Multiselect from '@cloudscape-design/components/multiselect';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import TextFilter from '@cloudscape-design/components/text-filter';
import { useEffect, useRef, useState } from 'react';
import { TenantStatusSchema } from '../../../../functions/contract/tenant';
import { type TenantRow, TenantsPageSchema, TenantsQuerySchema } from '../../api';
import { Failure } from '../failure';
import { linkToTenant } from '../routes';
import { Status } from '../status';
import { isFiltered, type TenantQuery, tenantQueryOf, tenantsLink, tenantsPath } from '../tenant-query';
import { Time } from '../time';
import { useLive } from '../use-live';
import { replaceRoute } from '../use-route';

const COLUMNS: readonly TableProps.ColumnDefinition<TenantRow>[] = [
  {
    ...{ id: 'company', header: 'Company', sortingField: 'company', isRowHeader: true },
    cell: ({ tenantId, companyName }) => <Link href={linkToTenant(tenantId)}>{companyName ?? tenantId}</Link>,
  },
  {
    ...{ id: 'subdomain', header: 'Subdomain', sortingField: 'subdomain' },
    cell: ({ subdomain = '-' }) => <span className="mono">{subdomain}</span>,
  },
  { ...{ id: 'status', header: 'Status', sortingField: 'status' }, cell: ({ status }) => <Status of={status} /> },
  { ...{ id: 'since', header: 'Since', sortingField: 'since' }, cell: ({ since }) => <Time at={since} /> },
  { ...{ id: 'plan', header: 'Plan', sortingField: 'plan' }, cell: ({ plan = '-' }) => plan },
  { ...{ id: 'cell', header: 'Cell', sortingField: 'cell' }, cell: ({ cell = '-' }) => cell },
  { ...{ id: 'error', header: 'Failure' }, cell: ({ error = '-' }) => error },
];
const STATUSES = TenantStatusSchema.options.map((value) => ({ value, label: value }));
const TYPING_PAUSE = 200;

/** The text as it is typed; it becomes a part of the address a moment after the last key. */
function useTyping(typed: string, settle: (text: string) => void): [string, (text: string) => void] {
  const [text, setText] = useState(typed);
  const settled = useRef(typed);
  if (settled.current !== typed) {
    settled.current = typed;
    setText(typed);
  }
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a key begins the pause anew
  useEffect(() => {
    if (text === settled.current) return;
    const timer = setTimeout(() => {
      settled.current = text;
      settle(text);
    }, TYPING_PAUSE);
    return () => clearTimeout(timer);
  }, [text]);
  return [text, setText];
}

/** Cursors of the pages that were read so far, and the page that is shown, from 1. */
interface Pages {
  readonly page: number;
  readonly cursors: readonly (string | undefined)[];
}
const FIRST_PAGE: Pages = { page: 1, cursors: [undefined] };
/** By the list's address: who returns from a tenant finds the same page. */
const lastPages = new Map<string, Pages>();

function usePages(link: string): [Pages, (pages: Pages) => void] {
  const [, setShown] = useState<Pages>();
  const go = (pages: Pages) => {
    lastPages.set(link, pages);
    setShown(pages);
  };
  return [lastPages.get(link) ?? FIRST_PAGE, go];
}

function Nobody({ filtered }: { readonly filtered: boolean }) {
  return filtered ? (
    <SpaceBetween size="xs">
      <b>No tenant matches</b>
      <Button onClick={() => replaceRoute('#/tenants')}>Clear the filter</Button>
    </SpaceBetween>
  ) : (
    <SpaceBetween size="xs">
      <b>No tenants yet</b>
      <Box color="text-body-secondary">A tenant appears here with its signup.</Box>
      <Button href="#/sign-up">Sign a company up</Button>
    </SpaceBetween>
  );
}

/** All tenants of the stage, a page at a time. Filter and order are part of the address. */
export function Tenants({ search }: { readonly search: URLSearchParams }) {
  const query = tenantQueryOf(search);
  const [{ page, cursors }, goTo] = usePages(tenantsLink(query));
  const { data, error, refetch } = useLive(tenantsPath(query, cursors[page - 1]), TenantsPageSchema, () => ['tenants']);
  const ask = (changes: Partial<TenantQuery>) => replaceRoute(tenantsLink({ ...query, ...changes }));
  const [text, setText] = useTyping(query.q ?? '', (q) => ask({ q }));
  const filtered = isFiltered(query);
  const known = data?.next && cursors.length === page ? [...cursors, data.next] : cursors;
  const show = (next: number) => goTo({ page: next, cursors: known });
  const count = data?.total === undefined ? '' : `${data.total} found`;
  if (error) return <Failure of={error} retry={refetch} />;
  return (
    <Table
      items={data?.tenants ?? []}
      trackBy="tenantId"
      columnDefinitions={COLUMNS}
      loading={!data}
      loadingText="Loading tenants"
      {...(query.sort && { sortingColumn: { sortingField: query.sort } })}
      sortingDescending={query.order === 'desc'}
      onSortingChange={({ detail: { sortingColumn, isDescending } }) =>
        ask({
          sort: TenantsQuerySchema.shape.sort.safeParse(sortingColumn.sortingField).data,
          order: isDescending ? 'desc' : 'asc',
        })
      }
      ariaLabels={{ tableLabel: 'Tenants' }}
      empty={<Nobody filtered={filtered} />}
      header={
        <Header
          variant="h1"
          {...(data?.total !== undefined && { counter: `(${data.total})` })}
          actions={
            <Button variant="primary" href="#/sign-up">
              Sign up
            </Button>
          }
        >
          Tenants
        </Header>
      }
      filter={
        <div className="filters">
          <TextFilter
            filteringText={text}
            filteringPlaceholder="Company, subdomain, tenant id or signup id"
            filteringAriaLabel="Filter tenants"
            countText={filtered ? count : ''}
            onChange={({ detail }) => setText(detail.filteringText)}
          />
          <Multiselect
            ariaLabel="Status"
            placeholder="Any status"
            options={STATUSES}
            selectedOptions={STATUSES.filter(({ value }) => query.status?.includes(value))}
            onChange={({ detail: { selectedOptions } }) =>
              ask({
                status: TenantStatusSchema.options.filter((each) =>
                  selectedOptions.some(({ value }) => value === each),
                ),
              })
            }
          />
        </div>
      }
      pagination={
        <Pagination
          currentPageIndex={page}
          pagesCount={known.length}
          openEnd={data?.next !== undefined && known.length === page}
          onChange={({ detail }) => show(detail.currentPageIndex)}
        />
      }
    />
  );
}
