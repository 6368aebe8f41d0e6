import { type ECRClient, GetRepositoryPolicyCommand } from '@aws-sdk/client-ecr';
import { SERVICE_REPOSITORY } from '../../contract/naming';
import { itemKeys, LiveColourSchema, ReleaseClaimSchema } from '../../contract/records';
import { unlessNamed } from '../../shared/unless';
import { readItems } from '../../tenants/read-items';
import type { TenantsTable } from '../../tenants/tenants-table';
import { readOnce } from '../facts/reading';
import { policyIfAny, type Statement } from '../policy-document';

export interface ImageFacts {
  /** Of the repository of the shared service's images. */
  readonly repositoryPolicy: () => Promise<readonly Statement[]>;
  /** Digests of the images that releases have brought to the cell: the live one, the one before, that of the last release. */
  readonly released: () => Promise<readonly string[]>;
}

/** The policy is the same for all cells. */
export const repositoryPolicy = (client: ECRClient) =>
  readOnce(async () => {
    const asked = client.send(new GetRepositoryPolicyCommand({ repositoryName: SERVICE_REPOSITORY }));
    return policyIfAny((await unlessNamed(asked, 'RepositoryPolicyNotFoundException'))?.policyText);
  });

const RecordedSchema = LiveColourSchema.pick({ digest: true, formerDigest: true });
const ClaimedSchema = ReleaseClaimSchema.pick({ digest: true });

/** What releases have left on record about a cell. */
export const releasedDigests = (table: TenantsTable, cell: string) =>
  readOnce(async () => {
    const [live, claim] = await readItems(table, [itemKeys.liveColour(cell), itemKeys.release(cell)]);
    const { digest, formerDigest } = RecordedSchema.safeParse(live).data ?? {};
    const released = ClaimedSchema.safeParse(claim).data?.digest;
    return [digest, formerDigest, released].flatMap((each) => each ?? []);
  });
