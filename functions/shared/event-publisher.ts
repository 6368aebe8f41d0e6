import { type EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PlatformError } from '../contract/errors';
import {
  ONBOARDING_SOURCE,
  type Order,
  SIGNUP_CONFLICT,
  type SignupConflict,
  TENANT_ONBOARDED,
  TENANT_ONBOARDING_FAILED,
  TENANT_ONBOARDING_FAILING,
  TENANT_RELEASE_COMPLETED,
  TENANT_RELEASE_RETURNED,
  type TenantOnboarded,
  type TenantOnboardingFailed,
  type TenantOnboardingFailing,
  type TenantReleaseCompleted,
  type TenantReleaseReturned,
} from '../contract/events';
import { env } from './env';
import { translateError } from './error-translation';

/** The platform's event bus. */
export interface EventBus {
  readonly name: string;
  readonly client: Pick<EventBridgeClient, 'send'>;
}

/** The bus of this stage. Its name is read at the first use, as in `tenantsTable`. */
export function eventBus(client: EventBridgeClient): EventBus {
  return {
    get name() {
      return env('EVENT_BUS_NAME');
    },
    client,
  };
}

interface Details {
  readonly [TENANT_ONBOARDED]: TenantOnboarded & Order;
  readonly [TENANT_ONBOARDING_FAILED]: TenantOnboardingFailed & Order;
  readonly [TENANT_ONBOARDING_FAILING]: TenantOnboardingFailing;
  readonly [SIGNUP_CONFLICT]: SignupConflict;
  readonly [TENANT_RELEASE_COMPLETED]: TenantReleaseCompleted;
  readonly [TENANT_RELEASE_RETURNED]: TenantReleaseReturned;
}

/**
 * Publishes one event, at least once: after a lost answer the event is published again. Consumers
 * recognize the copies by detail-type, `executionArn` and `attempt`.
 *
 * PutEvents answers 200 even when it refuses an event: the entry of the answer has the error
 * ("PutEvents": InternalFailure and ThrottlingException may be retried, other errors may not).
 *
 * @throws PlatformError named as the translator names the entry's error
 */
export async function publish<T extends keyof Details>(
  bus: EventBus,
  detailType: T,
  detail: Details[T],
): Promise<void> {
  const { FailedEntryCount = 0, Entries } = await bus.client.send(
    new PutEventsCommand({
      Entries: [
        {
          EventBusName: bus.name,
          Source: ONBOARDING_SOURCE,
          DetailType: detailType,
          Detail: JSON.stringify(detail),
        },
      ],
    }),
  );
  const refused = Entries?.find((entry) => entry.ErrorCode);
  if (refused) throw translateError({ name: refused.ErrorCode, message: refused.ErrorMessage });
  if (FailedEntryCount > 0)
    throw new PlatformError('UnexpectedFailure', `PutEvents refused ${detailType} and named no error`);
}
