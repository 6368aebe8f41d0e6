import { Sha256 } from '@smithy/core/checksum';
import { buildQueryString, HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import type { SessionCredentials } from '../../tenants/tenant-session';

export interface LoginToken {
  readonly hostname: string;
  readonly port: number;
  readonly username: string;
  readonly region: string;
  readonly credentials: SessionCredentials;
}

/** "IAM database authentication": a token is good for 15 minutes. */
const TOKEN_SECONDS = 900;

/**
 * A token for a database login, byte for byte as the SDK's `Signer` signs it, at any time: an expired
 * token must differ from a good one in nothing else. `Signer` signs for now alone, and brings all sources of
 * credentials with it.
 */
export async function loginTokenOf(
  { hostname, port, username, region, credentials }: LoginToken,
  signingDate: Date,
): Promise<string> {
  const signer = new SignatureV4({ service: 'rds-db', region, credentials, sha256: Sha256 });
  const request = new HttpRequest({
    method: 'GET',
    protocol: 'https:',
    hostname,
    port,
    query: { Action: 'connect', DBUser: username },
    headers: { host: `${hostname}:${port}` },
  });
  const { query } = await signer.presign(request, { expiresIn: TOKEN_SECONDS, signingDate });
  return `${hostname}:${port}/?${buildQueryString(query ?? {})}`;
}
