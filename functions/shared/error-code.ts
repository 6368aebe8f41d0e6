import * as z from 'zod';

const ErrorSchema = z.looseObject({ code: z.string() });

/** The code of an error of `pg` (the SQL state) or of Node (of a connection); empty where it has none. */
export const codeOf = (thrown: unknown): string => ErrorSchema.safeParse(thrown).data?.code ?? '';
