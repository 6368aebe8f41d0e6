import type { TenantStatus } from '../../functions/contract/tenant';
import type { ActKind } from './api';

interface Tenant {
  readonly status: TenantStatus;
  readonly failure?: { readonly error: string; readonly outcome: string } | undefined;
}

/** Statuses in which each act can be asked for; the platform itself decides. */
const ON_STATUS: Readonly<Record<Exclude<ActKind, 'redrive' | 'abandon'>, readonly TenantStatus[]>> = {
  verify: ['ACTIVE', 'SUSPENDED'],
  suspend: ['ACTIVE'],
  resume: ['SUSPENDED'],
};

/**
 * The acts that make sense for a tenant.
 *
 * @param run status of its latest execution; undefined when AWS has deleted it
 */
export function actsOn({ status, failure }: Tenant, run: string | undefined): ActKind[] {
  const hasEnded = run !== 'RUNNING' && run !== 'PENDING_REDRIVE';
  const isUnannounced = failure?.outcome === 'unannounced';
  const isInService = status === 'ACTIVE' || status === 'SUSPENDED';
  const redrivable = hasEnded && run !== 'SUCCEEDED' && failure?.error !== 'InvalidSignup';
  const isOpen = status === 'HELD' || status === 'ONBOARDING' || status === 'ROLLING_BACK';
  const on = (act: keyof typeof ON_STATUS) => (ON_STATUS[act].includes(status) ? [act] : []);
  return [
    ...(redrivable && (!isInService || isUnannounced) ? (['redrive'] as const) : []),
    ...(hasEnded && isOpen ? (['abandon'] as const) : []),
    ...on('verify'),
    ...on('suspend'),
    ...on('resume'),
  ];
}
