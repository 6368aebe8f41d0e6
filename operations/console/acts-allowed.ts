import { whyNoRedrive } from '../../functions/acts/redrive-execution';
import type { TenantStatus } from '../../functions/contract/tenant';
import type { ListedTenant } from '../client/tenant-list';
import type { ActKind } from './api/acts';

interface Tenant {
  readonly status: TenantStatus;
  readonly failure?: { readonly error: string; readonly outcome: string } | undefined;
}

/** Statuses of an onboarding that is neither finished nor undone. */
const OPEN: readonly TenantStatus[] = ['HELD', 'ONBOARDING', 'ROLLING_BACK'];

const isInService = (status: TenantStatus) => status === 'ACTIVE' || status === 'SUSPENDED';

/** Statuses in which each act can be asked for; the platform itself decides. */
const ON_STATUS: Readonly<Record<Exclude<ActKind, 'redrive' | 'abandon'>, readonly TenantStatus[]>> = {
  verify: ['ACTIVE', 'SUSPENDED'],
  suspend: ['ACTIVE'],
  resume: ['SUSPENDED'],
  'retry-move': ['ACTIVE'],
};

/** Whether the act may suit a tenant, by what the list tells of it. Of some acts only its run tells more. */
export function maySuit(act: ActKind, { status, error }: Pick<ListedTenant, 'status' | 'error'>): boolean {
  if (act === 'redrive') return !isInService(status) || error !== undefined;
  if (act === 'abandon') return OPEN.includes(status);
  return ON_STATUS[act].includes(status);
}

/** Whether the list tells all that decides about the act. */
export const isDecidedByStatus = (act: ActKind) => act !== 'redrive' && act !== 'abandon';

/**
 * The acts that make sense for a tenant.
 *
 * @param run status of its latest execution; undefined when AWS has deleted it
 */
export function actsOn({ status, failure }: Tenant, run: string | undefined): ActKind[] {
  const hasEnded = run !== 'RUNNING' && run !== 'PENDING_REDRIVE';
  const isUnannounced = failure?.outcome === 'unannounced';
  const redrivable = hasEnded && run !== 'SUCCEEDED' && !whyNoRedrive(failure?.error, status);
  const on = (act: keyof typeof ON_STATUS) => (ON_STATUS[act].includes(status) ? [act] : []);
  return [
    ...(redrivable && (!isInService(status) || isUnannounced) ? (['redrive'] as const) : []),
    ...(hasEnded && OPEN.includes(status) ? (['abandon'] as const) : []),
    ...on('verify'),
    ...on('suspend'),
    ...on('resume'),
    ...on('retry-move'),
  ];
}
