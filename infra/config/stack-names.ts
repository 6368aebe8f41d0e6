export const FOUNDATION = 'TenantOnboarding-Foundation';
export const CONTROL_PLANE = 'TenantOnboarding-ControlPlane';
export const DELIVERY = 'TenantOnboarding-Delivery';
const CELL = 'TenantOnboarding-Cell-';
export const cellStackName = (cell: string) => `${CELL}${cell}`;
/** The cell of the stack with this name; undefined when it is not a cell's stack. */
export const cellOfStack = (stackName: string) =>
  stackName.startsWith(CELL) ? stackName.slice(CELL.length) : undefined;
