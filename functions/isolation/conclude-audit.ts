import { ConcludeAuditInput, ConcludeAuditOutput } from '../contract/audit';
import { type Action, actionHandler } from '../shared/action-handler';
import { type Meter, meter } from '../shared/meter';

/**
 * Counts how many tenants of an audit had which verdict, and how many the brake has kept in service. It counts zeros too, because a zero ends
 * the alarm.
 */
export const concludeAudit: Action<
  typeof ConcludeAuditInput,
  typeof ConcludeAuditOutput,
  { readonly meter: Pick<Meter, 'count'> }
> = {
  name: 'ConcludeAudit',
  input: ConcludeAuditInput,
  output: ConcludeAuditOutput,
  run: async (deps, { held, surroundings, uncounted, ...totals }) => {
    deps.meter.count('TenantsDrifted', totals.drifted);
    deps.meter.count('TenantsUnverified', totals.unverified);
    deps.meter.count('SuspensionsHeld', held);
    deps.meter.count('SurroundingsFailing', surroundings);
    deps.meter.count('TenantsUncounted', uncounted);
    deps.meter.count('AuditsDone', 1);
    return totals;
  },
};

export const handler = actionHandler(concludeAudit, { meter });
