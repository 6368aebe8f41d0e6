import { Readable } from 'node:stream';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { DescribeVpcsCommand, EC2Client } from '@aws-sdk/client-ec2';
import { DescribeRulesCommand, ElasticLoadBalancingV2Client } from '@aws-sdk/client-elastic-load-balancing-v2';
import { DescribeKeyCommand, KMSClient } from '@aws-sdk/client-kms';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { translateError } from '../../../functions/shared/error-translation';
import { type AwsErrorKind, awsError } from '../../faults/aws-errors';

/** Options of a client of the SDK whose every request is answered with the injected error. */
function answeredWith(service: string, kind: AwsErrorKind) {
  const body = Buffer.from(service === 'kms' ? '{}' : 'Action=Any');
  const { status, headers, body: text } = awsError({ service, action: 'Any', accessKeyId: '', body }, kind);
  const handle = async () => ({
    response: { statusCode: status, headers, body: Readable.from([Buffer.from(text)]) },
  });
  return {
    region: 'eu-central-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    maxAttempts: 1,
    requestHandler: { handle },
  };
}

type Options = ReturnType<typeof answeredWith>;
const SENDERS: Readonly<Record<string, (options: Options) => Promise<unknown>>> = {
  kms: (options) => new KMSClient(options).send(new DescribeKeyCommand({ KeyId: 'key' })),
  cloudformation: (options) => new CloudFormationClient(options).send(new DescribeStacksCommand({})),
  elasticloadbalancing: (options) => new ElasticLoadBalancingV2Client(options).send(new DescribeRulesCommand({})),
  ec2: (options) => new EC2Client(options).send(new DescribeVpcsCommand({})),
  s3: (options) => new S3Client(options).send(new GetObjectCommand({ Bucket: 'bucket', Key: 'key' })),
};

const MEANS = { throttling: 'TransientThrottling', refusal: 'AccessDenied', fault: 'TransientServiceFault' } as const;

describe.each(Object.keys(SENDERS))('%s', (service) => {
  test.each(Object.entries(MEANS))('the product translates an injected %s to %s', async (kind, name) => {
    const failure = await SENDERS[service]?.(answeredWith(service, kind as AwsErrorKind)).catch((thrown) => thrown);
    expect(translateError(failure)).toMatchObject({ name, message: expect.stringContaining(`injected ${kind}`) });
  });
});
