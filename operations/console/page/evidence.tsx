import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Container from '@cloudscape-design/components/container';
import Header from '@cloudscape-design/components/header';
import KeyValuePairs from '@cloudscape-design/components/key-value-pairs';
import Select from '@cloudscape-design/components/select';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Report, ReportSchema, ReportsSchema } from '../api/reports';
import { useApi } from './console-api';
import { Failure } from './failure';
import { Time } from './time';
import { timeText } from './time-text';
import { useLive } from './use-live';

const DIGESTS: Readonly<Record<Report['digestOnRecord'], string>> = {
  same: 'the digest on the tenant’s record',
  different: 'NOT the digest on the tenant’s record: the report was changed',
  other: 'the record names another report',
};

function Facts({ report }: { readonly report: Report }) {
  const { passed, checks, failed, open, verifiedAt, verifiedBy, digest, digestOnRecord } = report;
  const verdict = failed.length > 0 ? `failed: ${failed.join(', ')}` : `without an answer: ${open.join(', ')}`;
  return (
    <KeyValuePairs
      columns={2}
      items={[
        {
          label: 'Verdict',
          value: passed ? (
            <StatusIndicator type="success">all {checks} checks passed</StatusIndicator>
          ) : (
            <StatusIndicator type={failed.length > 0 ? 'error' : 'warning'}>{verdict}</StatusIndicator>
          ),
        },
        { label: 'Verified', value: <Time at={verifiedAt} /> },
        { label: 'Verified by', value: <span className="mono">{verifiedBy}</span> },
        {
          label: 'SHA-256',
          value: (
            <>
              <span className="mono">{digest}</span>
              <Box
                fontSize="body-s"
                color={digestOnRecord === 'different' ? 'text-status-error' : 'text-body-secondary'}
              >
                {DIGESTS[digestOnRecord]}
              </Box>
            </>
          ),
        },
      ]}
    />
  );
}

/** One report, with the page for auditors as it is stored. */
function StoredReport({ tenantId, report: key }: { readonly tenantId: string; readonly report: string }) {
  const api = useApi();
  const path = `/api/tenants/${encodeURIComponent(tenantId)}/report?${new URLSearchParams({ key })}`;
  // The page's address answers once: each time that it is shown, it is asked for anew.
  const { data, error } = useQuery({
    ...{ queryKey: [path], gcTime: 0, staleTime: Number.POSITIVE_INFINITY },
    queryFn: ({ signal }) => api.get(path, ReportSchema, signal),
  });
  if (error) return <Failure of={error} />;
  if (!data) return <Spinner />;
  return (
    <SpaceBetween size="m">
      {data.digestOnRecord === 'different' && (
        <Alert type="error">The stored report is not the one that the verification has written.</Alert>
      )}
      <Facts report={data} />
      <iframe className="evidence" title="Evidence page" src={data.page} sandbox="" />
    </SpaceBetween>
  );
}

/** The reports of a tenant over time, and one of them in full. */
export function Evidence({ tenantId }: { readonly tenantId: string }) {
  const path = `/api/tenants/${encodeURIComponent(tenantId)}/reports`;
  const { data, error, refetch } = useLive(path, ReportsSchema, () => [`tenant:${tenantId}`]);
  const [chosen, setChosen] = useState<string>();
  if (error) return <Failure of={error} retry={refetch} />;
  if (!data) return <Spinner />;
  const options = data.reports.map(({ report, storedAt }) => ({
    value: report,
    label: timeText(storedAt),
    description: report,
  }));
  const shown = options.find(({ value }) => value === chosen) ?? options[0];
  return (
    <Container
      header={
        <Header
          variant="h2"
          counter={`(${options.length})`}
          description="Reports are stored in a bucket that nobody can change."
          actions={
            <Select
              ariaLabel="Report"
              options={options}
              selectedOption={shown ?? null}
              placeholder="No report"
              disabled={options.length === 0}
              onChange={({ detail }) => setChosen(detail.selectedOption.value)}
            />
          }
        >
          Evidence
        </Header>
      }
    >
      {shown ? (
        <StoredReport key={shown.value} tenantId={tenantId} report={shown.value} />
      ) : (
        'The tenant has not been verified yet.'
      )}
    </Container>
  );
}
