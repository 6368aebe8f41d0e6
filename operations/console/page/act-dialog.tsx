import Alert from '@cloudscape-design/components/alert';
import Modal from '@cloudscape-design/components/modal';
import Spinner from '@cloudscape-design/components/spinner';
import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { type Preview, type PreviewRequest, PreviewSchema } from '../api/acts';
import { ActOutcomes } from './act-outcomes';
import { ACT_TEXT, IS_TYPED } from './act-rules';
import { type ActOutcome, performOn } from './acting';
import { ConfirmationForm } from './confirmation-form';
import { useApi } from './console-api';
import { Failure } from './failure';
import { Status } from './status';

const SHOWN = 10;

/** Whom the act touches, and whom not. */
function Targets({ targets, left }: Preview) {
  return (
    <>
      <ul>
        {targets.slice(0, SHOWN).map(({ tenantId, companyName, subdomain, status }) => (
          <li key={tenantId}>
            <b>{companyName ?? tenantId}</b> {subdomain && `(${subdomain})`} <Status of={status} />
          </li>
        ))}
        {targets.length > SHOWN && <li>and {targets.length - SHOWN} more</li>}
      </ul>
      {left.length > 0 && (
        <Alert type="info" header="Not touched">
          {left.slice(0, SHOWN).map(({ tenant, because }) => (
            <div key={tenant}>
              {tenant}: {because}
            </div>
          ))}
          {left.length > SHOWN && <div>and {left.length - SHOWN} more</div>}
        </Alert>
      )}
    </>
  );
}

interface ConfirmationProps {
  readonly preview: Preview;
  readonly onDone: (outcomes: readonly ActOutcome[]) => void;
  readonly onDismiss: () => void;
}

function Confirmation({ preview, onDone, onDismiss }: ConfirmationProps) {
  const { act, targets, confirm, needsReason } = preview;
  const api = useApi();
  const [done, setDone] = useState(0);
  const { mutate, error, isPending } = useMutation({
    mutationFn: (reason: string) => performOn(api, preview, reason, setDone),
    onSuccess: onDone,
  });
  const { label, does } = ACT_TEXT[act];
  return (
    <ConfirmationForm
      {...{ confirm, needsReason, isPending, error, onDismiss, isTyped: IS_TYPED[act], onConfirm: mutate }}
      isPossible={targets.length > 0}
      label={isPending && targets.length > 1 ? `${done} of ${targets.length}` : `${label} ${confirm}`}
    >
      {does}
      <Targets {...preview} />
    </ConfirmationForm>
  );
}

interface ActDialogProps {
  readonly request: PreviewRequest;
  readonly onDismiss: () => void;
}

/** Shows whom an act touches, asks for a confirmation that names them, and tells what came of it. */
export function ActDialog({ request, onDismiss }: ActDialogProps) {
  const api = useApi();
  const [outcomes, setOutcomes] = useState<readonly ActOutcome[]>();
  const { data: preview, error } = useQuery({
    ...{ queryKey: ['preview', request], gcTime: 0, staleTime: 0 },
    queryFn: () => api.post('/api/acts/preview', request, PreviewSchema),
  });
  return (
    <Modal visible header={ACT_TEXT[request.act].label} onDismiss={onDismiss} closeAriaLabel="Close">
      {error && <Failure of={error} />}
      {!error && !preview && <Spinner />}
      {preview && !outcomes && <Confirmation preview={preview} onDone={setOutcomes} onDismiss={onDismiss} />}
      {preview && outcomes && <ActOutcomes {...{ preview, outcomes, onDismiss }} />}
    </Modal>
  );
}
