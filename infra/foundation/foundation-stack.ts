import { Stack, type StackProps } from 'aws-cdk-lib';
import type { ITable } from 'aws-cdk-lib/aws-dynamodb';
import type { IManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import type { Construct } from 'constructs';
import type { StageConfig } from '../config/stages';
import { asInterface } from '../constructs/cdk-interface';
import { ActsTable } from './acts-table';
import { AlarmTopic } from './alarm-topic';
import { EvidenceBucket } from './evidence-bucket';
import { NamesZone } from './names-zone';
import { ServiceImages } from './service-images';
import { TenantBoundary } from './tenant-boundary';
import { TenantsTable } from './tenants-table';

export interface FoundationStackProps extends StackProps {
  readonly config: StageConfig;
}

/** Resources that control plane and cells need, and resources with state. */
export class FoundationStack extends Stack {
  readonly table: ITable;
  readonly acts: ITable;
  readonly topic: ITopic;
  readonly boundary: IManagedPolicy;
  readonly evidence: EvidenceBucket;
  /** Undefined in a stage in which people make the DNS record. */
  readonly names: NamesZone | undefined;

  constructor(scope: Construct, id: string, props: FoundationStackProps) {
    super(scope, id, props);
    const { config } = props;
    const { table, key } = new TenantsTable(this, 'Tenants', { config });
    this.table = asInterface<ITable>(table);
    this.acts = new ActsTable(this, 'Acts', { config, encryptionKey: asInterface<IKey>(key) }).table;
    this.topic = new AlarmTopic(this, 'Alarms', { config }).topic;
    this.boundary = new TenantBoundary(this, 'TenantBoundary').policy;
    this.evidence = new EvidenceBucket(this, 'Evidence', { config });
    new ServiceImages(this, 'ServiceImages', { config });
    const { hostedZone } = config;
    this.names = hostedZone && new NamesZone(this, 'Names', { ...config, hostedZone });
  }
}
