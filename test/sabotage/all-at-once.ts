import pc from 'picocolors';
import type { Answer } from '../../functions/isolation/report';
import { type SharedTarget, type SharedTechnique, sharedBreaches } from './surroundings-target';
import { breaches, type Target } from './target';
import type { AttackTechnique, Detonated } from './technique';

/** A technique that was in force beside the others, and whether the report named its check. */
export interface InForce {
  readonly technique: string;
  readonly check: string;
  readonly named: boolean;
  /** What the check said, where it did not fail. */
  readonly said?: string;
}

export interface AtOnce {
  readonly inForce: readonly InForce[];
  /** Techniques that cannot stand beside the others, each with the reason. */
  readonly apart: readonly { readonly technique: string; readonly reason: string }[];
}

const NO_DOOR = 'no door of the tenant would open any more';
const OPENED = 'another technique lets the role do everything, this too';
const ONE_TRUST = 'the trust has one set of terms, and another technique writes it';
const ONE_ROTATION = 'a secret has one rotation, which another technique gives to a strange function';
const ONE_ACTION = 'the rule has one action, and another technique writes it';
const OTHER_CELL = 'the cell’s own group, role or bucket would not be asked about any more';
const NO_LOGIN = 'nobody could look behind the door of the database any more';
const NO_REPLICA = 'nobody could ask the replica any more';
const MASTER_BY_TOKEN = 'another technique makes the master user one of rds_iam, whom RDS lets in over TLS alone';
const OTHER_RULE = 'a rule of another technique answers first';

/** Techniques that take away what other techniques, or their checks, work with; and those that others undo. */
const APART: Readonly<Record<string, string>> = {
  'disable the key': NO_DOOR,
  'schedule the deletion of the key': NO_DOOR,
  'shut the decoy out of its own key': 'no door of the decoy would open any more',
  'shut the decoy out of its own secret': 'a denial of the decoy’s secret would prove nothing any more',
  'delete the secret, to be restored for a week': 'the secret could not be changed any more',
  'put a database under another key in the place of the tenant’s': 'the database would be another one',
  'turn IAM authentication off': NO_LOGIN,
  'take rds_iam from the application': NO_LOGIN,
  'let the application no longer log in': NO_LOGIN,
  'take rds_iam from the reader': NO_REPLICA,
  'let the reader connect once at a time': 'the replica refuses a second login of its reader for want of room',
  'turn the replica’s IAM authentication off': NO_REPLICA,
  'let the application log in with the master password': NO_LOGIN,
  'say of the tenant that its database is of an earlier release': 'an earlier release left other databases open',
  'let the master user log in without TLS': MASTER_BY_TOKEN,
  'let the master user log in to the replica without TLS': MASTER_BY_TOKEN,
  'stop the database': 'a stopped database cannot be changed',
  'delete the bucket’s policy': 'the policy could not be changed any more',
  'ask for a change in tonight’s maintenance window': 'a change that is made at once brings the waiting ones with it',
  'set the master password to a known one': 'another technique writes a new version of the secret, as a rotation does',
  'cancel the rotation of the master password': ONE_ROTATION,
  'rotate the master password once in two years': ONE_ROTATION,
  'rotate the master password on the 31st of a month alone': ONE_ROTATION,
  'deny the role writing to its bucket': OPENED,
  'deny the role reading from its bucket': OPENED,
  'deny the role use of its key': OPENED,
  'deny the role describing its key': OPENED,
  'leave the account no more than a look at the key': 'another technique lets the account do everything with the key',
  'deny the role reading its secret': 'the server that the secret names could not be read',
  'deny the role logging in': OPENED,
  'require the external ID only when one is given': ONE_TRUST,
  'take another tenant’s external id as well': ONE_TRUST,
  'require the session tag only when one is set': ONE_TRUST,
  'forward the tenant’s requests to strange targets': ONE_ACTION,
  'forward some of the tenant’s requests to strange targets': ONE_ACTION,
  'send the tenant’s visitors elsewhere': ONE_ACTION,
  'keep the tenant’s visitors at the colour that has answered them first': ONE_ACTION,
  'forward the tenant’s requests to the colour where nothing runs': OTHER_RULE,
  'name a stranger’s target group in the cell’s descriptor': OTHER_CELL,
  'name a stranger’s task role in the cell’s descriptor': OTHER_CELL,
  'name another bucket for access logs in the cell’s descriptor': OTHER_CELL,
  'run an image of the releases’ repository that nobody released': 'another technique gives the service its image',
  'answer for every other host of the domain': OTHER_RULE,
  'let the tenant’s rule answer for hosts below its own': OTHER_RULE,
};

const reasonOf = (thrown: unknown) => (thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown));

type Named = Pick<AttackTechnique, 'name' | 'check'>;

/**
 * Detonates every technique that can stand beside the others, and then asks all checks once. Nothing
 * is reverted: the platform ends with the run.
 *
 * @param detonate gets the next technique
 * @param ask returns the answers that have not passed
 */
async function together<T extends Named>(
  techniques: readonly T[],
  detonate: (technique: T) => Promise<Detonated>,
  ask: () => Promise<readonly Answer[]>,
): Promise<AtOnce> {
  const detonated: (Named & Detonated)[] = [];
  const apart: { technique: string; reason: string }[] = [];
  for (const technique of techniques) {
    const { name, check } = technique;
    const reason = APART[name];
    if (reason) {
      apart.push({ technique: name, reason });
      continue;
    }
    try {
      detonated.push({ name, check, ...(await detonate(technique)) });
    } catch (thrown) {
      apart.push({ technique: name, reason: `another technique is in its way: ${reasonOf(thrown)}` });
    }
  }
  const answers = await ask();
  const verdictOn = ({ name, check, expectedEvidence }: Named & Detonated): InForce => {
    const answer = answers.find(({ id }) => id === check);
    const evidence = answer?.evidence ?? 'passed';
    // Some techniques leave a check without an answer; then its evidence has to say so.
    const named = answer !== undefined && (answer.open === undefined || evidence.includes(expectedEvidence));
    return { technique: name, check, named, ...(!named && { said: evidence }) };
  };
  return { inForce: detonated.map(verdictOn), apart };
}

/** Everything at once that breaks one tenant, and then what breaks what all tenants share. */
export async function allAtOnce(
  target: Target,
  techniques: readonly AttackTechnique[],
  surroundings: SharedTarget,
  shared: readonly SharedTechnique[],
): Promise<AtOnce> {
  let { subject } = target;
  const ofTenant = await together(
    techniques,
    async (technique) => {
      const detonated = await technique.detonate({ ...target, subject });
      subject = detonated.believed ?? subject;
      return detonated;
    },
    () => breaches({ ...target, subject }),
  );
  const ofAll = await together(
    shared,
    (technique) => technique.detonate(surroundings),
    () => sharedBreaches(surroundings),
  );
  return { inForce: [...ofTenant.inForce, ...ofAll.inForce], apart: [...ofTenant.apart, ...ofAll.apart] };
}

export const allNamed = ({ inForce }: AtOnce) => inForce.every(({ named }) => named);

export function atOnceLines({ inForce, apart }: AtOnce): string[] {
  const missed = inForce.filter(({ named }) => !named);
  const checks = new Set(inForce.map(({ check }) => check));
  const closing = `all at once: ${inForce.length} attack techniques in force, ${checks.size} checks expected, ${missed.length} not named`;
  return [
    '\nall at once',
    ...apart.map(({ technique, reason }) => `apart: ${technique}: ${reason.slice(0, 160)}`),
    ...missed.map(({ technique, check, said }) => pc.red(`not named: ${check}, for ${technique}: ${said}`)),
    missed.length === 0 ? pc.green(closing) : pc.red(closing),
  ];
}
