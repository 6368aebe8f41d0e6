import { CfnOutput, type Stack } from 'aws-cdk-lib';
import type * as z from 'zod';
import { outputName } from '../../functions/contract/outputs';

/** Declares a stack output for each field of the schema, with the field's description. */
export function declareOutputs<S extends Record<string, z.ZodString | z.ZodURL>>(
  stack: Stack,
  { shape }: z.ZodObject<S>,
  values: Readonly<Record<keyof S & string, string>>,
): void {
  for (const [key, value] of Object.entries<string>(values)) {
    const description = shape[key]?.description;
    new CfnOutput(stack, outputName(key), { value, ...(description && { description }) });
  }
}
