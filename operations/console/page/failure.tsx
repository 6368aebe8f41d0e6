import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import Button from '@cloudscape-design/components/button';
import { ConsoleError } from './console-api';

const NOT_AN_ERROR = 'UnexpectedFailure';

interface FailureProps {
  readonly of: unknown;
  readonly retry?: () => void;
  /** Heading of the view, where the failure is all that it shows. */
  readonly title?: string;
}

/** What did not work, in the words of the platform or of AWS, and the runbook's advice. */
export function Failure({ of: failure, retry, title }: FailureProps) {
  const { error, message, advice } =
    failure instanceof ConsoleError
      ? failure
      : {
          ...{ error: failure instanceof Error ? failure.name : NOT_AN_ERROR, advice: undefined },
          message: failure instanceof Error ? failure.message : String(failure),
        };
  return (
    <>
      {title && <Box variant="h1">{title}</Box>}
      <Alert type="error" header={error} action={retry && <Button onClick={retry}>Try again</Button>}>
        <div className="words">{message}</div>
        {advice && (
          <Box margin={{ top: 'xs' }}>
            <strong>What to do:</strong> {advice}
          </Box>
        )}
      </Alert>
    </>
  );
}
