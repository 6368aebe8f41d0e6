import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import Link from '@cloudscape-design/components/link';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Tabs from '@cloudscape-design/components/tabs';
import { ActsPageSchema } from '../../api/acts';
import { type TenantDetail, TenantDetailSchema } from '../../api/tenant';
import { ActButtons } from '../act-buttons';
import { ActTable } from '../act-table';
import { Evidence } from '../evidence';
import { Failure } from '../failure';
import { linkToTenant } from '../routes';
import { RunProgress } from '../run-progress';
import { Status } from '../status';
import { TenantFacts } from '../tenant-facts';
import { TenantTroubles } from '../tenant-troubles';
import { Time } from '../time';
import { useLive } from '../use-live';
import { replaceRoute } from '../use-route';

function AuditTrail({ tenantId }: { readonly tenantId: string }) {
  const path = `/api/acts?${new URLSearchParams({ tenant: tenantId })}`;
  const { data, error, refetch } = useLive(path, ActsPageSchema, () => [`tenant:${tenantId}`, 'acts']);
  if (error) return <Failure of={error} retry={refetch} />;
  return <ActTable acts={data?.acts} header={<Header variant="h2">Audit trail</Header>} />;
}

const tabsOf = (tenant: TenantDetail) => [
  {
    ...{ id: 'onboarding', label: 'Onboarding' },
    content: (
      <Container header={<Header variant="h2">Run</Header>}>
        <RunProgress execution={tenant.run.executionArn} />
      </Container>
    ),
  },
  { ...{ id: 'facts', label: 'Details and resources' }, content: <TenantFacts tenant={tenant} /> },
  { ...{ id: 'evidence', label: 'Evidence' }, content: <Evidence tenantId={tenant.tenantId} /> },
  { ...{ id: 'acts', label: 'Audit trail' }, content: <AuditTrail tenantId={tenant.tenantId} /> },
];

/** One tenant: what state it is in and why, what to do about it, and what proves it. */
export default function Tenant({ name, search }: { readonly name: string; readonly search: URLSearchParams }) {
  const path = `/api/tenants/${encodeURIComponent(name)}`;
  const topicsOf = (known: TenantDetail | undefined) => (known ? [`tenant:${known.tenantId}`] : []);
  const { data: tenant, error, refetch } = useLive(path, TenantDetailSchema, topicsOf);
  if (error) return <Failure title={name} of={error} retry={refetch} />;
  if (!tenant) return <Spinner size="large" />;
  const { companyName = tenant.tenantId, url, status, since } = tenant;
  return (
    <SpaceBetween size="l">
      <Header
        variant="h1"
        actions={<ActButtons tenant={tenant} />}
        description={
          <Box variant="span" color="inherit">
            <Status of={status} /> since <Time at={since} />
            {url && (
              <>
                {', '}
                <Link href={url} external>
                  {url}
                </Link>
              </>
            )}
          </Box>
        }
      >
        {companyName}
      </Header>
      <TenantTroubles tenant={tenant} />
      <Tabs
        ariaLabel="Parts of the tenant"
        activeTabId={search.get('tab') ?? 'onboarding'}
        onChange={({ detail }) => replaceRoute(`${linkToTenant(name)}?tab=${detail.activeTabId}`)}
        tabs={tabsOf(tenant)}
      />
    </SpaceBetween>
  );
}
