import { tenantIdIn } from '../../functions/contract/naming';

/** Something that costs money or holds a name: what is left of it after an onboarding belongs to a living tenant, or is an orphan. */
export interface Holding {
  /** Of what kind and in what state: `ec2 subnet`, `stack CREATE_COMPLETE protected` ... */
  readonly kind: string;
  readonly name: string;
  /** Whose it is, by name or tag; absent where nothing on it says so. */
  readonly tenantId?: string;
}

/** The tenant that the first of these names, ARNs and tag values to name one speaks of. */
export function tenantIn(...texts: (string | undefined)[]): string | undefined {
  return texts.map((text = '') => tenantIdIn(text)).find((tenantId) => tenantId !== undefined);
}

export interface Tag {
  readonly Key?: string | undefined;
  readonly Value?: string | undefined;
}

/** @param about further texts that may name the tenant */
export function holding(kind: string, name = '', tags: readonly Tag[] = [], ...about: (string | undefined)[]): Holding {
  const tagged = tags.find(({ Key }) => Key === 'tenantId')?.Value;
  const tenantId = tenantIn(tagged, name, ...about);
  return { kind, name, ...(tenantId && { tenantId }) };
}
