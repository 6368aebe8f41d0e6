import '@cloudscape-design/global-styles/index.css';
import './page.css';
import I18nProvider from '@cloudscape-design/components/i18n';
import english from '@cloudscape-design/components/i18n/messages/all.en';
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { StrictMode, useMemo, useState } from 'react';
import { createRoot } from 'react-dom/client';
import { ApiContext, ConsoleApi, ConsoleError } from './console-api';
import { NoSession } from './no-session';
import { takeToken } from './session';
import { Shell } from './shell';

const queries = new QueryClient({
  defaultOptions: {
    queries: {
      // The console tells of each change, and after a lost connection everything is asked again.
      ...{ staleTime: Number.POSITIVE_INFINITY, refetchOnWindowFocus: false, refetchOnReconnect: false },
      retry: (failures, failure) => !(failure instanceof ConsoleError) && failures < 2,
    },
  },
});

function Console({ token }: { readonly token: string | undefined }) {
  const [refused, setRefused] = useState(false);
  const api = useMemo(() => token && new ConsoleApi(token, () => setRefused(true)), [token]);
  if (!api || refused) return <NoSession wasRefused={refused} />;
  return (
    <ApiContext value={api}>
      <Shell />
    </ApiContext>
  );
}

const place = document.getElementById('console');
const token = takeToken({ location, history, storage: sessionStorage });
if (place)
  createRoot(place).render(
    <StrictMode>
      <I18nProvider locale="en" messages={[english]}>
        <QueryClientProvider client={queries}>
          <Console token={token} />
        </QueryClientProvider>
      </I18nProvider>
    </StrictMode>,
  );
