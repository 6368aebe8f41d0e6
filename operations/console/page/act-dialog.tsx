import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import Modal from '@cloudscape-design/components/modal';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import Textarea from '@cloudscape-design/components/textarea';
import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useState } from 'react';
import { type Preview, type PreviewRequest, PreviewSchema } from '../api/acts';
import { ActOutcomes } from './act-outcomes';
import { ACT_TEXT, IS_TYPED } from './act-rules';
import { type ActOutcome, performOn } from './acting';
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
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const [done, setDone] = useState(0);
  const { mutate, error, isPending } = useMutation({
    mutationFn: () => performOn(api, preview, reason.trim(), setDone),
    onSuccess: onDone,
  });
  const ready = (!IS_TYPED[act] || typed.trim() === confirm) && (!needsReason || reason.trim() !== '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !isPending) mutate();
  };
  const { label, does } = ACT_TEXT[act];
  return (
    <form onSubmit={submit}>
      <SpaceBetween size="m">
        <div>
          {does}
          <Targets {...preview} />
        </div>
        <FormField label={needsReason ? 'Reason' : 'Reason - optional'} description="Goes on record with your name.">
          <Textarea value={reason} rows={2} onChange={({ detail }) => setReason(detail.value)} />
        </FormField>
        {IS_TYPED[act] && (
          <FormField label={`To confirm, type ${confirm}`}>
            <Input value={typed} autoComplete={false} onChange={({ detail }) => setTyped(detail.value)} />
          </FormField>
        )}
        {error && <Failure of={error} />}
        <Box float="right">
          <SpaceBetween size="xs" direction="horizontal">
            <Button formAction="none" variant="link" onClick={onDismiss}>
              Cancel
            </Button>
            <Button variant="primary" disabled={!ready || targets.length === 0} loading={isPending}>
              {isPending && targets.length > 1 ? `${done} of ${targets.length}` : `${label} ${confirm}`}
            </Button>
          </SpaceBetween>
        </Box>
      </SpaceBetween>
    </form>
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
