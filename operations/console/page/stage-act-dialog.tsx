import Alert from '@cloudscape-design/components/alert';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import StatusIndicator from '@cloudscape-design/components/status-indicator';
import { useMutation, useQuery } from '@tanstack/react-query';
import {
  type StageAct,
  type StageActResult,
  StageActResultsSchema,
  type StagePreview,
  StagePreviewSchema,
} from '../api/stage-acts';
import { CloseButton, NotDone } from './act-ending';
import { ConfirmationForm } from './confirmation-form';
import { useApi } from './console-api';
import { Failure } from './failure';

const SHOWN = 20;

/** What the act touches, and what not. */
function Targets({ does, targets, left, impossible }: StagePreview) {
  return (
    <>
      {does}
      <ul>
        {targets.slice(0, SHOWN).map(({ id, text }) => (
          <li key={id}>{text}</li>
        ))}
        {targets.length > SHOWN && <li>and {targets.length - SHOWN} more</li>}
      </ul>
      {impossible && <Alert type="info">{impossible}</Alert>}
      {left.length > 0 && (
        <Alert type="info" header="Not touched">
          {left.map(({ id, because }) => (
            <div key={id}>
              {id}: {because}
            </div>
          ))}
        </Alert>
      )}
    </>
  );
}

function Results({ results }: { readonly results: readonly StageActResult[] }) {
  return (
    <SpaceBetween size="xs">
      {results.map(({ outcome, message, error, advice }) =>
        outcome === 'done' ? (
          <div role="status" key={message}>
            <StatusIndicator type="success">{message}</StatusIndicator>
          </div>
        ) : (
          <NotDone key={message} header={error} {...{ outcome, message, advice }} />
        ),
      )}
    </SpaceBetween>
  );
}

interface StageActDialogProps {
  readonly order: StageAct;
  /** What the button of the act says. */
  readonly label: string;
  readonly onDismiss: () => void;
}

/** Shows what an act on no single tenant would touch, asks for a confirmation, and tells what came of it. */
export function StageActDialog({ order, label, onDismiss }: StageActDialogProps) {
  const api = useApi();
  const { data: preview, error } = useQuery({
    ...{ queryKey: ['stage-preview', order], gcTime: 0, staleTime: 0 },
    queryFn: () => api.post('/api/stage-acts/preview', { order }, StagePreviewSchema),
  });
  const act = useMutation({
    mutationFn: ({ targets, confirm, reason }: Pick<StagePreview, 'targets' | 'confirm'> & { reason: string }) => {
      const request = { order, targets: targets.map(({ id }) => id), confirm, ...(reason && { reason }) };
      return api.post('/api/stage-acts', request, StageActResultsSchema);
    },
  });
  return (
    <Modal visible header={label} onDismiss={onDismiss} closeAriaLabel="Close">
      {error && <Failure of={error} />}
      {!error && !preview && <Spinner />}
      {preview && !act.data && (
        <ConfirmationForm
          {...{
            ...preview,
            label: `${label} ${preview.confirm}`,
            onDismiss,
            error: act.error,
            isPending: act.isPending,
          }}
          isPossible={preview.impossible === undefined}
          onConfirm={(reason) => act.mutate({ ...preview, reason })}
        >
          <Targets {...preview} />
        </ConfirmationForm>
      )}
      {act.data && (
        <SpaceBetween size="m">
          <Results results={act.data.results} />
          <CloseButton onDismiss={onDismiss} />
        </SpaceBetween>
      )}
    </Modal>
  );
}
