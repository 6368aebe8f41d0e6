import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import {
  DescribeExecutionCommand,
  type DescribeExecutionOutput,
  paginateListExecutions,
  SFNClient,
  StartExecutionCommand,
} from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient, GetCommand, paginateQuery } from '@aws-sdk/lib-dynamodb';
import { tenantIdOf } from '../../functions/contract/naming';
import {
  itemKeys,
  STATE_INDEX,
  stateKeys,
  type TenantRecord,
  TenantRecordSchema,
} from '../../functions/contract/records';
import { SIGNUP_DETAIL_TYPE, SIGNUP_SOURCE, type Signup } from '../../functions/contract/signup';
import type { Platform } from '../../local/platform';

/** "PutEvents": at most so many entries a request. */
const ENTRIES = 10;
const PATIENCE_SECONDS = 600;

export interface Onboarding {
  readonly executionArn: string;
  readonly signup: Signup;
  /** From the execution's start to its end, as Step Functions tells it. */
  readonly seconds: number;
}

/** Signs companies up and waits for what becomes of them. No two signups of a run are alike. */
export class Onboardings {
  readonly sfn: SFNClient;
  private readonly events: EventBridgeClient;
  private readonly table: DynamoDBDocumentClient;
  private made = 0;

  constructor(private readonly platform: Platform) {
    this.sfn = new SFNClient(platform.aws);
    this.events = new EventBridgeClient(platform.aws);
    this.table = DynamoDBDocumentClient.from(new DynamoDBClient(platform.aws));
  }

  signup(): Signup {
    this.made += 1;
    return {
      version: 1,
      signupId: `sub_bench_${this.made}`,
      companyName: `Company ${this.made} GmbH`,
      subdomain: `company-${this.made}`,
      contactEmail: 'ops@company.example',
      plan: 'enterprise',
    };
  }

  /** One onboarding by a start of the machine. @throws Error when it does not end SUCCEEDED */
  async run(stateMachineArn = this.platform.outputs.stateMachineArn): Promise<Onboarding> {
    const signup = this.signup();
    const { executionArn = '' } = await this.sfn.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(signup) }),
    );
    const { status, startDate, stopDate, cause } = await this.end(executionArn);
    if (status !== 'SUCCEEDED' || !startDate || !stopDate) throw new Error(`${executionArn} ended ${status}: ${cause}`);
    return { executionArn, signup, seconds: (stopDate.getTime() - startDate.getTime()) / 1000 };
  }

  /** Seconds from putting one signup on the bus until its tenant is ACTIVE. */
  async byEvent(): Promise<number> {
    const signup = this.signup();
    const began = performance.now();
    await this.put([signup]);
    await this.until(async () => (await this.record(signup))?.status === 'ACTIVE', 20);
    return (performance.now() - began) / 1000;
  }

  /**
   * Signs many up at once, through the bus, and waits until each is ACTIVE or has failed.
   *
   * @returns the records of those who became ACTIVE, and the seconds until all were done
   */
  async burst(count: number): Promise<{ signups: Signup[]; active: TenantRecord[]; seconds: number }> {
    const before = await this.countEnded();
    const signups = Array.from({ length: count }, () => this.signup());
    const began = performance.now();
    await this.put(signups);
    await this.until(async () => (await this.countEnded()) >= before + count, 250);
    const seconds = (performance.now() - began) / 1000;
    const active: TenantRecord[] = [];
    for (const signup of signups) {
      const record = await this.record(signup);
      if (record?.status === 'ACTIVE') active.push(record);
    }
    return { signups, active, seconds };
  }

  private async countEnded(): Promise<number> {
    const { stateMachineArn } = this.platform.outputs;
    let count = 0;
    for await (const { executions = [] } of paginateListExecutions({ client: this.sfn }, { stateMachineArn }))
      count += executions.filter(({ status }) => status !== 'RUNNING').length;
    return count;
  }

  async countActive(): Promise<number> {
    const active = {
      TableName: this.platform.outputs.tenantsTableName,
      IndexName: STATE_INDEX,
      KeyConditionExpression: 'statePk = :active',
      ExpressionAttributeValues: { ':active': stateKeys.tenant('ACTIVE', '').statePk },
      Select: 'COUNT',
    } as const;
    let count = 0;
    for await (const { Count = 0 } of paginateQuery({ client: this.table }, active)) count += Count;
    return count;
  }

  async record(signup: Signup): Promise<TenantRecord | undefined> {
    const { Item } = await this.table.send(
      new GetCommand({
        TableName: this.platform.outputs.tenantsTableName,
        Key: itemKeys.tenant(tenantIdOf(signup.signupId)),
      }),
    );
    return TenantRecordSchema.safeParse(Item).data;
  }

  private async put(signups: readonly Signup[]): Promise<void> {
    const entries = signups.map((signup) => ({
      EventBusName: this.platform.outputs.eventBusName,
      Source: SIGNUP_SOURCE,
      DetailType: SIGNUP_DETAIL_TYPE,
      Detail: JSON.stringify(signup),
    }));
    for (let at = 0; at < entries.length; at += ENTRIES) {
      const { FailedEntryCount } = await this.events.send(
        new PutEventsCommand({ Entries: entries.slice(at, at + ENTRIES) }),
      );
      if (FailedEntryCount) throw new Error(`the bus refused ${FailedEntryCount} signups`);
    }
  }

  /** Asks seldom, as asking takes time from what is being measured; Step Functions says when it ended. */
  private async end(executionArn: string): Promise<DescribeExecutionOutput> {
    let execution: DescribeExecutionOutput | undefined;
    await this.until(async () => {
      execution = await this.sfn.send(new DescribeExecutionCommand({ executionArn }));
      return execution.status !== 'RUNNING';
    }, 200);
    if (!execution) throw new Error(`${executionArn} is unknown`);
    return execution;
  }

  private async until(done: () => Promise<boolean>, everyMs: number): Promise<void> {
    const deadline = performance.now() + PATIENCE_SECONDS * 1000;
    while (!(await done())) {
      if (performance.now() > deadline) throw new Error(`waited ${PATIENCE_SECONDS} s in vain`);
      await pause(everyMs);
    }
  }
}
