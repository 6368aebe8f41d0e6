import { CfnOutput, Fn, Stack } from 'aws-cdk-lib';
import { CfnHostedZone } from 'aws-cdk-lib/aws-route53';
import { Construct } from 'constructs';
import type { HostedZoneConfig, StageConfig } from '../config/stages';
import type { Grant } from '../constructs/grant';

export interface NamesZoneProps {
  readonly domain: StageConfig['domain'];
  readonly hostedZone: HostedZoneConfig;
  readonly removalPolicy: StageConfig['removalPolicy'];
}

type Change = 'CREATE' | 'UPSERT' | 'DELETE';

/** The hosted zone of tenants' DNS records, and the grants of functions on it. */
export class NamesZone extends Construct {
  readonly zoneId: string;
  private readonly domain: string;

  constructor(scope: Construct, id: string, { domain, hostedZone, removalPolicy }: NamesZoneProps) {
    super(scope, id);
    this.domain = domain;
    this.zoneId = hostedZone.from === 'account' ? hostedZone.zoneId : this.make(removalPolicy);
  }

  private make(removalPolicy: StageConfig['removalPolicy']): string {
    const zone = new CfnHostedZone(this, 'Zone', {
      name: this.domain,
      hostedZoneConfig: { comment: 'Names of tenants' },
    });
    zone.applyRemovalPolicy(removalPolicy);
    new CfnOutput(Stack.of(this), 'NameServers', {
      value: Fn.join(',', zone.attrNameServers),
      description: `Name servers to which the domain above ${this.domain} must delegate it`,
    });
    return zone.ref;
  }

  private get arn(): string {
    return `arn:${Stack.of(this).partition}:route53:::hostedzone/${this.zoneId}`;
  }

  /** Permission to read records. */
  reading(): Grant {
    return { actions: ['route53:ListResourceRecordSets'], resources: [this.arn] };
  }

  /**
   * Permission to change records below the domain, of the two types that a tenant's name has. It
   * never covers records of the domain itself.
   *
   * The record names in the condition are in lower case, without a final dot ("Using IAM policy
   * conditions for fine-grained access control", Amazon Route 53 Developer Guide). `ForAllValues`
   * is also true when the key is absent, so the key is required.
   */
  changing(...changes: Change[]): Grant {
    const key = (name: string) => `route53:ChangeResourceRecordSets${name}`;
    return {
      actions: ['route53:ChangeResourceRecordSets'],
      resources: [this.arn],
      conditions: {
        Null: { [key('NormalizedRecordNames')]: 'false' },
        'ForAllValues:StringLike': { [key('NormalizedRecordNames')]: [`*.${this.domain}`] },
        'ForAllValues:StringEquals': { [key('RecordTypes')]: ['A', 'TXT'], [key('Actions')]: changes },
      },
    };
  }

  /** Permission to ask whether a change has reached all name servers. */
  asking(): Grant {
    return {
      actions: ['route53:GetChange'],
      resources: [`arn:${Stack.of(this).partition}:route53:::change/*`],
      wildcardBecause: 'A change has a random id, and tells nothing but its status.',
    };
  }
}
