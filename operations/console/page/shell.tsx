import Alert from '@cloudscape-design/components/alert';
import Box from '@cloudscape-design/components/box';
import SideNavigation, { type SideNavigationProps } from '@cloudscape-design/components/side-navigation';
import SpaceBetween from '@cloudscape-design/components/space-between';
import Spinner from '@cloudscape-design/components/spinner';
import TopNavigation from '@cloudscape-design/components/top-navigation';
import { useQuery } from '@tanstack/react-query';
import { lazy, type ReactNode, Suspense } from 'react';
import { type Stage, StageSchema } from '../api/stage';
import { APPEARANCES, useAppearance } from './appearance';
import { useApi } from './console-api';
import { ErrorBoundary } from './error-boundary';
import type { LiveState } from './live-updates';
import { type Route, VIEWS } from './routes';
import { LiveContext, useLiveUpdates } from './use-live';
import { useArrival, useRoute } from './use-route';
import { Tenants } from './views/tenants';

const LAZY = {
  'sign-up': lazy(() => import('./views/sign-up')),
  cells: lazy(() => import('./views/cells')),
  releases: lazy(() => import('./views/releases')),
  audits: lazy(() => import('./views/audits')),
  queues: lazy(() => import('./views/queues')),
  'audit-log': lazy(() => import('./views/audit-log')),
};
const Tenant = lazy(() => import('./views/tenant'));

const NAVIGATION = Object.entries(VIEWS).map(([name, text]) => ({
  ...({ type: 'link', href: `#/${name}`, text } as const),
}));

/** Pages of the stage in the AWS console; the local stage has none. */
function linksOf(stage: Stage | undefined): SideNavigationProps.Item[] {
  if (!stage || stage.links.length === 0) return [];
  const links = stage.links.map(({ name, url }) => ({ type: 'link', text: name, href: url, external: true }) as const);
  return [{ type: 'divider' }, ...links];
}

function viewOf(route: Route): { readonly title: string; readonly view: ReactNode } {
  if (route.view === 'unknown')
    return { title: 'Not found', view: <Box variant="h1">The console has no such page</Box> };
  const { view, query } = route;
  if (view === 'tenant') return { title: route.tenant, view: <Tenant name={route.tenant} search={query} /> };
  if (view === 'tenants') return { title: VIEWS.tenants, view: <Tenants search={query} /> };
  const View = LAZY[view];
  return { title: VIEWS[view], view: <View search={query} /> };
}

/** Says aloud that what is shown may be out of date. */
function Connection({ connected, problem }: LiveState) {
  return (
    <div role="status">
      <SpaceBetween size="s">
        {!connected && (
          <Alert type="warning" header="Connection lost, retrying">
            The console does not answer. What you see may be out of date.
          </Alert>
        )}
        {problem && (
          <Alert type="warning" header={`AWS does not answer the console: ${problem.error}`}>
            {problem.message} {problem.advice}
          </Alert>
        )}
      </SpaceBetween>
    </div>
  );
}

/** Frame of all views: top bar, navigation, state of the connection. */
export function Shell() {
  const api = useApi();
  const [fragment, route] = useRoute();
  const [appearance, choose] = useAppearance();
  const [live, state] = useLiveUpdates(api);
  const { data: stage } = useQuery({ queryKey: ['stage'], queryFn: () => api.get('/api/stage', StageSchema) });
  const { title, view } = viewOf(route);
  const place = fragment.split('?')[0] ?? '';
  const main = useArrival(title, place);
  return (
    <>
      <button type="button" className="skip" onClick={() => main.current?.focus()}>
        Skip to the content
      </button>
      <div className="top">
        <TopNavigation
          identity={{ href: '#/tenants', title: stage ? `Tenant onboarding: ${stage.stage}` : 'Tenant onboarding' }}
          utilities={[
            {
              ...({ type: 'menu-dropdown', text: 'Appearance', iconName: 'settings' } as const),
              items: APPEARANCES.map((id) => ({
                ...({ id, itemType: 'checkbox', checked: id === appearance, text: id } as const),
              })),
              onItemClick: ({ detail }) => choose(APPEARANCES.find((id) => id === detail.id) ?? 'system'),
            },
          ]}
        />
      </div>
      <div className="columns">
        <nav className="side" aria-label="Views">
          <SideNavigation
            activeHref={route.view === 'tenant' || place === '' || place === '#/' ? '#/tenants' : place}
            items={[...NAVIGATION, ...linksOf(stage)]}
          />
        </nav>
        <main ref={main} id="content" className="content" tabIndex={-1}>
          <Connection {...state} />
          <LiveContext value={live}>
            <ErrorBoundary key={place}>
              <Suspense fallback={<Spinner size="large" />}>{view}</Suspense>
            </ErrorBoundary>
          </LiveContext>
        </main>
      </div>
    </>
  );
}
