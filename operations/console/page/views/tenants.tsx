import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import ButtonDropdown from '@cloudscape-design/components/button-dropdown';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import Multiselect from '@cloudscape-design/components/multiselect';
import Pagination from '@cloudscape-design/components/pagination';
import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import TextFilter from '@cloudscape-design/components/text-filter';
import { lazy, Suspense, useEffect, useRef, useState } from 'react';
import { TenantStatusSchema } from '../../../../functions/contract/tenant';
import { ACT_KINDS, type PreviewRequest } from '../../api/acts';
import { type TenantRow, TenantsPageSchema, TenantsQuerySchema } from '../../api/tenants';
import { ACT_TEXT } from '../act-rules';
import { Failure } from '../failure';
import { linkToTenant } from '../routes';
import { Status } from '../status';
import { isFiltered, type TenantQuery, tenantQueryOf, tenantsLink, tenantsPath } from '../tenant-query';
import { Time } from '../time';
import { useLive } from '../use-live';
import { replaceRoute } from '../use-route';

const ActDialog = lazy(() => import('../act-dialog').then(({ ActDialog }) => ({ default: ActDialog })));

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
  { ...{ id: 'error', header: 'Failure' }, cell: ({ error = '-' }) => error },
  { ...{ id: 'since', header: 'Since', sortingField: 'since' }, cell: ({ since }) => <Time at={since} /> },
  { ...{ id: 'plan', header: 'Plan', sortingField: 'plan' }, cell: ({ plan = '-' }) => plan },
  { ...{ id: 'cell', header: 'Cell', sortingField: 'cell' }, cell: ({ cell = '-' }) => cell },
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
  const latest = useRef(settle);
  latest.current = settle;
  useEffect(() => {
    if (text === settled.current) return;
    const timer = setTimeout(() => {
      settled.current = text;
      latest.current(text);
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

/** An act on the selected tenants or, when none is selected, on all that match the filter. */
function BulkActs({ query, selected }: { readonly query: TenantQuery; readonly selected: readonly TenantRow[] }) {
  const [request, setRequest] = useState<PreviewRequest>();
  const { sort: _sort, order: _order, ...filter } = query;
  const whom = selected.length > 0 ? { tenants: selected.map(({ tenantId }) => tenantId) } : { query: filter };
  return (
    <>
      <ButtonDropdown
        items={ACT_KINDS.map((id) => ({ id, text: ACT_TEXT[id].label }))}
        onItemClick={({ detail }) => {
          const act = ACT_KINDS.find((kind) => kind === detail.id);
          if (act) setRequest({ act, ...whom });
        }}
      >
        {selected.length > 0
          ? `Act on ${selected.length} selected`
          : isFiltered(query)
            ? 'Act on all that match'
            : 'Act on all'}
      </ButtonDropdown>
      {request && (
        <Suspense>
          <ActDialog request={request} onDismiss={() => setRequest(undefined)} />
        </Suspense>
      )}
    </>
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
  const [selected, setSelected] = useState<readonly TenantRow[]>([]);
  const known = data?.next && cursors.length === page ? [...cursors, data.next] : cursors;
  const show = (next: number) => goTo({ page: next, cursors: known });
  const count = data?.total === undefined ? '' : `${data.total} found`;
  if (error) return <Failure title="Tenants" of={error} retry={refetch} />;
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
      selectionType="multi"
      selectedItems={selected}
      onSelectionChange={({ detail }) => setSelected(detail.selectedItems)}
      ariaLabels={{
        ...{ tableLabel: 'Tenants', selectionGroupLabel: 'Selected tenants' },
        allItemsSelectionLabel: () => 'Select all of this page',
        itemSelectionLabel: (_, { companyName, tenantId }) => `Select ${companyName ?? tenantId}`,
      }}
      empty={<Nobody filtered={filtered} />}
      footer={
        data &&
        data.unreadable.length > 0 && (
          <StatusIndicator type="error">{`Not listed, as their items are damaged: ${data.unreadable.join(', ')}`}</StatusIndicator>
        )
      }
      header={
        <Header
          variant="h1"
          {...(data?.total !== undefined && { counter: `(${data.total})` })}
          actions={
            <SpaceBetween size="xs" direction="horizontal">
              <BulkActs query={query} selected={selected} />
              <Button variant="primary" href="#/sign-up">
                Sign up
              </Button>
            </SpaceBetween>
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
