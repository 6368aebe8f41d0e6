export const FOUNDATION = 'TenantOnboarding-Foundation';
export const CONTROL_PLANE = 'TenantOnboarding-ControlPlane';
export const cellStackName = (cell: string) => `TenantOnboarding-Cell-${cell}`;
