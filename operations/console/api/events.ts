import * as z from 'zod';
import { ApiErrorSchema } from './error';

/**
 * What a page shows: it is told of changes to these only, and only these are asked of AWS.
 * The stream starts with an event without topics; what is read after it is never older than the
 * events that follow.
 * `tenants`, `cells`, `releases`, `audits`, `queues`, `acts`, `tenant:TENANTID`, `run:EXECUTIONARN`.
 */
const TopicSchema = z
  .string()
  .max(2100)
  .regex(/^(tenants|cells|releases|audits|queues|acts|tenant:[^\s]+|run:[^\s]+)$/);

/** Repeat `topic`. After a lost connection send `Last-Event-ID` with the id of the last event. */
export const EventsQuerySchema = z.strictObject({ topic: z.array(TopicSchema).max(20).default([]) });

/**
 * Events of the stream. Each has an `id`; a comment (`:`) arrives every 15 s as a heartbeat.
 * - `changed`: read again what is shown of these topics
 * - `reload`: events were missed (the console has started anew, or the pause was too long): read all again
 * - `problem`: AWS does not answer the console's questions (expired credentials); empty: it answers again
 */
export const ServerEventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('changed'), data: z.object({ topics: z.array(z.string()) }) }),
  z.object({ event: z.literal('reload'), data: z.object({}) }),
  z.object({ event: z.literal('problem'), data: ApiErrorSchema.partial() }),
]);
export type ServerEvent = z.infer<typeof ServerEventSchema>;
