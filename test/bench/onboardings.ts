import { setTimeout as pause } from 'node:timers/promises';
import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { tenantIdOf } from '../../functions/contract/naming';
import { STATE_INDEX, stateKeys, type TenantRecord } from '../../functions/contract/records';
import type { Signup } from '../../functions/contract/signup';
import { pages } from '../../functions/shared/paging';
import { findTenant } from '../../functions/tenants/tenant-store';
import type { Platform } from '../../local/platform';
import { newSignup, Signups } from '../../local/signups';
import type { Ended } from '../../operations/client/executions';
import { StageClient } from '../../operations/client/stage-client';
import { localConnection } from '../../operations/stage-connection';

const PATIENCE_SECONDS = 600;
/** Asks seldom, as asking takes time from what is being measured; Step Functions says when an execution ended. */
const SELDOM_MS = 200;

/** Onboardings to be measured. No two signups of a run are alike. */
export class Onboardings {
  readonly client: StageClient;
  private readonly signups: Signups;
  private made = 0;

  constructor({ outputs }: Platform) {
    const stage = localConnection(outputs);
    this.client = new StageClient(stage);
    this.signups = new Signups(stage);
  }

  signup(): Signup {
    this.made += 1;
    return newSignup({
      signupId: `sub_bench_${this.made}`,
      companyName: `Company ${this.made} GmbH`,
      subdomain: `company-${this.made}`,
    });
  }

  /** One onboarding by a start of the machine. @throws Error when it does not end SUCCEEDED */
  run(stateMachineArn = this.client.stage.stateMachineArn): Promise<Ended> {
    const signal = AbortSignal.timeout(PATIENCE_SECONDS * 1000);
    return this.signups.onboardWell(this.signup(), { stateMachineArn, everyMs: SELDOM_MS, signal });
  }

  /** Seconds from putting one signup on the bus until its tenant is ACTIVE. */
  async byEvent(): Promise<number> {
    const signup = this.signup();
    const began = performance.now();
    await this.signups.send([signup]);
    const giveUpAt = began + PATIENCE_SECONDS * 1000;
    while ((await this.record(signup))?.status !== 'ACTIVE') {
      if (performance.now() > giveUpAt) throw new Error(`no tenant is ACTIVE after ${PATIENCE_SECONDS} s`);
      await pause(20);
    }
    return (performance.now() - began) / 1000;
  }

  /**
   * Signs many up at once, through the bus, and waits until each is ACTIVE or has failed.
   *
   * @returns the records of those that became ACTIVE, and the seconds until all had ended
   */
  async burst(count: number): Promise<{ active: TenantRecord[]; seconds: number }> {
    const signups = Array.from({ length: count }, () => this.signup());
    const { seconds } = await this.signups.burst(signups);
    const active: TenantRecord[] = [];
    for (const signup of signups) {
      const record = await this.record(signup);
      if (record?.status === 'ACTIVE') active.push(record);
    }
    return { active, seconds };
  }

  async countActive(): Promise<number> {
    const { name, client } = this.client.table;
    const active = {
      TableName: name,
      IndexName: STATE_INDEX,
      KeyConditionExpression: 'statePk = :active',
      ExpressionAttributeValues: { ':active': stateKeys.tenant('ACTIVE', '').statePk },
      Select: 'COUNT',
    } as const;
    const ask = (ExclusiveStartKey?: Record<string, unknown>) =>
      client.send(new QueryCommand({ ...active, ExclusiveStartKey }));
    let count = 0;
    for await (const { Count = 0 } of pages(ask, 'LastEvaluatedKey')) count += Count;
    return count;
  }

  private record(signup: Signup): Promise<TenantRecord | undefined> {
    return findTenant(this.client.table, tenantIdOf(signup.signupId));
  }
}
