import { type Client, Pool, type PoolConfig } from 'pg';
import type { Database } from './tenant';

const ignore = () => undefined;

/**
 * A pool whose connections may have a transaction, and give it back. One that a query has left open ends with its connection:
 * it would take in what the next requests write, whose visitors are told that it is kept, and then the server ends it.
 */
export class TenantPool extends Pool implements Database {
  constructor(config: PoolConfig) {
    super(config);
    this.on('release', (failure, client) => {
      // The pool itself ends one that has failed.
      if (!failure && client.getTransactionStatus() !== 'I') void client.end();
    });
  }

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
