import StatusIndicator, { type StatusIndicatorProps } from '@cloudscape-design/components/status-indicator';
import type { TenantStatus } from '../../../functions/contract/tenant';

const LOOKS: Readonly<Record<TenantStatus, StatusIndicatorProps.Type>> = {
  ...{ ONBOARDING: 'in-progress', ACTIVE: 'success', ROLLING_BACK: 'in-progress' },
  ...{ FAILED: 'error', HELD: 'warning', SUSPENDED: 'stopped' },
};

/** A tenant's status, with a sign that does not depend on colours. */
export function Status({ of: status }: { readonly of: TenantStatus }) {
  return <StatusIndicator type={LOOKS[status]}>{status}</StatusIndicator>;
}
