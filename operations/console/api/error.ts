import * as z from 'zod';

export const ApiErrorSchema = z.object({
  /** Error name of the platform or of AWS, or InvalidRequest, Unauthorized, ... of the console. */
  error: z.string(),
  message: z.string(),
  /** The parameter or the field of the body that is wrong, as a path: `signup.subdomain`. */
  field: z.string().optional(),
  /** The runbook's advice on the error. */
  advice: z.string().optional(),
});
export type ApiError = z.infer<typeof ApiErrorSchema>;
