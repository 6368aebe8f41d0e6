import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Table, { type TableProps } from '@cloudscape-design/components/table';
import type { TenantDetail } from '../api/tenant';
import { Time } from './time';

type Resource = TenantDetail['resources'][number];

const COLUMNS: readonly TableProps.ColumnDefinition<Resource>[] = [
  { ...{ id: 'kind', header: 'Resource', isRowHeader: true }, cell: ({ kind }) => kind },
  {
    ...{ id: 'name', header: 'Name' },
    cell: ({ name, url }) =>
      url ? (
        <Link href={url} external>
          {name}
        </Link>
      ) : (
        <span className="mono">{name}</span>
      ),
  },
];

/** The tenant's record, and what it has in AWS. */
export function TenantFacts({ tenant }: { readonly tenant: TenantDetail }) {
  const { slot, placement, database, activatedAt, createdAt, refused } = tenant;
  return (
    <SpaceBetween size="l">
      <Container header={<Header variant="h2">Details</Header>}>
        <KeyValuePairs
          columns={3}
          items={[
            { label: 'Tenant id', value: <span className="mono">{tenant.tenantId}</span> },
            { label: 'Signup id', value: <span className="mono">{tenant.signupId}</span> },
            { label: 'Subdomain', value: tenant.subdomain ?? '-' },
            { label: 'Plan', value: tenant.plan ?? '-' },
            { label: 'Contact', value: tenant.contactEmail ?? '-' },
            { label: 'Cell and slot', value: slot ? `${slot.cell}, slot ${slot.number}, ${slot.cidr}` : '-' },
            { label: 'Signed up', value: <Time at={createdAt} /> },
            { label: 'In service since', value: <Time at={activatedAt} /> },
            { label: 'Colour', value: placement ? `${placement.colour} by ${placement.release}` : 'the live colour' },
            { label: 'Database', value: database ? `version ${database.version}` : '-' },
            ...(refused ? [{ label: 'Signup', value: 'refused before anything was created' }] : []),
          ]}
        />
      </Container>
      <Table
        header={<Header variant="h2">Resources</Header>}
        items={tenant.resources}
        columnDefinitions={COLUMNS}
        wrapLines
        ariaLabels={{ tableLabel: 'Resources' }}
        empty="No resources"
      />
    </SpaceBetween>
  );
}
