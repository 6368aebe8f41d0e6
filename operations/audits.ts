import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { AuditTenantOutput, ResumeTenantOutput, SuspendTenantOutput } from '../functions/contract/audit';
import { EvidenceSchema } from '../functions/isolation/evidence-report';
import type { StageConnection } from './stage-connection';

/** Milliseconds; AuditTenant gives up before. */
const PATIENCE = 180_000;

const FailureSchema = z.object({ errorType: z.string(), errorMessage: z.string() });

/** Calls a function as the operator: who may do that, and nothing else, can verify, suspend and resume. */
async function call<S extends z.ZodType>(
  { aws }: StageConnection,
  FunctionName: string,
  payload: object,
  answer: S,
): Promise<z.output<S>> {
  const client = new LambdaClient({ ...aws, maxAttempts: 1, requestHandler: { requestTimeout: PATIENCE } });
  const { FunctionError, Payload } = await client.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }),
  );
  const said: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
  if (!FunctionError) return answer.parse(said);
  const failure = FailureSchema.safeParse(said);
  throw new Error(failure.success ? `${failure.data.errorType}: ${failure.data.errorMessage}` : FunctionError);
}

/** ARN of whoever holds these credentials, for the report and the record. */
export async function callerOf({ aws }: StageConnection): Promise<string> {
  const { Arn } = await new STSClient(aws).send(new GetCallerIdentityCommand({}));
  return Arn ?? 'unknown';
}

const WholeAnswer = AuditTenantOutput.transform((answer, context) => {
  if (answer.verdict === 'skipped') return answer;
  const { success, data, error } = EvidenceSchema.safeParse(answer.evidence);
  if (success) return { ...answer, evidence: data };
  context.addIssue({ code: 'custom', message: `the report cannot be read: ${error.message}` });
  return z.NEVER;
});
export type Verification = z.output<typeof WholeAnswer>;

/** Verifies a tenant now, as the daily audit does, and leaves the same evidence. */
export async function verifyTenant(stage: StageConnection, tenant: string): Promise<Verification> {
  const payload = { tenant, verifiedBy: await callerOf(stage), whole: true };
  return await call(stage, stage.auditTenantFunctionName, payload, WholeAnswer);
}

export async function suspendTenant(stage: StageConnection, tenant: string, reason: string) {
  const payload = { tenant, by: await callerOf(stage), reason };
  return await call(stage, stage.suspendTenantFunctionName, payload, SuspendTenantOutput);
}

export async function resumeTenant(stage: StageConnection, tenant: string) {
  return await call(stage, stage.resumeTenantFunctionName, { tenant }, ResumeTenantOutput);
}
