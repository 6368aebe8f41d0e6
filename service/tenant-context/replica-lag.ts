import type { Client } from 'pg';

/**
 * A standby that has replayed all that it gets is not behind, however long ago the last write was. One that gets nothing
 * may lack anything since the last write that it knows ("System Administration Functions", Recovery Information).
 *
 * Seen of a standby whose connection to its source is open and silent, as in a network partition: nobody but a member of pg_monitor
 * can tell it from one that has all, until it gives the connection up (`wal_receiver_timeout`, a minute by default).
 */
const LAG = `
  SELECT CASE
    WHEN NOT pg_is_in_recovery() THEN 0
    WHEN pg_last_wal_receive_lsn() = pg_last_wal_replay_lsn() AND EXISTS (SELECT FROM pg_stat_wal_receiver) THEN 0
    ELSE extract(epoch FROM clock_timestamp() - pg_last_xact_replay_timestamp()) END::float8 AS seconds`;

/** Seconds by which a server's data is older than its source's; 0 at a source. */
export async function lagOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ seconds: number | null }>(LAG);
  return rows[0]?.seconds ?? Number.POSITIVE_INFINITY;
}
