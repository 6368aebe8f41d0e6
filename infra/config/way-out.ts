import type { StageConfig } from './stages';

type Ways = Pick<StageConfig, 'credentials'> & { readonly cells: readonly { name: string; natGateways: number }[] };

/**
 * On AWS the tasks of a cell pull their image, assume tenants' roles and write logs through a NAT
 * gateway. Gateway endpoints exist only for S3 and DynamoDB. The emulator runs tasks outside the
 * VPC.
 *
 * @throws Error for a cell without a NAT gateway in a stage on AWS: its services would never
 * become healthy
 */
export function requireWayOut({ credentials, cells }: Ways): void {
  if (credentials === 'cli') return;
  const closed = cells.filter(({ natGateways }) => natGateways < 1).map(({ name }) => name);
  if (closed.length > 0)
    throw new Error(`no NAT gateway in cell ${closed.join(', ')}: its tasks could not pull their image or call STS`);
}
