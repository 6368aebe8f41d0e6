import type { Client, Pool } from 'pg';
import * as z from 'zod';
import { emailAddress } from '../functions/contract/signup';

/** PostgreSQL keeps every character but this one ("Character Types"). */
const text = z.string().regex(/^[^\0]*$/);
/** A browser counts a line break as one character against `maxlength`, and sends two ("Form control infrastructure", HTML). */
const asCounted = (words: string) => words.replaceAll('\r\n', '\n');

/**
 * Fields of the form. The id was made with the form, so a form that is sent twice makes one lead.
 */
export const LeadSchema = z.object({
  id: z.uuid(),
  name: text.trim().min(1).max(200),
  email: emailAddress,
  message: text.transform(asCounted).pipe(z.string().max(2000)).default(''),
});
type Lead = z.output<typeof LeadSchema>;

const MOST_LISTED = 100;

/**
 * Keeps a lead, once, however often it is sent.
 *
 * @returns false when another lead has the form's id: the visitor went back and changed what was sent
 */
export async function keepLead(database: Pick<Pool, 'query'>, lead: Lead): Promise<boolean> {
  const values = [lead.id, lead.name, lead.email, lead.message];
  const { rowCount } = await database.query(
    'INSERT INTO leads (id, name, email, message) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO NOTHING',
    values,
  );
  if (rowCount === 1) return true;
  const { rows } = await database.query(
    'SELECT FROM leads WHERE id = $1 AND name = $2 AND email = $3 AND message = $4',
    values,
  );
  return rows.length === 1;
}

/** The newest leads of the tenant. */
export async function listLeads(database: Client): Promise<unknown[]> {
  const { rows } = await database.query(
    'SELECT id, name, email, message, received_at AS "receivedAt" FROM leads ORDER BY received_at DESC, id LIMIT $1',
    [MOST_LISTED],
  );
  return rows;
}
