import type { SessionCredentials } from '../../functions/tenants/tenant-session';

export const ROOT: SessionCredentials = { accessKeyId: 'test', secretAccessKey: 'test', sessionToken: '' };
export const MASTER = { user: 'tenant_admin', password: 'not-so-secret-1' };

export const hostOf = (subdomain: string) => `${subdomain}.funnels.example`;
export const lead = (change: Record<string, string> = {}) => ({
  id: '0195f000-0000-7000-8000-000000000001',
  name: 'Jo',
  email: 'jo@example.org',
  message: 'Hello',
  ...change,
});
