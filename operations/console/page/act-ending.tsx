import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import type { ActOutcome } from './acting';
import { Advice } from './advice';

interface NotDoneProps extends Pick<ActOutcome, 'outcome' | 'message' | 'advice'> {
  readonly header?: string | undefined;
}

/** An act that was not done, in the platform's words; nothing to do is no error. */
export function NotDone({ outcome, header, message, advice }: NotDoneProps) {
  return (
    <Alert type={outcome === 'nothing' ? 'info' : 'error'} {...(header && { header })}>
      <div className="words">{message}</div>
      {advice && <Advice advice={advice} />}
    </Alert>
  );
}

/** The end of a dialog that tells what came of an act. */
export function CloseButton({ onDismiss }: { readonly onDismiss: () => void }) {
  return (
    <Box float="right">
      <Button variant="primary" onClick={onDismiss}>
        Close
      </Button>
    </Box>
  );
}
