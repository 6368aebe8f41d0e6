import { DescribeCertificateCommand } from '@aws-sdk/client-acm';
import { GetAWSDefaultServiceQuotaCommand, GetServiceQuotaCommand } from '@aws-sdk/client-service-quotas';
import { cellCapacity } from '../../../infra/config/cell-capacity';
import { placeholdersIn, requireFilledIn } from '../../../infra/config/placeholders';
import { CONTROL_PLANE, cellStackName, DELIVERY, FOUNDATION } from '../../../infra/config/stack-names';
import { type StageConfig, stages } from '../../../infra/config/stages';
import { certificateFindings } from '../../../infra/preflight/certificate';
import { asked, type Finding } from '../../../infra/preflight/finding';
import { ruleFindings } from '../../../infra/preflight/load-balancer-limits';
import { isReady } from '../../../infra/preflight/preflight';
import { neededQuotas, quotaFindings } from '../../../infra/preflight/quotas';
import { awsError, FakeClient } from '../../support/fake-client';

const DAY = 86_400_000;
const NOW = new Date('2026-06-01T00:00:00.000Z');

describe('D9: placeholders', () => {
  const filled: StageConfig = {
    ...stages.prod,
    env: { account: '492837465019', region: 'eu-central-1' },
    billingAccountId: '583920174652',
    domain: 'funnels.acme.io',
    certificateArn: 'arn:aws:acm:eu-central-1:492837465019:certificate/0c1d2e3f-0000-4000-8000-0123456789ab',
    alarmEmail: 'operations@acme.io',
    runbookUrl: 'https://git.acme.io/tenant-onboarding/docs/runbook.md',
  };

  test('are not found in a stage that is filled in', () => {
    expect(placeholdersIn(filled)).toEqual([]);
    expect(() => requireFilledIn('prod', filled)).not.toThrow();
  });

  test.each(['123456789012', '111122223333', '444455556666', '555555555555', '012345678901'])(
    'are found in account %s of AWS’s documentation, and the stage does not synthesize',
    (account) => {
      const config = { ...filled, env: { ...filled.env, account } };
      expect(placeholdersIn(config)).toEqual([expect.stringContaining(account)]);
      expect(() => requireFilledIn('prod', config)).toThrow(account);
    },
  );

  test.each([
    { domain: 'funnels.example.com' },
    { domain: 'acme.example' },
    { billingAccountId: '777788889999' },
    { alarmEmail: 'ops@example.org' },
    { runbookUrl: 'https://git.example.com/docs/runbook.md' },
    { certificateArn: 'arn:aws:acm:eu-central-1:492837465019:certificate/00000000-0000-0000-0000-000000000000' },
  ])('are found in %j', (change) => {
    expect(placeholdersIn({ ...filled, ...change })).toHaveLength(1);
  });

  test('D10: include the missing address of the runbook in a stage on AWS', () => {
    const { runbookUrl: _, ...without } = filled;
    expect(placeholdersIn(without)).toEqual(['no runbookUrl: alarms cannot link to the runbook']);
  });

  test('are found in the published stages for AWS, and not in the local one', () => {
    expect(placeholdersIn(stages.local)).toEqual([]);
    for (const stage of [stages.dev, stages.prod]) expect(placeholdersIn(stage).length).toBeGreaterThan(0);
  });
});

describe('D9: the certificate', () => {
  const stage = { certificateArn: 'arn:aws:acm:1', domain: 'funnels.acme.io', urlScheme: 'https' as const };
  const verdicts = async (certificate: object, config: Parameters<typeof certificateFindings>[1] = stage) => {
    const send = async (command: unknown) => {
      expect(command).toBeInstanceOf(DescribeCertificateCommand);
      return { Certificate: certificate };
    };
    const findings = await certificateFindings({ send } as never, config, NOW);
    return findings.map(({ verdict }) => verdict);
  };
  const good = {
    Status: 'ISSUED',
    DomainName: '*.funnels.acme.io',
    SubjectAlternativeNames: ['*.funnels.acme.io'],
    NotAfter: new Date(NOW.getTime() + 200 * DAY),
  };

  test('is found good when it is issued, covers the tenants’ names and lasts', async () => {
    expect(await verdicts(good)).toEqual(['ok', 'ok', 'ok']);
  });

  test('is reported when it is pending, is for another name or is about to expire', async () => {
    expect(await verdicts({ ...good, Status: 'PENDING_VALIDATION' })).toEqual(['failed', 'ok', 'ok']);
    const other = { DomainName: 'funnels.acme.io', SubjectAlternativeNames: ['funnels.acme.io'] };
    expect(await verdicts({ ...good, ...other })).toEqual(['ok', 'failed', 'ok']);
    expect(await verdicts({ ...good, NotAfter: new Date(NOW.getTime() + 20 * DAY) })).toEqual(['ok', 'ok', 'failed']);
  });

  test('is reported missing where the stage says https', async () => {
    const { certificateArn: _, ...without } = stage;
    expect(await verdicts({}, without)).toEqual(['failed']);
    expect(await verdicts({}, { ...without, urlScheme: 'http' })).toEqual(['ok']);
  });
});

describe('D9: quotas', () => {
  const valued = (value: number, byCode: Record<string, number> = {}) => {
    const send = async ({ input }: { input: { QuotaCode: string } }) => ({
      Quota: { Value: byCode[input.QuotaCode] ?? value },
    });
    return { regional: { send }, global: { send } } as never;
  };
  const failing = async (clients: never, config: StageConfig) =>
    (await quotaFindings(clients, config)).filter(({ verdict }) => verdict !== 'ok').map(({ subject }) => subject);

  test('suffice for the stage’s cells, and are reported one by one where they do not', async () => {
    expect(await failing(valued(1_000_000), stages.prod)).toEqual([]);
    for (const { name, code, needed } of neededQuotas(stages.prod))
      expect(await failing(valued(1_000_000, { [code]: needed - 1 }), stages.prod)).toEqual([`quota ${name}`]);
  });

  test('have their default value in an account that has never changed them', async () => {
    const send = async (command: object) => {
      if (command instanceof GetServiceQuotaCommand) throw awsError('NoSuchResourceException');
      expect(command).toBeInstanceOf(GetAWSDefaultServiceQuotaCommand);
      return { Quota: { Value: 1_000_000 } };
    };
    expect(await failing({ regional: { send }, global: { send } } as never, stages.prod)).toEqual([]);
  });

  test('of which AWS does not tell one are told one by one, and that one is unknown', async () => {
    const denied = async () => {
      throw awsError('AccessDeniedException');
    };
    const regional = { send: async () => ({ Quota: { Value: 1 } }) };
    const findings = await quotaFindings({ regional, global: { send: denied } } as never, stages.prod);
    const expected = neededQuotas(stages.prod).map(({ name, needed, isGlobal }) => [
      `quota ${name}`,
      isGlobal ? 'unknown' : needed > 1 ? 'failed' : 'ok',
    ]);
    expect(findings.map(({ subject, verdict }) => [subject, verdict])).toEqual(expected);
  });

  test('of IAM are read in IAM’s own region, all others in the stage’s region', async () => {
    const asked: string[] = [];
    const noting = (where: string) => ({
      send: async ({ input }: { input: { ServiceCode: string } }) => {
        asked.push(`${input.ServiceCode} ${where}`);
        return { Quota: { Value: 1_000_000 } };
      },
    });
    await quotaFindings({ regional: noting('regional'), global: noting('global') } as never, stages.prod);
    expect(asked.filter((each) => each.endsWith('global'))).toEqual(['iam global']);
    expect(asked).not.toContain('iam regional');
  });

  test('include four stacks for each tenant that fits, the platform’s and that of the bootstrap', () => {
    const own = [
      FOUNDATION,
      CONTROL_PLANE,
      DELIVERY,
      ...stages.prod.cells.map(({ name }) => cellStackName(name)),
      'CDKToolkit',
    ];
    const tenants = stages.prod.cells.reduce((sum, cell) => sum + cellCapacity(cell, stages.prod), 0);
    const stacks = neededQuotas(stages.prod).find(({ service }) => service === 'cloudformation');
    expect(stacks?.needed).toBe(4 * tenants + own.length);
  });
});

test.each([
  ['199', 'failed', '199, but the stage needs 200: have it raised'],
  ['200', 'ok', '200, the stage needs 200'],
])('D9: %s rules of a load balancer are %s for cells of 200', async (Max, verdict, says) => {
  const elb = new FakeClient({
    DescribeAccountLimitsCommand: ({ Marker }: { Marker?: string }) =>
      Marker
        ? { Limits: [{ Name: 'rules-per-application-load-balancer', Max }] }
        : { Limits: [{ Name: 'target-groups', Max: '1' }], NextMarker: 'next' },
  });
  const subject = 'quota Rules per Application Load Balancer';
  expect(await ruleFindings(elb, stages.prod)).toEqual([{ subject, verdict, says: expect.stringContaining(says) }]);
});

test('D9: an answer that AWS refuses does not count as permission to deploy', async () => {
  const denied = Object.assign(new Error('not yours'), { name: 'AccessDeniedException' });
  expect(await asked('quotas', () => Promise.reject(denied))).toEqual([
    { subject: 'quotas', verdict: 'unknown', says: 'could not be asked: AccessDeniedException: not yours' },
  ]);
  const finding = (verdict: Finding['verdict']): Finding => ({ subject: 'x', verdict, says: '' });
  expect(isReady([finding('ok'), finding('ok')])).toBe(true);
  for (const verdict of ['unknown', 'failed'] as const) expect(isReady([finding('ok'), finding(verdict)])).toBe(false);
});
