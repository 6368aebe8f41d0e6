import * as z from 'zod';
import type { AwsCall } from '../../local/aws-call';
import { LIST_PRICES, type Meter } from './list-prices';

export type Usage = Readonly<Partial<Record<Meter, number>>>;

/** Services whose API is free: what they make is the tenant's infrastructure, which no price of ours includes. */
const FREE = new Set([
  'cloudformation',
  'ec2',
  'ecs',
  'elasticloadbalancing',
  'iam',
  'logs',
  'organizations',
  'rds',
  'route53',
  // Standard parameters at standard throughput.
  'ssm',
  'states',
  'sts',
  'tagging',
]);

/**
 * Items are taken as 2 KB large, and each as written once more to the index; the largest, a tenant's record, is smaller.
 * "DynamoDB read and write operations": a write unit is 1 KB, a read unit 4 KB, a transaction takes twice as many.
 */
const WRITE_UNITS = 2 * 2;

const TransactionSchema = z.object({ TransactItems: z.array(z.unknown()) });
const BatchSchema = z.object({ RequestItems: z.record(z.string(), z.object({ Keys: z.array(z.unknown()) })) });
const keysIn = ({ RequestItems }: z.infer<typeof BatchSchema>) =>
  Object.values(RequestItems).reduce((sum, { Keys }) => sum + Keys.length, 0);
const EventsSchema = z.object({ Entries: z.array(z.unknown()) });
const parsed = <T>(schema: z.ZodType<T>, body: Buffer): T => schema.parse(JSON.parse(body.toString('utf8')));

function dynamoUsage(action: string, body: Buffer): Usage {
  switch (action) {
    case 'GetItem':
      return { dynamoReadUnits: 1 };
    case 'BatchGetItem':
      return { dynamoReadUnits: keysIn(parsed(BatchSchema, body)) };
    case 'Query':
      return { dynamoReadUnits: 2 };
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return { dynamoWriteUnits: WRITE_UNITS };
    case 'TransactWriteItems':
      return { dynamoWriteUnits: 2 * WRITE_UNITS * parsed(TransactionSchema, body).TransactItems.length };
    default:
      throw new Error(`no price for dynamodb:${action}`);
  }
}

/** Every object of ours lies under a KMS key: each request for one is a request to KMS as well, bucket key or not. */
function s3Usage(action: string): Usage {
  if (action.startsWith('Delete')) return {};
  const ofObject = action.endsWith('Object') ? { kmsRequests: 1 } : {};
  const isRead = action.startsWith('Head') || (action.startsWith('Get') && action !== 'GetBucket');
  return isRead ? { s3ReadRequests: 1, ...ofObject } : { s3WriteRequests: 1, ...ofObject };
}

/**
 * What one call to AWS is billed as.
 *
 * @throws Error for a service without a price: a new one must not pass for free
 */
export function usageOf({ service, action, body }: AwsCall): Usage {
  if (FREE.has(service)) return {};
  switch (service) {
    case 'dynamodb':
      return dynamoUsage(action, body);
    case 'events':
      return { customEvents: parsed(EventsSchema, body).Entries.length };
    case 'kms':
      return { kmsRequests: 1 };
    case 'lambda':
      // What a function that is invoked costs is counted from its own log, as that of all others.
      if (action === 'Invoke') return {};
      throw new Error(`no price for ${service}:${action}`);
    case 'secretsmanager':
      return { secretRequests: 1 };
    case 's3':
      return s3Usage(action);
    default:
      throw new Error(`no price for ${service}:${action}`);
  }
}

export function sumOf(usages: readonly Usage[]): Usage {
  const sum: Partial<Record<Meter, number>> = {};
  for (const usage of usages) {
    for (const meter of metersIn(usage)) sum[meter] = (sum[meter] ?? 0) + (usage[meter] ?? 0);
  }
  return sum;
}

const isMeter = (name: string): name is Meter => name in LIST_PRICES;
const metersIn = (usage: Usage): Meter[] => Object.keys(usage).filter(isMeter);

/** US dollars per meter, the dearest first. */
export function priceList(usage: Usage): { meter: Meter; units: number; usd: number }[] {
  return metersIn(usage)
    .map((meter) => {
      const units = usage[meter] ?? 0;
      const { usd, per } = LIST_PRICES[meter];
      return { meter, units, usd: (units * usd) / per };
    })
    .sort((a, b) => b.usd - a.usd);
}

export const priceOf = (usage: Usage): number => priceList(usage).reduce((sum, { usd }) => sum + usd, 0);
