import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { STSClient } from '@aws-sdk/client-sts';
import { fromHttp } from '@aws-sdk/credential-providers';
import { Signer } from '@aws-sdk/rds-signer';
import { Client } from 'pg';
import * as z from 'zod';
import { DATABASE_NAME, tenantNames } from '../../functions/contract/naming';
import type { RouteRecord } from '../../functions/contract/records';
import { findRoute } from '../../functions/tenants/routes';
import { assumeTenantRole } from '../../functions/tenants/tenant-session';
import type { ReleaseStage } from '../releases/stage';

const SecretSchema = z.object({ username: z.string(), password: z.string() });

/** The database of a tenant in service: logins beside those of the shared service. */
export class TenantDoor {
  private constructor(
    private readonly stage: ReleaseStage,
    private readonly ca: string,
    readonly route: RouteRecord,
    private readonly address: NonNullable<RouteRecord['database']>,
  ) {}

  static async of(stage: ReleaseStage, host: string): Promise<TenantDoor> {
    const route = await findRoute(stage.client.table, host);
    if (!route?.database) throw new Error(`${host} has no database`);
    return new TenantDoor(stage, await stage.platform.emulator.databaseCertificates(), route, route.database);
  }

  get host(): string {
    return this.route.host;
  }

  get instance(): string {
    return tenantNames.database(this.route.tenantId);
  }

  /** A token with which the tenant's reader reads, at the replica where the plan has one. */
  readerToken(): Promise<string> {
    return this.tokenOf(tenantNames.databaseReader(this.route.tenantId), this.address.replica ?? this.address);
  }

  /** A session with a token of the application's user, as a script has one. */
  async script(): Promise<Client> {
    const user = tenantNames.databaseUser(this.route.tenantId);
    return await this.connected(user, await this.tokenOf(user, this.address));
  }

  /** A session of the master user, with the secret that the tenant's role alone may read. */
  async master(): Promise<Client> {
    const { platform, cell } = this.stage;
    const task = fromHttp({
      awsContainerCredentialsFullUri: platform.emulator.containerCredentialsUrl(cell.taskRoleArn),
    });
    const sts = new STSClient({ ...platform.aws, credentials: task });
    const credentials = await assumeTenantRole(sts, this.route, 'bench-leads');
    const { SecretString = '' } = await new SecretsManagerClient({ ...platform.aws, credentials }).send(
      new GetSecretValueCommand({ SecretId: tenantNames.secret(this.route.tenantId) }),
    );
    const { username, password } = SecretSchema.parse(JSON.parse(SecretString));
    return await this.connected(username, password);
  }

  private async connected(user: string, password: string): Promise<Client> {
    const { host, port } = this.address;
    const client = new Client({ host, port, user, password, database: DATABASE_NAME, ssl: { ca: this.ca } });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  private tokenOf(username: string, { host: hostname, port }: { host: string; port: number }): Promise<string> {
    return new Signer({ ...this.stage.platform.aws, hostname, port, username }).getAuthToken();
  }
}
