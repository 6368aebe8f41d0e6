import { platformStackName } from '../../functions/contract/naming';

export const FOUNDATION = platformStackName('Foundation');
export const CONTROL_PLANE = platformStackName('ControlPlane');
export const DELIVERY = platformStackName('Delivery');
const CELL = platformStackName('Cell-');
export const cellStackName = (cell: string) => `${CELL}${cell}`;
/** The cell of the stack with this name; undefined when it is not a cell's stack. */
export const cellOfStack = (stackName: string) =>
  stackName.startsWith(CELL) ? stackName.slice(CELL.length) : undefined;
