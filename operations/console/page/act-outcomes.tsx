import SpaceBetween from '@cloudscape-design/components/space-between';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import type { Preview } from '../api/acts';
import { CloseButton, NotDone } from './act-ending';
import { ACT_TEXT } from './act-rules';
import type { ActOutcome } from './acting';

interface ActOutcomesProps {
  readonly preview: Preview;
  readonly outcomes: readonly ActOutcome[];
  readonly onDismiss: () => void;
}

/** What came of an act, tenant by tenant; in the platform's words where it was not done. */
export function ActOutcomes({ preview: { act, targets }, outcomes, onDismiss }: ActOutcomesProps) {
  const nameOf = (tenantId: string) => targets.find((each) => each.tenantId === tenantId)?.companyName ?? tenantId;
  const notDone = outcomes.filter(({ outcome }) => outcome !== 'done');
  const done = outcomes.filter(({ outcome }) => outcome === 'done');
  return (
    <SpaceBetween size="m">
      {done.length > 0 && (
        <div role="status">
          <StatusIndicator type="success">
            {ACT_TEXT[act].label}: {done.length === 1 ? nameOf(done[0]?.tenantId ?? '') : `${done.length} tenants`}
          </StatusIndicator>
          {done.length === 1 && <div>{done[0]?.message}</div>}
        </div>
      )}
      {notDone.map(({ tenantId, outcome, error = outcome, message, advice }) => (
        <NotDone key={tenantId} header={`${nameOf(tenantId)}: ${error}`} {...{ outcome, message, advice }} />
      ))}
      <CloseButton onDismiss={onDismiss} />
    </SpaceBetween>
  );
}
