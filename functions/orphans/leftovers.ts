/** A resource that a tenant has, or had. */
export interface Leftover {
  readonly tenantId: string;
  /** The name, id or ARN by which an operator finds the resource in AWS. */
  readonly id: string;
}

/** One kind of thing that an onboarding makes, or that AWS makes by itself for what an onboarding made. */
export interface LeftoverKind {
  readonly kind: string;
  /** Lists all resources of that kind, of all tenants. */
  readonly list: () => AsyncIterable<Leftover>;
  /** Whether a resource that belongs to no tenant still exists: a key in its deletion window is not. */
  readonly stands?: (leftover: Leftover) => Promise<boolean>;
  /**
   * Whether a living tenant has the resource without needing it: a second key beside the one that it
   * uses. Such a resource is reported, and never removed.
   */
  readonly isSurplus?: (leftover: Leftover) => Promise<boolean>;
  /**
   * Removes the resource, and tolerates that it is gone. A kind without this method is only
   * reported.
   */
  readonly remove?: (leftover: Leftover) => Promise<unknown>;
}
