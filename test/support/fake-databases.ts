import type { StackOutputs } from '../../functions/contract/stacks';
import { awsError, FakeClient } from './fake-client';

/** The instances of RDS, by id, and which are protected from deletion. */
export class FakeDatabases extends FakeClient {
  readonly instances = new Map<string, { protectedFromDeletion: boolean }>();

  constructor() {
    super({
      ModifyDBInstanceCommand: (input: { DBInstanceIdentifier: string; DeletionProtection: boolean }) => {
        const instance = this.instances.get(input.DBInstanceIdentifier);
        if (!instance) return awsError('DBInstanceNotFoundFault');
        instance.protectedFromDeletion = input.DeletionProtection;
        return {};
      },
    });
  }

  /** The instances of a tenant's database stack. */
  addOf({ InstanceId, ReplicaId }: StackOutputs<'database'>): void {
    for (const id of [InstanceId, ReplicaId]) if (id) this.instances.set(id, { protectedFromDeletion: false });
  }

  get protectedIds(): string[] {
    return [...this.instances].filter(([, each]) => each.protectedFromDeletion).map(([id]) => id);
  }
}
