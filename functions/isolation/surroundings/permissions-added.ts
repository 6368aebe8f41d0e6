import { type CloudTrailClient, type Event, LookupEventsCommand } from '@aws-sdk/client-cloudtrail';
import * as z from 'zod';
import { everyItem, pages } from '../../shared/paging';

/**
 * A call that has added to the resource policy of a function, or of one of its versions or aliases. No list of Lambda
 * tells which of them have a policy, and there are some hundred.
 */
export interface PermissionAdded {
  readonly name: string;
  readonly qualifier?: string | undefined;
  readonly permission: Permission;
}

type Permission = Readonly<Partial<Record<'action' | 'principal' | 'sourceArn' | 'sourceAccount', string | undefined>>>;

/** "Logging AWS Lambda API calls using AWS CloudTrail": the name ends in the version of Lambda's API. */
const ADDED = 'AddPermission20150331v2';

const text = z.string().optional();
const CallSchema = z.object({
  errorCode: text,
  requestParameters: z
    .object({
      functionName: z.string(),
      qualifier: text,
      action: text,
      principal: text,
      sourceArn: text,
      sourceAccount: text,
    })
    .nullish(),
});

/** "AddPermission": a name, an ARN or a part of one, each with or without a qualifier. */
const FUNCTION = /(?:^|:function:)([\w.-]+)(?::([\w$.-]+))?$/;

function additionIn({ CloudTrailEvent = '{}' }: Event): PermissionAdded[] {
  const { errorCode, requestParameters } = CallSchema.parse(JSON.parse(CloudTrailEvent));
  if (errorCode || !requestParameters) return [];
  const { functionName, qualifier, ...permission } = requestParameters;
  const [, name = functionName, ofName] = FUNCTION.exec(functionName) ?? [];
  return [{ name, qualifier: qualifier ?? ofName, permission }];
}

/**
 * Every addition of the last 90 days ("LookupEvents": the event history, which nobody can turn off or change). It tells
 * a call after some minutes.
 */
export async function permissionsAdded(client: CloudTrailClient): Promise<PermissionAdded[]> {
  const LookupAttributes = [{ AttributeKey: 'EventName' as const, AttributeValue: ADDED }];
  const ask = (NextToken?: string) => client.send(new LookupEventsCommand({ LookupAttributes, NextToken }));
  const events = await everyItem(pages(ask, 'NextToken'), (page) => page.Events);
  return events.flatMap(additionIn);
}
