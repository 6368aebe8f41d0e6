import { SURROUNDINGS_CHECKS } from '../../functions/isolation/surroundings/checks';
import {
  type SurroundingsData as Data,
  healthySurroundings,
  surroundings,
  surroundingsFrom,
} from './healthy-surroundings';
import { policyOf } from './isolated-tenant';

/** The checks of the surroundings by the file of tests that spoils what they ask about. */
export const ROOMS = {
  serving: /^(?:routing\.(?!web-acl)|cell\.(?:service|descriptor))/,
  'web-acl': /^routing\.web-acl$/,
  cell: /^cell\.(?!service|descriptor)/,
  functions: /^platform\.(?:functions|permissions|images)$/,
  audit: /^audit\./,
  platform: /^(?:identity\.(?:trustees|reach)|platform\.(?:table|acts|bus|topic|evidence))$/,
  copies: /^database\.backup-plans$/,
} as const;

/** The check, what is wrong, how that comes about, and a part of the evidence for it. */
export type Breach = readonly [id: string, what: string, spoil: (data: Data) => void, evidence: string];
export type Harmless = readonly [id: string, what: string, change: (data: Data) => void];

/** Asks one check about healthy surroundings, spoilt in one place. */
export async function askSpoilt(id: string, spoil: (data: Data) => void = () => {}) {
  const check = SURROUNDINGS_CHECKS.find((each) => each.id === id);
  if (!check) throw new Error(`no check ${id}`);
  const data = structuredClone(healthySurroundings());
  spoil(data);
  return await check.run(surroundings, surroundingsFrom(data));
}

/** Each check of a room finds its breaches, of which it has at least one, and passes what is harmless. */
export function testRoom(room: keyof typeof ROOMS, breaches: readonly Breach[], harmless: readonly Harmless[] = []) {
  test.each(breaches)('%s fails on this breach: %s', async (id, _, spoil, expected) => {
    expect(await askSpoilt(id, spoil)).toEqual({ passed: false, evidence: expect.stringContaining(expected) });
  });

  if (harmless.length > 0)
    test.each(harmless)('%s does not fail on a harmless change: %s', async (id, _, change) => {
      expect(await askSpoilt(id, change)).toMatchObject({ passed: true });
    });

  test(`every check of ${room} has a breach here`, () => {
    const ids = SURROUNDINGS_CHECKS.map(({ id }) => id).filter((id) => ROOMS[room].test(id));
    expect(new Set(breaches.map(([id]) => id))).toEqual(new Set(ids));
  });
}

export const STRANGER = 'arn:aws:iam::999999999999:root';
export const stranger = (Action: string) => policyOf({ Sid: 'Support', Principal: { AWS: STRANGER }, Action });
export const first = <T>(list: readonly T[]) => list[0] as T;
/** The revision that the first service of the cell runs. */
export const definition = ({ cell: facts }: Data) => first(facts.definitions);

/** A further denial to everybody, in the policy of whatever resource. */
export const denial = (Action: string, Condition: Readonly<Record<string, Readonly<Record<string, string>>>>) =>
  policyOf({ ...{ Effect: 'Deny', Principal: '*', Action, Resource: '*' }, Condition } as const);
/** As an organization adds one to policies ("Data perimeters on AWS"). */
export const PERIMETER = denial('*', {
  StringNotEqualsIfExists: { 'aws:PrincipalOrgID': 'o-acme123456', 'aws:PrincipalAccount': '555555555555' },
  BoolIfExists: { 'aws:PrincipalIsAWSService': 'false' },
});
