import type { TenantsTable } from '../../functions/tenants/tenants-table';

type Turn = (command: string) => Promise<unknown>;

/**
 * The same fake, with a wait before each call: several users of it then meet in the order in which `turn` lets them go
 * (fast-check's scheduler tries many).
 */
export function takingTurns<C extends { readonly send: (command: never) => Promise<unknown> }>(
  client: C,
  turn: Turn,
): C {
  const send = async (command: object) => {
    await turn(command.constructor.name);
    return client.send(command as never);
  };
  return Object.create(client, { send: { value: send } });
}

export const tableTakingTurns = (table: TenantsTable, turn: Turn): TenantsTable => ({
  name: table.name,
  client: takingTurns(table.client, turn),
});
