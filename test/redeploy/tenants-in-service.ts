import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import {
  DescribeRulesCommand,
  ElasticLoadBalancingV2Client,
  type Rule,
} from '@aws-sdk/client-elastic-load-balancing-v2';
import { DynamoDBDocumentClient, paginateScan } from '@aws-sdk/lib-dynamodb';
import { everyItem } from '../../functions/shared/paging';
import { requestPage } from '../../local/page';
import type { Platform } from '../../local/platform';
import type { StageClient } from '../../operations/client/stage-client';
import type { Positioned } from './positions';

const EVERY_MS = 25;

/** What a deployment must leave as it is: rules, records and page of one tenant, as text. */
export async function pictureOf(platform: Platform, client: StageClient, { tenantId, host }: Positioned) {
  const elb = new ElasticLoadBalancingV2Client(platform.aws);
  const rules: Rule[] = [];
  for (const { listenerArn } of Object.values(platform.deployment.cells)) {
    const { Rules = [] } = await elb.send(new DescribeRulesCommand({ ListenerArn: listenerArn }));
    rules.push(...Rules.filter((rule) => JSON.stringify(rule.Conditions).includes(host)));
  }
  const table = { client: DynamoDBDocumentClient.from(new DynamoDBClient(platform.aws)) };
  const items = await everyItem(
    paginateScan(table, { TableName: client.table.name, ConsistentRead: true }),
    ({ Items }) => Items,
  );
  const records = items.map((item) => JSON.stringify(item)).filter((item) => item.includes(tenantId));
  const page = await requestPage(platform.outputs.loadBalancerUrl, host);
  return { rules: JSON.stringify(rules), records: records.sort().join('\n'), page: `${page.status} ${page.body}` };
}

/** @returns what is not as it was */
export function differences(
  before: Awaited<ReturnType<typeof pictureOf>>,
  after: Awaited<ReturnType<typeof pictureOf>>,
): string[] {
  return (['rules', 'records', 'page'] as const).filter((part) => before[part] !== after[part]);
}

/** Requests pages again and again until it is ended, and remembers every answer that is not 200. */
export class Visitors {
  requests = 0;
  readonly failed: string[] = [];
  private over = false;
  private readonly visiting: Promise<unknown>;

  constructor(loadBalancerUrl: string, tenants: readonly Positioned[]) {
    this.visiting = Promise.all(tenants.map(({ host }) => this.visit(loadBalancerUrl, host)));
  }

  async end(): Promise<void> {
    this.over = true;
    await this.visiting;
  }

  private async visit(loadBalancerUrl: string, host: string): Promise<void> {
    while (!this.over) {
      const answer = await requestPage(loadBalancerUrl, host).then(
        ({ status }) => String(status),
        (failure: unknown) => String(failure),
      );
      this.requests++;
      if (answer !== '200') this.failed.push(`${new Date().toISOString()} ${host}: ${answer}`);
      await pause(EVERY_MS);
    }
  }
}
