import { RemovalPolicy } from 'aws-cdk-lib';
import { Repository, TagMutability } from 'aws-cdk-lib/aws-ecr';
import { Construct } from 'constructs';
import { SERVICE_REPOSITORY } from '../../functions/contract/naming';
import type { StageConfig } from '../config/stages';

/**
 * Number of images to keep. Releases need the live one, the one before it, and those that failed
 * lately.
 */
const KEPT_IMAGES = 100;

/** The images of the shared service. A release names an image by its digest; tags are immutable. */
export class ServiceImages extends Construct {
  constructor(scope: Construct, id: string, { config }: { readonly config: StageConfig }) {
    super(scope, id);
    new Repository(this, 'Repository', {
      repositoryName: SERVICE_REPOSITORY,
      imageTagMutability: TagMutability.IMMUTABLE,
      imageScanOnPush: true,
      lifecycleRules: [{ maxImageCount: KEPT_IMAGES }],
      removalPolicy: config.removalPolicy,
      ...(config.removalPolicy === RemovalPolicy.DESTROY && { emptyOnDelete: true }),
    });
  }
}
