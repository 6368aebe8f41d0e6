import { Aws, Stack, Validations } from 'aws-cdk-lib';
import { CfnProject } from 'aws-cdk-lib/aws-codebuild';
import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import { LogGroup } from 'aws-cdk-lib/aws-logs';
import { Construct } from 'constructs';
import { SERVICE_REPOSITORY } from '../../functions/contract/naming';
import type { ImageSource, StageConfig } from '../config/stages';
import { type Grant, policyOf } from '../constructs/grant';
import { platformArns } from '../constructs/platform-names';

const MINUTES = 20;

/**
 * The tag is the commit: tags are immutable, and a commit that was built before is not built again.
 * Attestations would make an index of the image: each of its manifests would be a push of its own,
 * and start a release.
 */
const BUILD = [
  'TAG=$(echo "$CODEBUILD_RESOLVED_SOURCE_VERSION" | cut -c1-12)',
  'if ! aws ecr describe-images --repository-name "$REPOSITORY" --image-ids imageTag="$TAG"; then',
  '  set -e',
  '  aws ecr get-login-password | docker login --username AWS --password-stdin "$REGISTRY"',
  '  docker build --platform linux/arm64 -f service/Dockerfile -t "$REGISTRY/$REPOSITORY:$TAG" .',
  '  docker push "$REGISTRY/$REPOSITORY:$TAG"',
  'fi',
].join('\n');

export interface ImageBuildProps {
  readonly config: StageConfig;
  readonly source: ImageSource;
  readonly key: IKey;
}

/**
 * Builds the image of the shared service for arm64 whenever its branch changes, and pushes it. The
 * push starts the pipeline: the build knows nothing of releases.
 */
export class ImageBuild extends Construct {
  readonly projectName: string;

  constructor(scope: Construct, id: string, { config, source, key }: ImageBuildProps) {
    super(scope, id);
    const logGroup = new LogGroup(this, 'Logs', {
      retention: config.logRetention,
      removalPolicy: config.removalPolicy,
    });
    const project = new CfnProject(this, 'Project', {
      description: 'Builds the image of the shared service for arm64 and pushes it',
      serviceRole: this.role(source, key, logGroup).roleArn,
      encryptionKey: key.keyArn,
      artifacts: { type: 'NO_ARTIFACTS' },
      timeoutInMinutes: MINUTES,
      // Builds of two commits at once could push the older one last.
      concurrentBuildLimit: 1,
      source: {
        type: 'GITHUB',
        location: source.repositoryUrl,
        auth: { type: 'CODECONNECTIONS', resource: source.connectionArn },
        gitCloneDepth: 1,
        buildSpec: JSON.stringify({ version: 0.2, env: { shell: 'bash' }, phases: { build: { commands: [BUILD] } } }),
      },
      sourceVersion: source.branch,
      triggers: {
        webhook: true,
        filterGroups: [
          [
            { type: 'EVENT', pattern: 'PUSH' },
            { type: 'HEAD_REF', pattern: `^refs/heads/${source.branch}$` },
            { type: 'FILE_PATH', pattern: '^(service|functions|package)' },
          ],
        ],
      },
      environment: {
        type: 'ARM_CONTAINER',
        computeType: 'BUILD_GENERAL1_SMALL',
        image: 'aws/codebuild/amazonlinux-aarch64-standard:3.0',
        // Docker's daemon needs it ("Run builds in a Docker sample for CodeBuild").
        privilegedMode: true,
        environmentVariables: [
          { name: 'REGISTRY', value: `${Aws.ACCOUNT_ID}.dkr.ecr.${Aws.REGION}.${Aws.URL_SUFFIX}` },
          { name: 'REPOSITORY', value: SERVICE_REPOSITORY },
          { name: 'DOCKER_BUILDKIT', value: '1' },
          { name: 'BUILDX_NO_DEFAULT_ATTESTATIONS', value: '1' },
        ],
      },
      logsConfig: { cloudWatchLogs: { status: 'ENABLED', groupName: logGroup.logGroupName } },
    });
    this.projectName = project.ref;
    Validations.of(project).acknowledge({
      id: 'AwsSolutions-CB3',
      reason: 'Docker builds the image, and its daemon needs privileged mode.',
    });
  }

  private role(source: ImageSource, key: IKey, logGroup: LogGroup): Role {
    const repository = platformArns(Stack.of(this)).serviceImages;
    const grants: Grant[] = [
      {
        actions: ['logs:CreateLogStream', 'logs:PutLogEvents'],
        resources: [logGroup.logGroupArn],
        wildcardBecause: "A log group's ARN ends in :*, its streams.",
      },
      {
        actions: ['ecr:GetAuthorizationToken'],
        resources: ['*'],
        wildcardBecause: 'ECR gives a token for the registry, not for a repository.',
      },
      {
        actions: [
          ...['ecr:BatchCheckLayerAvailability', 'ecr:InitiateLayerUpload', 'ecr:UploadLayerPart'],
          ...['ecr:CompleteLayerUpload', 'ecr:PutImage', 'ecr:BatchGetImage', 'ecr:DescribeImages'],
        ],
        resources: [repository],
      },
      {
        actions: ['codeconnections:GetConnection', 'codeconnections:GetConnectionToken'],
        resources: [source.connectionArn],
      },
      { actions: ['kms:Decrypt', 'kms:GenerateDataKey'], resources: [key.keyArn] },
    ];
    return new Role(this, 'Role', {
      assumedBy: new ServicePrincipal('codebuild.amazonaws.com', {
        conditions: { StringEquals: { 'aws:SourceAccount': Aws.ACCOUNT_ID } },
      }),
      description: 'Reads the code and pushes images of the shared service, nothing else.',
      inlinePolicies: { Grants: policyOf(this, grants) },
    });
  }
}
