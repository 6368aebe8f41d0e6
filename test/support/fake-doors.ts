import type { Attempt } from '../../functions/isolation/probes/attempt';
import type { Doors, ObjectTrial, Terms, Visitor } from '../../functions/isolation/probes/doors';
import { decoyTermsOf, termsOf } from '../../functions/isolation/probes/terms';
import type { Subject } from '../../functions/isolation/subject';
import { SETTING_UP_PAGE } from '../../functions/routing/host-rule';

const told = ({ roleArn: role, externalId, tenantId: tag }: Terms) => `take on ${role} ${externalId} ${tag}`;

/** Doors that are shut but for those named in `open`: `WHO ACTION THING`. Hosts without an answer get 404. */
export class FakeDoors implements Doors {
  readonly open = new Set<string>();
  readonly answers: Record<string, number> = {};
  token: string | undefined;
  readonly tenant = this.visitor('tenant');
  readonly decoy = this.visitor('decoy');
  readonly tenantsObject: ObjectTrial;
  readonly decoysObject: ObjectTrial;

  constructor(subject: Subject) {
    const { key, stacks, cell, tenant } = subject;
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
      for (const action of ['list', 'read', 'write', 'put']) this.open.add(`${who} ${action} ${its.bucket}`);
      this.open
        .add(`${who} use key ${its.key}`)
        .add(`${who} key round trip ${its.key}`)
        .add(`${who} read secret ${its.secret}`);
    }
    this.open.add(`platform ${told(termsOf(subject))}`).add(`platform ${told(decoyTermsOf(subject))}`);
    this.answers[tenant.host] = subject.routed ? 200 : 503;
    this.tenantsObject = this.object('tenant', own.bucket, 'decoy');
    this.decoysObject = this.object('decoy', decoys.bucket, 'tenant');
  }

  readonly takeOn = async (terms: Terms) => this.at(`platform ${told(terms)}`);
  readonly request = async (host: string) => ({ status: this.answers[host] ?? 404, body: SETTING_UP_PAGE });
  readonly eventually = (tryDoor: () => Promise<Attempt>) => tryDoor();

  private at(door: string): Attempt {
    return this.open.has(door) ? { opened: true } : { opened: false, refusal: 'AccessDenied' };
  }

  private object(owner: string, bucket: string, other: string): ObjectTrial {
    const read = (who: string) => async () => this.at(`${who} read ${bucket}`);
    return { written: async () => this.at(`${owner} put ${bucket}`), readBack: read(owner), readByOther: read(other) };
  }

  private visitor(who: string): Visitor {
    return {
      list: async (bucket) => this.at(`${who} list ${bucket}`),
      write: async (bucket, encryption) =>
        this.at(`${who} write ${bucket}${encryption ? ` ${Object.values(encryption).join(' ')}` : ''}`),
      useKey: async (keyArn) => this.at(`${who} use key ${keyArn}`),
      keyRoundTrip: async (keyArn) => this.at(`${who} key round trip ${keyArn}`),
      readSecret: async (secretArn) => this.at(`${who} read secret ${secretArn}`),
      takeOn: async (terms) => this.at(`${who} ${told(terms)}`),
      signLogin: async (host, port, user) => this.token ?? `${host}:${port}/?Action=connect&DBUser=${user}`,
    };
  }
}

export const takingOn = told;
