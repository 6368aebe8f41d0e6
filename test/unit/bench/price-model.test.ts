import { LIST_PRICES } from '../../bench/list-prices';
import { priceList, priceOf, sumOf, usageOf } from '../../bench/price-model';

const call = (service: string, action: string, body: object = {}) => ({
  service,
  action,
  accessKeyId: 'test',
  body: Buffer.from(JSON.stringify(body)),
});

test.each([
  ['a read', call('dynamodb', 'GetItem'), { dynamoReadUnits: 1 }],
  [
    'three reads at once',
    call('dynamodb', 'BatchGetItem', { RequestItems: { tenants: { Keys: [{}, {}, {}] } } }),
    { dynamoReadUnits: 3 },
  ],
  ['a write, with the index', call('dynamodb', 'UpdateItem'), { dynamoWriteUnits: 4 }],
  [
    'a transaction of three',
    call('dynamodb', 'TransactWriteItems', { TransactItems: [{}, {}, {}] }),
    { dynamoWriteUnits: 24 },
  ],
  ['two events', call('events', 'PutEvents', { Entries: [{}, {}] }), { customEvents: 2 }],
  ['a call to KMS', call('kms', 'CreateKey'), { kmsRequests: 1 }],
  ['an upload under a key', call('s3', 'PutObject'), { s3WriteRequests: 1, kmsRequests: 1 }],
  ['a download under a key', call('s3', 'GetObject'), { s3ReadRequests: 1, kmsRequests: 1 }],
  ['a listing', call('s3', 'GetBucket'), { s3WriteRequests: 1 }],
  ["a bucket's policy", call('s3', 'GetBucketPolicy'), { s3ReadRequests: 1 }],
  ['a deletion', call('s3', 'DeleteObject'), {}],
  ['a stack', call('cloudformation', 'CreateStack'), {}],
  ['an invocation, which its own log bills', call('lambda', 'Invoke'), {}],
  ['a DNS record', call('route53', 'ChangeResourceRecordSets'), {}],
])('%s is billed', (_, made, usage) => {
  expect(usageOf(made)).toEqual(usage);
});

test.each([
  ['a service', call('bedrock', 'InvokeModel')],
  ['an action', call('dynamodb', 'Scan')],
  ['another action of Lambda', call('lambda', 'PublishVersion')],
])('%s without a price is an error, and not free', (_, made) => {
  expect(() => usageOf(made)).toThrow(/no price for/);
});

test('usages are summed for each billing unit', () => {
  expect(sumOf([{ kmsRequests: 1, traces: 1 }, { kmsRequests: 2 }, {}])).toEqual({ kmsRequests: 3, traces: 1 });
});

test('a thousand transitions and a million invocations cost what AWS’s price lists say', () => {
  const usage = { stateTransitions: 1_000, lambdaRequests: 1_000_000, lambdaGbSeconds: 100 };
  expect(priceOf(usage)).toBeCloseTo(0.025 + 0.2 + 0.00133334, 10);
  expect(priceList(usage).map(({ meter }) => meter)).toEqual(['lambdaRequests', 'stateTransitions', 'lambdaGbSeconds']);
});

test('every price names the page that it comes from', () => {
  expect(Object.values(LIST_PRICES).filter(({ page, usd, per }) => !page || !(usd > 0) || !(per > 0))).toEqual([]);
});
