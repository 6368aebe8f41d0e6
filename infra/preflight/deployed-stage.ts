import { HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { paginateListSubscriptionsByTopic, type SNSClient } from '@aws-sdk/client-sns';
import * as z from 'zod';
import { STACK_KINDS, StackKindSchema } from '../../functions/contract/stacks';
import { isNamed } from '../../functions/shared/is-named';
import { everyItem } from '../../functions/shared/paging';
import { settled } from '../../functions/shared/settled';
import { deployedOutput } from '../deployed-output';
import { asked, type Finding, failed, ok } from './finding';
import { type DeployedFunctions, environmentOf } from './function-environment';

export interface DeployedStageClients extends DeployedFunctions {
  readonly s3: Pick<S3Client, 'send'>;
  readonly sns: SNSClient;
}

/** Partial: a template that LaunchStack does not name gets its own finding. */
const TemplatesSchema = z.partialRecord(StackKindSchema, z.object({ url: z.url() }));

async function subscriberFinding({ sns }: DeployedStageClients, TopicArn: string): Promise<Finding> {
  const subscriptions = await everyItem(
    paginateListSubscriptionsByTopic({ client: sns }, { TopicArn }),
    (page) => page.Subscriptions,
  );
  const confirmed = subscriptions.filter(({ SubscriptionArn }) => SubscriptionArn?.startsWith('arn:'));
  if (confirmed.length > 0) return ok('alarm subscriber', confirmed.map(({ Endpoint }) => Endpoint).join(', '));
  return subscriptions.length > 0
    ? failed('alarm subscriber', 'none has confirmed: the link is in the mail "AWS Notification - Subscription"')
    : failed(
        'alarm subscriber',
        'nobody gets the alarms: set alarmEmail in the stage, or subscribe to the topic and list who hears it in alarmListeners',
      );
}

/** URL of each template, from the environment of the deployed LaunchStack. */
async function publishedTemplates(clients: DeployedStageClients) {
  const { STACK_TEMPLATES = '{}' } = await environmentOf(clients, 'LaunchStack');
  return TemplatesSchema.parse(JSON.parse(STACK_TEMPLATES));
}

/** `https://s3.REGION.amazonaws.com/BUCKET/KEY`, as CDK names an asset. */
function objectAt(url: string) {
  const [Bucket = '', ...key] = new URL(url).pathname.slice(1).split('/');
  return { Bucket, Key: key.join('/') };
}

async function templateFinding(
  { s3 }: DeployedStageClients,
  subject: string,
  url: string | undefined,
): Promise<Finding> {
  if (!url) return failed(subject, 'LaunchStack does not name it; deploy the stage');
  try {
    await s3.send(new HeadObjectCommand(objectAt(url)));
    return ok(subject, url);
  } catch (thrown) {
    if (isNamed(thrown, 'NotFound', 'NoSuchKey', 'NoSuchBucket'))
      return failed(subject, `${url} is gone: a deployment brings it back`);
    throw thrown;
  }
}

/**
 * Checks that the four templates are still among the assets. A lifecycle rule of the bucket or
 * `cdk gc` may have deleted them, and onboardings read them at run time.
 */
async function templateFindings(clients: DeployedStageClients): Promise<Finding[]> {
  const templates = await publishedTemplates(clients);
  const answers = STACK_KINDS.map((kind) => {
    const subject = `template ${kind}`;
    return asked(subject, async () => [await templateFinding(clients, subject, templates[kind]?.url)]);
  });
  return (await settled(answers)).flat();
}

/** Checks that need a deployed stage. */
export async function deployedStageFindings(clients: DeployedStageClients): Promise<Finding[]> {
  const topicArn = await deployedOutput(clients.cloudformation, 'alarmTopicArn');
  if (!topicArn) return [ok('deployed stage', 'none yet: subscriber and templates are asked for after the deployment')];
  const answers = await settled([
    asked('alarm subscriber', async () => [await subscriberFinding(clients, topicArn)]),
    asked('templates', () => templateFindings(clients)),
  ]);
  return answers.flat();
}
