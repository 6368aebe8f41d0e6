import type { Context } from 'aws-lambda';
import * as z from 'zod';
import type { ActionHandler } from './action-handler';
import { parseAt } from './parse-at';

/** "Custom resource request and response reference" of the CloudFormation User Guide. */
const RequestSchema = z.object({
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  PhysicalResourceId: z.string().optional(),
});

/** "Response object": at most 4,096 bytes in all. */
const REASON_MAX_LENGTH = 1_000;

type Attributes = Readonly<Record<string, string>> | undefined;
type Outcome =
  | { readonly Status: 'SUCCESS'; readonly Data: Attributes }
  | { readonly Status: 'FAILED'; readonly Reason: string };

async function outcomeOf(handler: ActionHandler<Attributes>, event: unknown, context: Context): Promise<Outcome> {
  try {
    return { Status: 'SUCCESS', Data: await handler(event, context) };
  } catch (thrown) {
    return { Status: 'FAILED', Reason: String(thrown).slice(0, REASON_MAX_LENGTH) };
  }
}

/**
 * Wraps an action's handler so that CloudFormation can call it for a custom resource. CloudFormation
 * does not read the function's return value. It waits up to an hour for a response at the URL of the
 * request, so every outcome is put there, failures included.
 *
 * The physical id stays the one of the first response. With another id, CloudFormation would delete
 * the resource under the old id.
 *
 * @throws Error when the response URL refuses the response; Lambda then calls the function twice more
 */
export function answeringCloudFormation(handler: ActionHandler<Attributes>): ActionHandler<void> {
  return async (event, context) => {
    const request = parseAt('request of CloudFormation', RequestSchema, event);
    const { ResponseURL, StackId, RequestId, LogicalResourceId, PhysicalResourceId = LogicalResourceId } = request;
    const outcome = await outcomeOf(handler, event, context);
    const answer = JSON.stringify({ StackId, RequestId, LogicalResourceId, PhysicalResourceId, ...outcome });
    // As bytes: with a string, fetch adds a content type that the signature of the URL does not cover.
    const { ok, status } = await fetch(ResponseURL, { method: 'PUT', body: Buffer.from(answer) });
    if (!ok) throw new Error(`the response URL of CloudFormation answered ${status}`);
  };
}
