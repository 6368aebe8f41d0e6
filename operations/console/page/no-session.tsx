import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import { useAppearance } from './appearance';
import { useArrival } from './use-route';

/** What a tab shows that has no token, or a token that the console does not know. */
export function NoSession({ wasRefused }: { readonly wasRefused: boolean }) {
  useAppearance();
  useArrival('No session', '');
  return (
    <main className="no-session">
      <Box variant="h1">Open the URL that the console printed</Box>
      <Alert type="warning">
        {wasRefused
          ? 'The console does not accept the token of this tab: it was started again, and has printed a new URL.'
          : 'This tab has no token.'}{' '}
        Look at the terminal in which <code>npm run console</code> runs, and open the URL there. Each start of the
        console has its own token.
      </Alert>
    </main>
  );
}
