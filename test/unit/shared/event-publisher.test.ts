import { orderOf, TENANT_ONBOARDED, TenantOnboardedSchema } from '../../../functions/contract/events';
import { publish } from '../../../functions/shared/event-publisher';
import { anExecution, aTenant, NOW } from '../../support/builders';
import { FakeClient } from '../../support/fake-client';

const { signupId, tenantId, subdomain, url } = aTenant();
const detail = {
  ...({ version: 1, signupId, tenantId, subdomain, url, cell: 'cell1', executionArn: anExecution() } as const),
  ...orderOf(0, new Date(NOW)),
};

const publishing = (answer: unknown) => {
  const client = new FakeClient({ PutEventsCommand: answer });
  return { client, done: publish({ name: 'onboarding', client }, TENANT_ONBOARDED, detail) };
};

test('puts the event on the platform’s own bus in the form of the contract', async () => {
  const { client, done } = publishing({ FailedEntryCount: 0, Entries: [{ EventId: '1' }] });
  await done;
  const [entry, ...others] = client
    .inputs('PutEventsCommand')
    .flatMap(({ Entries }) => Entries as { Detail: string }[]);
  expect(others).toEqual([]);
  expect(entry).toMatchObject({
    EventBusName: 'onboarding',
    Source: 'tenant-onboarding',
    DetailType: 'TenantOnboarded',
  });
  expect(TenantOnboardedSchema.parse(JSON.parse(entry?.Detail ?? ''))).toEqual(detail);
});

test.each([
  ['InternalFailure', 'TransientServiceFault'],
  ['ThrottlingException', 'TransientThrottling'],
  ['AccessDeniedException', 'AccessDenied'],
  ['MalformedDetail', 'UnexpectedFailure'],
])('a failed entry with %s throws %s, although the call succeeded', async (ErrorCode, name) => {
  const { done } = publishing({ FailedEntryCount: 1, Entries: [{ ErrorCode, ErrorMessage: 'why' }] });
  await expect(done).rejects.toMatchObject({ name, message: `${ErrorCode}: why` });
});

test('a failed entry without an error code throws, too', async () => {
  await expect(publishing({ FailedEntryCount: 1, Entries: [] }).done).rejects.toMatchObject({
    name: 'UnexpectedFailure',
  });
});
