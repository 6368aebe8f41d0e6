import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { LambdaClient, paginateListFunctions } from '@aws-sdk/client-lambda';
import { paginateGetExecutionHistory, SFNClient } from '@aws-sdk/client-sfn';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { tableLiveColour } from '../../functions/compute/table-live-colour';
import type { Colour } from '../../functions/contract/cell';
import { VerifyIsolationInput } from '../../functions/contract/onboarding';
import { stageContext } from '../../functions/isolation/proving';
import type { Subject } from '../../functions/isolation/subject';
import type { Platform } from '../../local/platform';
import { sessionOf } from './role-session';

/** Who verifies a tenant in service: its role asks all that VerifyIsolation asks, and lists the account's principals. */
export const VERIFIER = 'tenant-onboarding-AuditTenant';

/** The environment of the deployed function. */
async function verifiersEnvironment({ aws }: Platform): Promise<Record<string, string>> {
  for await (const { Functions = [] } of paginateListFunctions({ client: new LambdaClient(aws) }, {})) {
    const found = Functions.find(({ Role, Environment }) => Role?.endsWith(`/${VERIFIER}`) && Environment?.Variables);
    if (found) return found.Environment?.Variables ?? {};
  }
  throw new Error('AuditTenant is not deployed');
}

/** What the machine gave VerifyIsolation in a run. */
async function inputOf({ aws }: Platform, executionArn: string) {
  const request = { executionArn, includeExecutionData: true };
  let entered = false;
  for await (const { events = [] } of paginateGetExecutionHistory({ client: new SFNClient(aws) }, request)) {
    for (const event of events) {
      entered = event.stateEnteredEventDetails ? event.stateEnteredEventDetails.name === 'VerifyIsolation' : entered;
      const parameters = entered ? event.taskScheduledEventDetails?.parameters : undefined;
      if (parameters) return VerifyIsolationInput.parse(JSON.parse(parameters).Payload);
    }
  }
  throw new Error(`${executionArn} has not come to VerifyIsolation`);
}

/** A tenant in service, and where its cell leads. */
export type RoutedSubject = Subject & { readonly liveColour: Colour };

/** The tenant of a run that has ended ACTIVE, as an audit would hold it against what AWS has. */
export async function subjectOfRun(platform: Platform, executionArn: string): Promise<RoutedSubject> {
  const [variables, { executionArn: _, ...input }] = await Promise.all([
    verifiersEnvironment(platform),
    inputOf(platform, executionArn),
  ]);
  const table = {
    name: platform.outputs.tenantsTableName,
    client: DynamoDBDocumentClient.from(new DynamoDBClient(platform.aws)),
  };
  const { colour: liveColour } = await tableLiveColour(table).live(input.cell);
  const named = (name: string) => variables[name] ?? '';
  return {
    ...input,
    ...stageContext((name) => (name === 'AWS_REGION' ? platform.outputs.region : named(name)), named),
    liveColour,
    routed: true,
  };
}

/** Credentials of AuditTenant's role. */
export const asVerifier = (platform: Platform) => sessionOf(platform, 'AuditTenant');
