import type { EventBus } from '../../functions/shared/event-publisher';
import { FakeClient } from './fake-client';

/** A bus that takes every event; `entries` are those it has taken. */
export class FakeBus extends FakeClient implements EventBus {
  readonly name = 'onboarding';
  readonly client = this;

  constructor() {
    super({ PutEventsCommand: { FailedEntryCount: 0, Entries: [{ EventId: '1' }] } });
  }

  get events(): { readonly type: unknown; readonly detail: Record<string, unknown> }[] {
    return this.inputs('PutEventsCommand')
      .flatMap(({ Entries }) => Entries as { DetailType: string; Detail: string }[])
      .map(({ DetailType, Detail }) => ({ type: DetailType, detail: JSON.parse(Detail) }));
  }
}
