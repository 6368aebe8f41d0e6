export const FOUNDATION = 'TenantOnboarding-Foundation';
export const CONTROL_PLANE = 'TenantOnboarding-ControlPlane';
export const DELIVERY = 'TenantOnboarding-Delivery';
const CELL = 'TenantOnboarding-Cell-';
export const cellStackName = (cell: string) => `${CELL}${cell}`;
/** The cell of that stack; undefined when it is none of a cell. */
export const cellOfStack = (stackName: string) =>
  stackName.startsWith(CELL) ? stackName.slice(CELL.length) : undefined;
