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
 * Makes an action's handler one that CloudFormation can call for a custom resource. CloudFormation reads no answer of the
 * function: it waits, up to an hour, for one at the request's address. So each outcome is put there, a failure too.
 *
 * The resource keeps the id it is made with: another one would have CloudFormation delete the resource by the old id.
 *
 * @throws Error when the answer does not get there; Lambda then calls the function again, twice
 */
export function answeringCloudFormation(handler: ActionHandler<Attributes>): ActionHandler<void> {
  return async (event, context) => {
    const request = parseAt('request of CloudFormation', RequestSchema, event);
    const { ResponseURL, StackId, RequestId, LogicalResourceId, PhysicalResourceId = LogicalResourceId } = request;
    const outcome = await outcomeOf(handler, event, context);
    const answer = JSON.stringify({ StackId, RequestId, LogicalResourceId, PhysicalResourceId, ...outcome });
    // As bytes: a text would get a content type, which the signature of the address does not expect.
    const { ok, status } = await fetch(ResponseURL, { method: 'PUT', body: Buffer.from(answer) });
    if (!ok) throw new Error(`CloudFormation's address for the answer said ${status}`);
  };
}
