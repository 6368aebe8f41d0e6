import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import FormField from '@cloudscape-design/components/form-field';
import Input from '@cloudscape-design/components/input';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Textarea from '@cloudscape-design/components/textarea';
import { type FormEvent, type ReactNode, useState } from 'react';
import { Failure } from './failure';

interface ConfirmationFormProps {
  /** What the act touches. */
  readonly children: ReactNode;
  /** The text that confirms the act. */
  readonly confirm: string;
  /** Whether it has to be typed. */
  readonly isTyped: boolean;
  readonly needsReason: boolean;
  readonly isPossible: boolean;
  readonly isPending: boolean;
  readonly error: Error | null;
  /** What the button says. */
  readonly label: string;
  readonly onConfirm: (reason: string) => void;
  readonly onDismiss: () => void;
}

/** The reason for an act, its confirmation, and the button that does it. */
export function ConfirmationForm(props: ConfirmationFormProps) {
  const { children, confirm, isTyped, needsReason, isPossible, isPending, error, label, onConfirm, onDismiss } = props;
  const [reason, setReason] = useState('');
  const [typed, setTyped] = useState('');
  const ready = isPossible && (!isTyped || typed.trim() === confirm) && (!needsReason || reason.trim() !== '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (ready && !isPending) onConfirm(reason.trim());
  };
  return (
    <form onSubmit={submit}>
      <SpaceBetween size="m">
        <div>{children}</div>
        <FormField label={needsReason ? 'Reason' : 'Reason - optional'} description="Goes on record with your name.">
          <Textarea value={reason} rows={2} onChange={({ detail }) => setReason(detail.value)} />
        </FormField>
        {isTyped && (
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
            <Button variant="primary" disabled={!ready} loading={isPending}>
              {label}
            </Button>
          </SpaceBetween>
        </Box>
      </SpaceBetween>
    </form>
  );
}
