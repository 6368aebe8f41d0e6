import Button from '@cloudscape-design/components/button';
import SpaceBetween from '@cloudscape-design/components/space-between';
import { useState } from 'react';
import { ACT_KINDS, type ActKind } from '../api/acts';
import type { TenantDetail } from '../api/tenant';
import { ActDialog } from './act-dialog';
import { ACT_TEXT, impossibleBecause } from './act-rules';

/** A button for each act; those that are impossible now say why. */
export function ActButtons({ tenant }: { readonly tenant: TenantDetail }) {
  const [act, setAct] = useState<ActKind>();
  return (
    <>
      <SpaceBetween size="xs" direction="horizontal">
        {ACT_KINDS.map((kind) => {
          const because = impossibleBecause(kind, tenant);
          return (
            <Button
              key={kind}
              onClick={() => setAct(kind)}
              disabled={because !== undefined}
              {...(because && { disabledReason: because })}
            >
              {ACT_TEXT[kind].label}
            </Button>
          );
        })}
      </SpaceBetween>
      {act && <ActDialog request={{ act, tenants: [tenant.tenantId] }} onDismiss={() => setAct(undefined)} />}
    </>
  );
}
