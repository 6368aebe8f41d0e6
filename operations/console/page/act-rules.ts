import type { ActKind } from '../api/acts';
import type { TenantDetail } from '../api/tenant';

/** What an act does, as its dialog says it before anything happens. */
export const ACT_TEXT: Readonly<Record<ActKind, { readonly label: string; readonly does: string }>> = {
  redrive: { label: 'Redrive', does: 'The run goes on, or starts over after a complete rollback.' },
  abandon: { label: 'Abandon', does: 'Gives the onboarding up and removes every resource that it created.' },
  verify: { label: 'Verify', does: 'Runs all isolation checks now, and stores the report as evidence.' },
  suspend: { label: 'Suspend', does: 'Takes the tenant out of service: its pages answer 503, its data stays.' },
  resume: {
    label: 'Resume',
    does: 'Brings the tenant back in service, if its last verification has passed and is fresh.',
  },
  'retry-move': {
    label: 'Move again',
    does: 'Brings the tenant’s rule to the colour where it belongs, where a release could not move it.',
  },
};

/** Acts whose confirmation has to be typed: they take something away from a customer. */
export const IS_TYPED: Readonly<Record<ActKind, boolean>> = {
  ...{ redrive: false, abandon: true, verify: false, suspend: true, resume: false },
  'retry-move': false,
};

type Judged = Pick<TenantDetail, 'acts' | 'status' | 'run'>;

/** Why the platform would refuse the act now; undefined where it can be asked for. */
export function impossibleBecause(act: ActKind, { acts, status, run }: Judged): string | undefined {
  if (acts.includes(act)) return undefined;
  switch (act) {
    case 'redrive':
      if (run.status === 'RUNNING') return 'The run is under way.';
      return `The run cannot be redriven: ${run.notRedrivableBecause ?? `the tenant is ${status}`}.`;
    case 'abandon':
      return `Only an onboarding that is held or was stopped can be abandoned; the tenant is ${status}.`;
    case 'verify':
      return `Only a tenant in service or suspended can be verified; the tenant is ${status}.`;
    case 'suspend':
      return `Only an ACTIVE tenant can be suspended; the tenant is ${status}.`;
    case 'resume':
      return `Only a SUSPENDED tenant can be resumed; the tenant is ${status}.`;
    case 'retry-move':
      return `Only an ACTIVE tenant can be moved; the tenant is ${status}.`;
  }
}
