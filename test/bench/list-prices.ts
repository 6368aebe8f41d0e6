/** Everything that an onboarding is billed for by use. */
export type Meter =
  | 'stateTransitions'
  | 'lambdaRequests'
  | 'lambdaGbSeconds'
  | 'dynamoWriteUnits'
  | 'dynamoReadUnits'
  | 'customEvents'
  | 'kmsRequests'
  | 'secretRequests'
  | 's3WriteRequests'
  | 's3ReadRequests'
  | 'logGigabytes'
  | 'traces';

export interface ListPrice {
  /** US dollars for `per` units. */
  readonly usd: number;
  readonly per: number;
  /** Title of AWS's page that lists it. */
  readonly page: string;
}

/** Of the region that the stages are in, without free tier, discounts and taxes. */
export const PRICE_REGION = 'eu-central-1';

export const LIST_PRICES: Readonly<Record<Meter, ListPrice>> = {
  stateTransitions: { usd: 0.025, per: 1_000, page: 'AWS Step Functions Pricing' },
  lambdaRequests: { usd: 0.2, per: 1_000_000, page: 'AWS Lambda Pricing' },
  /** arm64, first tier. */
  lambdaGbSeconds: { usd: 0.0000133334, per: 1, page: 'AWS Lambda Pricing' },
  dynamoWriteUnits: { usd: 0.7625, per: 1_000_000, page: 'Pricing for Amazon DynamoDB On-Demand Capacity' },
  dynamoReadUnits: { usd: 0.1525, per: 1_000_000, page: 'Pricing for Amazon DynamoDB On-Demand Capacity' },
  customEvents: { usd: 1, per: 1_000_000, page: 'Amazon EventBridge Pricing' },
  kmsRequests: { usd: 0.03, per: 10_000, page: 'AWS Key Management Service Pricing' },
  secretRequests: { usd: 0.05, per: 10_000, page: 'AWS Secrets Manager Pricing' },
  /** PUT, COPY, POST and LIST. */
  s3WriteRequests: { usd: 0.0054, per: 1_000, page: 'Amazon S3 Pricing' },
  s3ReadRequests: { usd: 0.00043, per: 1_000, page: 'Amazon S3 Pricing' },
  logGigabytes: { usd: 0.63, per: 1, page: 'Amazon CloudWatch Pricing' },
  traces: { usd: 5, per: 1_000_000, page: 'AWS X-Ray Pricing' },
};
