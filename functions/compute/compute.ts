import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';

/** The live colour of a cell at the moment of the question. */
export interface Live {
  readonly colour: Colour;
  /** The attempt of a release that is moving tenants of the cell: their placements that name it count. */
  readonly releasing?: string | undefined;
}

/** The cells of a stage. Somebody may have damaged the descriptor of one: the tenants of the others have no part in it. */
export interface ReadableCells {
  /** Ordered by name. */
  readonly cells: readonly CellDescriptor[];
  /** Why a descriptor cannot be parsed, by the cell's name. */
  readonly damaged: ReadonlyMap<string, PlatformError>;
}

/**
 * The port to shared compute: the questions that other rooms ask. Each source of an answer has an
 * adapter in this folder: `ssm-cells.ts`, `table-live-colour.ts`, `ecs-services.ts` and `target-health.ts`. A function
 * depends only on the methods that it calls (`Pick<Compute, 'live'>`) and binds only their adapters,
 * so its bundle has no client that it does not need.
 */
export interface Compute {
  /**
   * All cells of the stage, ordered by name. For whoever would take what belongs to a missing one for nobody's.
   *
   * @throws PlatformError `ConfigurationInvalid` when the stage has no cell, or when a descriptor
   * cannot be parsed
   */
  cells(): Promise<readonly CellDescriptor[]>;

  /**
   * The cells that can be read, for whoever needs one of them: the first cells fill up first.
   *
   * @throws PlatformError `ConfigurationInvalid` when the stage has no cell
   */
  readableCells(): Promise<ReadableCells>;

  /**
   * The colour that is live in a cell at this moment. A tenant's rule forwards to `cell.targetGroupArns[colour]`.
   * Ask right before the effect, and pass no answer on to a later state: a release may change the
   * colour in between.
   *
   * @throws PlatformError `ConfigurationInvalid` when the cell has no live colour
   */
  live(cell: CellDescriptor): Promise<Live>;

  /**
   * Whether the colour's service can answer requests. A tenant gets no route to one that cannot.
   *
   * @throws PlatformError `TransientServiceUnsteady` when no task of the colour's service can answer;
   * `ConfigurationInvalid` when the cell names a service that does not exist
   */
  requireHealthyService(cell: CellDescriptor, colour: Colour): Promise<void>;

  /**
   * Whether the load balancer has a target of the colour to send requests to. Ask right before a
   * rule is made to forward.
   *
   * @throws PlatformError `TransientServiceUnsteady` when the colour has no healthy target
   */
  requireHealthyTarget(cell: CellDescriptor, colour: Colour): Promise<void>;
}

/** @throws PlatformError `ConfigurationInvalid` when no cell has that name, or when its descriptor is damaged */
export function cellNamed({ cells, damaged }: ReadableCells, name: string): CellDescriptor {
  const cell = cells.find((each) => each.name === name);
  if (cell) return cell;
  throw (
    damaged.get(name) ??
    new PlatformError('ConfigurationInvalid', `SSM parameter of cell ${name} not found; was the cell's stack deleted?`)
  );
}

/**
 * @returns the cell that this is true of, if any
 * @throws PlatformError `ConfigurationInvalid` when no cell that can be read is it, and one cannot be read
 */
export function cellWhere(
  { cells, damaged }: ReadableCells,
  isIt: (cell: CellDescriptor) => boolean,
): CellDescriptor | undefined {
  const cell = cells.find(isIt);
  const [reason] = damaged.values();
  if (!cell && reason) throw reason;
  return cell;
}
