import { type Client, Pool } from 'pg';
import type { Database } from './tenant';

const ignore = () => undefined;

/** A pool whose connections may have a transaction. */
export class TenantPool extends Pool implements Database {
  async transaction<T>(work: (session: Pick<Client, 'query'>) => Promise<T>): Promise<T> {
    const session = await this.connect();
    // Without a handler, a server that stops between two statements would end this process.
    session.on('error', ignore);
    let isKept = false;
    try {
      await session.query('BEGIN');
      const result = await work(session);
      const { command } = await session.query('COMMIT');
      // "COMMIT" (PostgreSQL): of a transaction in which a statement has failed, nothing is kept, and that is no error.
      if (command !== 'COMMIT') throw new Error('a statement of the transaction has failed: nothing was kept');
      isKept = true;
      return result;
    } finally {
      session.off('error', ignore);
      // The server takes back what a connection leaves open when it ends. A statement that got no answer may still run.
      session.release(!isKept);
    }
  }
}
