import { DATABASE_MASTER } from '../../functions/contract/naming';
import type { Attempt } from '../../functions/isolation/probes/attempt';
import type {
  ObjectProbe,
  OwnDoors,
  Probes,
  SecretTarget,
  TenantSession,
} from '../../functions/isolation/probes/probes';
import { decoyTermsOf, termsOf } from '../../functions/isolation/probes/terms';
import type { Subject } from '../../functions/isolation/subject';
import { SETTING_UP_PAGE } from '../../functions/routing/host-rule';
import type { SessionTerms } from '../../functions/tenants/tenant-session';
import { healthyDoor } from './healthy-door';

/** What AWS is asked when somebody assumes a role on these terms, as `FakeProbes.allowed` spells it. */
export const assuming = ({ roleArn: role, externalId, tenantId: tag }: SessionTerms) =>
  `assume ${role} ${externalId} ${tag}`;

/** Probes that are denied, except those in `allowed`: `WHO ACTION THING`. Hosts without an answer get 404. */
export class FakeProbes implements Probes {
  readonly allowed = new Set<string>();
  readonly answers: Record<string, number> = {};
  readonly bodies: Record<string, string> = {};
  target: SecretTarget = { username: DATABASE_MASTER };
  token: string | undefined;
  /** What the door of the database answers. */
  readonly door: ReturnType<typeof healthyDoor>;
  /** Why it cannot be asked. */
  closed: Error | undefined;
  readonly tenant = this.session('tenant');
  readonly decoy = this.session('decoy');
  readonly own: { readonly tenant: OwnDoors; readonly decoy: OwnDoors };
  readonly tenantsObject: ObjectProbe;
  readonly decoysObject: ObjectProbe;

  constructor(subject: Subject) {
    const { key, stacks, cell, tenant } = subject;
    const { EndpointAddress: host, EndpointPort: port } = stacks.database.outputs;
    this.target = { host, port, username: DATABASE_MASTER };
    this.door = healthyDoor(tenant.tenantId);
    const own = {
      bucket: stacks.storage.outputs.BucketName,
      key: key.keyArn,
      secret: stacks.database.outputs.SecretArn,
    };
    const decoys = { bucket: cell.decoy.bucketName, key: cell.decoy.keyArn, secret: cell.decoy.secretArn };
    for (const [who, its] of [
      ['tenant', own],
      ['decoy', decoys],
    ] as const) {
      for (const action of ['list', 'read', 'write', 'put']) this.allowed.add(`${who} ${action} ${its.bucket}`);
      this.allowed
        .add(`${who} use key ${its.key}`)
        .add(`${who} key round trip ${its.key}`)
        .add(`${who} read secret ${its.secret}`);
    }
    this.allowed.add(`platform ${assuming(termsOf(subject))}`).add(`platform ${assuming(decoyTermsOf(subject))}`);
    this.answers[tenant.host] = subject.routed ? 200 : 503;
    this.tenantsObject = this.object('tenant', own.bucket, 'decoy');
    this.decoysObject = this.object('decoy', decoys.bucket, 'tenant');
    this.own = {
      tenant: {
        session: () => this.assumeRole(termsOf(subject)),
        bucket: this.tenantsObject.opened,
        key: () => this.tenant.keyRoundTrip(own.key),
        secret: () => this.tenant.readSecret(own.secret),
      },
      decoy: {
        session: () => this.assumeRole(decoyTermsOf(subject)),
        bucket: this.decoysObject.opened,
        key: () => this.decoy.useKey(decoys.key),
        secret: () => this.decoy.readSecret(decoys.secret),
      },
    };
  }

  readonly databaseAsked = Promise.resolve();

  readonly database = async () => {
    if (this.closed) throw this.closed;
    return this.door;
  };
  readonly assumeRole = async (terms: SessionTerms) => this.at(`platform ${assuming(terms)}`);
  readonly request = async (host: string) => ({
    status: this.answers[host] ?? 404,
    body: this.bodies[host] ?? SETTING_UP_PAGE,
  });

  private at(probe: string): Attempt {
    return this.allowed.has(probe) ? { allowed: true } : { allowed: false, denial: 'AccessDenied' };
  }

  private object(owner: string, bucket: string, other: string): ObjectProbe {
    const read = (who: string) => async () => this.at(`${who} read ${bucket}`);
    const written = async () => this.at(`${owner} put ${bucket}`);
    const opened = async () => {
      const attempt = await written();
      return attempt.allowed ? read(owner)() : attempt;
    };
    return { opened, written, readBack: read(owner), readByOther: read(other) };
  }

  private session(who: string): TenantSession {
    return {
      list: async (bucket) => this.at(`${who} list ${bucket}`),
      write: async (bucket, encryption) =>
        this.at(`${who} write ${bucket}${encryption ? ` ${Object.values(encryption).join(' ')}` : ''}`),
      useKey: async (keyArn) => this.at(`${who} use key ${keyArn}`),
      keyRoundTrip: async (keyArn) => this.at(`${who} key round trip ${keyArn}`),
      readSecret: async (secretArn) => this.at(`${who} read secret ${secretArn}`),
      secretPassword: async () => 'master-password',
      secretTarget: async () => this.target,
      assumeRole: async (terms) => this.at(`${who} ${assuming(terms)}`),
      signLogin: async (host, port, user) => this.token ?? `${host}:${port}/?Action=connect&DBUser=${user}`,
    };
  }
}
