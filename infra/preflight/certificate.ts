import { type ACMClient, DescribeCertificateCommand } from '@aws-sdk/client-acm';
import type { StageConfig } from '../config/stages';
import { type Finding, failed, ok } from './finding';

const SUBJECT = 'certificate';
const DAY_MS = 86_400_000;
/** ACM renews 60 days before the end ("Managed certificate renewal"): one that is closer has not been renewed. */
const RENEWED_BEFORE_DAYS = 45;

/**
 * Checks whether the certificate can serve tenants' names: issued, for `*.DOMAIN`, and not about
 * to expire.
 */
export async function certificateFindings(
  acm: Pick<ACMClient, 'send'>,
  { certificateArn, domain, urlScheme }: Pick<StageConfig, 'certificateArn' | 'domain' | 'urlScheme'>,
  now: Date,
): Promise<Finding[]> {
  if (!certificateArn)
    return urlScheme === 'http'
      ? [ok(SUBJECT, 'none: the stage speaks plain HTTP')]
      : [failed(SUBJECT, 'the stage says https and names no certificate')];
  const { Certificate } = await acm.send(new DescribeCertificateCommand({ CertificateArn: certificateArn }));
  const { Status, DomainName = '', SubjectAlternativeNames = [], NotAfter } = Certificate ?? {};
  const wanted = `*.${domain}`;
  const covers = [DomainName, ...SubjectAlternativeNames].includes(wanted);
  const days = NotAfter ? Math.floor((NotAfter.getTime() - now.getTime()) / DAY_MS) : undefined;
  return [
    Status === 'ISSUED'
      ? ok(SUBJECT, 'issued')
      : failed(SUBJECT, `${Status ?? 'unknown'}: validate it by its DNS records before the deployment`),
    covers
      ? ok(SUBJECT, `covers ${wanted}`)
      : failed(SUBJECT, `covers ${[DomainName, ...SubjectAlternativeNames].join(', ')}, but not ${wanted}`),
    days !== undefined && days > RENEWED_BEFORE_DAYS
      ? ok(SUBJECT, `ends in ${days} days`)
      : failed(
          SUBJECT,
          `ends in ${days ?? '(unknown)'} days and has not been renewed: are its DNS records still there?`,
        ),
  ];
}
