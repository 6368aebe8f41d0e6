import { InvokeCommand, type LambdaClient } from '@aws-sdk/client-lambda';
import { GetCallerIdentityCommand, type STSClient } from '@aws-sdk/client-sts';
import * as z from 'zod';
import { AuditTenantOutput, ResumeTenantOutput, SuspendTenantOutput } from '../../functions/contract/audit';
import { EvidenceSchema } from '../../functions/isolation/evidence-report';

/** Clients with the operator's own credentials: IAM decides who may verify, suspend and resume. */
export interface Operator {
  readonly lambda: Pick<LambdaClient, 'send'>;
  readonly sts: Pick<STSClient, 'send'>;
}

/** One attempt, as a verification is not repeated unasked; milliseconds, more than AuditTenant's own timeout. */
export const INVOCATION = { maxAttempts: 1, requestHandler: { requestTimeout: 180_000 } } as const;

const FailureSchema = z.object({ errorType: z.string(), errorMessage: z.string() });

/** @throws Error with the function's own error name and message */
async function call<S extends z.ZodType>(
  { lambda }: Operator,
  FunctionName: string,
  payload: object,
  answer: S,
): Promise<z.output<S>> {
  const { FunctionError, Payload } = await lambda.send(
    new InvokeCommand({ FunctionName, Payload: JSON.stringify(payload) }),
  );
  const returned: unknown = JSON.parse(Payload?.transformToString() ?? 'null');
  if (!FunctionError) return answer.parse(returned);
  const failure = FailureSchema.safeParse(returned);
  throw new Error(failure.success ? `${failure.data.errorType}: ${failure.data.errorMessage}` : FunctionError);
}

/** ARN of the operator, for the report and the record. */
export async function callerOf({ sts }: Operator): Promise<string> {
  const { Arn } = await sts.send(new GetCallerIdentityCommand({}));
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

export async function verifyTenant(operator: Operator, functionName: string, tenant: string): Promise<Verification> {
  const payload = { tenant, verifiedBy: await callerOf(operator), whole: true };
  return await call(operator, functionName, payload, WholeAnswer);
}

export async function suspendTenant(operator: Operator, functionName: string, tenant: string, reason: string) {
  const payload = { tenant, by: await callerOf(operator), reason };
  return await call(operator, functionName, payload, SuspendTenantOutput);
}

export async function resumeTenant(operator: Operator, functionName: string, tenant: string) {
  return await call(operator, functionName, { tenant }, ResumeTenantOutput);
}
