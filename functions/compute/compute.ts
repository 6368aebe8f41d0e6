import type { CellDescriptor, Colour } from '../contract/cell';
import { PlatformError } from '../contract/errors';

/** Of a cell at one moment. A release adds to it what it has made live. */
export interface Live {
  readonly colour: Colour;
}

/**
 * What the rest of the platform asks of shared compute. Its adapters stand beside it, one for each source of an answer:
 * `ssm-cells.ts`, `table-live-colour.ts` and `ecs-services.ts`. A function asks for the methods that it uses
 * (`Pick<Compute, 'live'>`) and binds their adapters alone, so that it carries no client that it does not need.
 */
export interface Compute {
  /**
   * Every cell of the stage, ordered by name: earlier cells fill up first.
   *
   * @throws PlatformError `ConfigurationInvalid` when there is no cell, or the descriptor of one cannot be read
   */
  cells(): Promise<readonly CellDescriptor[]>;

  /**
   * The colour that is live in a cell at this moment. A tenant's rule forwards to `cell.targetGroupArns[colour]`.
   * The answer is never older than the question: ask right before the effect, and hand no answer on to a later step.
   *
   * @throws PlatformError `ConfigurationInvalid` when the cell has no live colour
   */
  live(cell: CellDescriptor): Promise<Live>;

  /**
   * A tenant gets no route to a service without a healthy task.
   *
   * @throws PlatformError `TransientServiceUnsteady` when no task of the colour's service can answer;
   * `ConfigurationInvalid` when the cell names a service that does not exist
   */
  requireHealthyService(cell: CellDescriptor, colour: Colour): Promise<void>;
}

/** @throws PlatformError `ConfigurationInvalid` when no cell has that name */
export function cellNamed(cells: readonly CellDescriptor[], name: string): CellDescriptor {
  const cell = cells.find((each) => each.name === name);
  if (cell) return cell;
  throw new PlatformError(
    'ConfigurationInvalid',
    `SSM parameter of cell ${name} not found; was the cell's stack deleted?`,
  );
}
