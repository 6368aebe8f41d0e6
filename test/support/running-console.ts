import { request as httpRequest, type IncomingHttpHeaders } from 'node:http';
import { SFNClient } from '@aws-sdk/client-sfn';
import { itemKeys, stateKeys, type TenantRecord } from '../../functions/contract/records';
import { StageClient } from '../../operations/client/stage-client';
import { type RunningConsole, startConsole } from '../../operations/console/console-server';
import type { StageConnection } from '../../operations/stage-connection';
import { aTenantRecord, DOMAIN, REGION } from './builders';
import { FakeClient } from './fake-client';
import { FakeTable } from './fake-table';

const queue = (name: string) => `https://sqs.${REGION}.amazonaws.com/111122223333/${name}`;
const named = (name: string) => `arn:aws:${name}`;

/** A stage whose AWS answers nothing: tests replace the clients that they need. */
const CONNECTION: StageConnection = {
  aws: { region: REGION, endpoint: 'http://127.0.0.1:1', credentials: { accessKeyId: 'a', secretAccessKey: 's' } },
  ...{ eventBusName: 'bus', eventBusArn: named('bus'), stateMachineArn: named('onboarding'), domain: DOMAIN },
  ...{ tenantsTableName: 'tenants', actsTableName: 'acts', performActFunctionName: 'PerformAct' },
  ...{ undeliveredSignupsUrl: queue('signups'), undeliveredStackEventsUrl: queue('stacks') },
  ...{ undeliveredRunEventsUrl: queue('runs'), unmatchedEventsUrl: queue('unmatched') },
  ...{ breakGlassUsesUrl: queue('glass'), sweepFunctionName: 'Sweep', orphansFunctionName: 'Orphans' },
  ...{ alarmTopicArn: named('alarms'), auditMachineArn: named('audit'), releaseMachineArn: named('release') },
  ...{ auditTenantFunctionName: 'AuditTenant', suspendTenantFunctionName: 'SuspendTenant' },
  migrationMachineArn: named('migration'),
  ...{ resumeTenantFunctionName: 'ResumeTenant', keepCellsFunctionName: 'KeepCells' },
  ...{ evidenceBucketName: 'evidence', readerPolicyArn: named('reader'), operatorPolicyArn: named('operator') },
};

/** The client of such a stage, over a table in memory. */
export const aStageClient = (table: FakeTable) => Object.assign(new StageClient(CONNECTION), { table });

const PAGE = '<!doctype html><title>Console</title>';
const FILES = new Map([
  ['/', { contentType: 'text/html; charset=utf-8', body: Buffer.from(PAGE) }],
  ['/assets/console-1a2b.js', { contentType: 'text/javascript', body: Buffer.from('void 0;'.repeat(1000)) }],
]);

/** A tenant's item with the keys of the table and of its index. */
export const tenantItem = (record: TenantRecord) => ({
  ...itemKeys.tenant(record.tenantId),
  ...stateKeys.tenant(record.status, record.tenantId),
  ...record,
});

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly json: unknown;
}

interface Sending {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** A console over a table in memory and a Step Functions that answers as it is told. */
export class ConsoleInTest {
  private constructor(
    readonly table: FakeTable,
    readonly sfn: FakeClient,
    readonly lambda: FakeClient,
    private readonly running: RunningConsole,
  ) {}

  static async start(
    records: readonly TenantRecord[] = [aTenantRecord()],
    answers: { readonly sfn?: Record<string, unknown>; readonly lambda?: Record<string, unknown> } = {},
  ): Promise<ConsoleInTest> {
    const table = new FakeTable(
      ...records.map(tenantItem),
      ...records.map(({ subdomain, tenantId }) => ({ ...itemKeys.subdomain(subdomain), tenantId })),
    );
    const sfn = new FakeClient({ DescribeExecutionCommand: { status: 'SUCCEEDED' }, ...answers.sfn });
    const lambda = new FakeClient(answers.lambda ?? {});
    const client = Object.assign(aStageClient(table), {
      sfn: Object.assign(new SFNClient({ region: REGION }), { send: sfn.send }),
    });
    Object.assign(client.operator, { lambda });
    return new ConsoleInTest(table, sfn, lambda, await startConsole({ client, stage: 'local', files: FILES }));
  }

  get url(): URL {
    return new URL(this.running.url);
  }

  get token(): string {
    return this.url.hash.replace('#token=', '');
  }

  /** Sends a request exactly as it is given: `fetch` would correct the path, and set headers of its own. */
  send(path: string, { method = 'GET', headers = {}, body = '' }: Sending = {}): Promise<Answer> {
    const { hostname, port } = this.url;
    return new Promise((resolve, reject) => {
      const sent = httpRequest({ hostname, port, path, method, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const isJson = response.headers['content-type']?.startsWith('application/json');
          const status = response.statusCode ?? 0;
          resolve({ status, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined });
        });
      });
      sent.on('error', reject).end(body);
    });
  }

  /** A request as the page sends it. */
  ask(path: string, body?: unknown): Promise<Answer> {
    const headers = { authorization: `Bearer ${this.token}`, 'sec-fetch-site': 'same-origin' };
    if (body === undefined) return this.send(path, { headers });
    return this.send(path, {
      method: 'POST',
      headers: { ...headers, origin: this.url.origin, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  }

  stop(): Promise<void> {
    return this.running.stop();
  }
}
