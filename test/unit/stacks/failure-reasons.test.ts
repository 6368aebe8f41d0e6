import { creationError } from '../../../functions/stacks/failure-reasons';

/** As CloudFormation's events give them: "Handler returned message", or the service's own words. */
const handler = (message: string, code: string) =>
  `Resource handler returned message: "${message}" (RequestToken: 0f4b, HandlerErrorCode: ${code})`;

describe('F1: the reason of a stack’s first failure', () => {
  it.each([
    handler('Rate exceeded (Service: Rds, Status Code: 400, Request ID: 5f)', 'Throttling'),
    'Rate exceeded (Service: AmazonIdentityManagement; Status Code: 400; Error Code: Throttling)',
    'Request limit exceeded. (Service: AmazonEC2; Status Code: 503; Error Code: RequestLimitExceeded)',
    handler(
      'IAM role ARN value is invalid or does not include the required permissions for: ENHANCED_MONITORING',
      'InvalidRequest',
    ),
    handler(
      'Unable to create the resource. Verify that you have permission to create service linked role. Otherwise wait and try again later',
      'InvalidRequest',
    ),
    handler(
      'Cannot create a db.t4g.medium database instance. InsufficientDBInstanceCapacity',
      'GeneralServiceException',
    ),
    handler('Internal Failure', 'InternalFailure'),
    handler('DB instance could not be created: internal failure. Try again', 'GeneralServiceException'),
    'Internal Failure',
    handler('An internal error has occurred', 'ServiceInternalError'),
    handler('The specified KMS Key does not exist or is not allowed to be used with Arn', 'InvalidRequest'),
    handler('Invalid principal in policy (Service: S3, Status Code: 400)', 'GeneralServiceException'),
    handler("The subnet ID 'subnet-0a' does not exist (InvalidSubnetID.NotFound)", 'NotFound'),
    handler('Resource of type AWS::EC2::Route did not stabilize', 'NotStabilized'),
    handler('Request limit exceeded. (Service: Ec2, Status Code: 503, Request ID: 5f)', 'GeneralServiceException'),
    handler('Too Many Requests (Service: ApiGateway, Status Code: 429, Request ID: 5f)', 'GeneralServiceException'),
    handler('The service is unavailable. (Service: Ec2, Status Code: 503, Request ID: 5f)', 'GeneralServiceException'),
    handler('Unable to execute HTTP request: Read timed out', 'GeneralServiceException'),
    handler(
      'Cannot create a db.t4g.medium database instance because there are no availability zones with sufficient capacity for VPC ' +
        'and storage type : gp3 for db.t4g.medium. Please try the request again at a later time. (Service: Rds, Status Code: 400)',
      'ServiceLimitExceeded',
    ),
    handler(
      'We currently do not have sufficient db.t4g.medium capacity in the Availability Zone',
      'ServiceLimitExceeded',
    ),
    handler("The vpc ID 'vpc-0a1b2c' does not exist (Service: Ec2, Status Code: 400)", 'NotFound'),
    handler('DBParameterGroup not found: tenant-t1-p (Service: Rds, Status Code: 404)', 'NotFound'),
    handler("DBSubnetGroup 'tenant-t1' doesn't exist. (Service: Rds, Status Code: 404)", 'NotFound'),
    handler('Some input subnets in :[subnet-0a, subnet-0b] are invalid.', 'InvalidRequest'),
    handler('The specified bucket does not exist (Service: S3, Status Code: 404)', 'NotFound'),
    'The specified log group does not exist. (Error Code: ResourceNotFoundException)',
    handler("Secrets Manager can't find the specified secret.", 'NotFound'),
    'The role with name tenant-t1 cannot be found. (Service: Iam; Status Code: 404; Error Code: NoSuchEntity)',
    handler(
      'DB Instance tenant-t1 is not in available state. (Error Code: InvalidDBInstanceState)',
      'GeneralServiceException',
    ),
    'The vpcPeeringConnection is not active (Error Code: IncorrectState)',
    'Policy of tenant-t1 is being changed (Status Code: 409; Error Code: EntityTemporarilyUnmodifiable)',
    'Internal server error',
    handler('S3 is temporarily unavailable', 'GeneralServiceException'),
    handler('The request timed out', 'GeneralServiceException'),
    'We are unable to process your request. Please try again.',
    handler('The security token included in the request is expired', 'GeneralServiceException'),
  ])('is transient: %s', (reason) => {
    expect(creationError(`AWS::RDS::DBInstance Primary: ${reason}`)).toBe('TransientStackFailure');
  });

  it.each([
    handler(
      'A conflicting conditional operation is currently in progress against this resource. Please try again.',
      'ResourceConflict',
    ),
    'OperationAborted',
    handler(
      "You can't create this secret because a secret with this name is already scheduled for deletion.",
      'InvalidRequest',
    ),
  ])('is a name that is not free yet: %s', (reason) => {
    expect(creationError(`AWS::S3::Bucket Bucket: ${reason}`)).toBe('TransientNameTaken');
  });

  it.each([
    handler('The maximum number of VPCs has been reached.', 'ServiceLimitExceeded'),
    'The maximum number of VPCs has been reached. (Service: Ec2; Error Code: VpcLimitExceeded)',
    handler('DB Instance quota exceeded (Error Code: InstanceQuotaExceeded)', 'GeneralServiceException'),
    'Cannot exceed quota for RolesPerAccount: 1000 (Error Code: LimitExceeded)',
    handler('Cannot create more than 40 DB instances (Service: Rds, Status Code: 400)', 'ServiceLimitExceeded'),
    handler('Rule limit exceeded (Service: Foo, Status Code: 400)', 'GeneralServiceException'),
    'You have attempted to create more buckets than allowed (Error Code: TooManyBuckets)',
    handler('You have attempted to create more buckets than allowed (Service: S3)', 'GeneralServiceException'),
    handler(
      'The request would result in the user exceeding the allowed number of DB subnet groups.',
      'GeneralServiceException',
    ),
    handler('Cannot create more than 40 DB instances (Service: Rds, Status Code: 400)', 'GeneralServiceException'),
  ])('is an exceeded quota: %s', (reason) => {
    expect(creationError(`AWS::EC2::VPC Vpc: ${reason}`)).toBe('QuotaExceeded');
  });

  it.each([
    '',
    'AWS gave no reason',
    handler('Cannot find version 18.3 for postgres', 'InvalidRequest'),
    handler('/tenants/t1/flow-logs already exists', 'AlreadyExists'),
    handler(
      'User: arn:aws:sts::1:assumed-role/x is not authorized to perform: iam:CreateServiceLinkedRole',
      'AccessDenied',
    ),
    handler('RDS does not support creating a DB instance with: class db.x', 'InvalidRequest'),
    'Template error: scripted failure of Primary',
    'no capacity',
    handler('Role arn:aws:iam::1:role/x does not exist (Service: Rds, Status Code: 404)', 'NotFound'),
    handler('The parameter MasterUsername must begin with a letter', 'InvalidRequest'),
    handler('The DB subnet group does not cover two Availability Zones', 'InvalidRequest'),
    handler('DB instance is in incompatible-parameters state', 'GeneralServiceException'),
    'Policy arn:aws:iam::1:policy/boundary does not exist or is not attachable. (Service: Iam; Error Code: NoSuchEntity)',
    handler(
      'Peering failed to stabilize due to incorrect VPC-ID, Account ID, or overlapping CIDR range',
      'NotStabilized',
    ),
    handler('DB instance tenant-t1 did not stabilize: incompatible-network', 'NotStabilized'),
    'no luck',
    'full',
  ])('is permanent when no row of the table matches: %s', (reason) => {
    expect(creationError(reason)).toBe('StackFailed');
  });
});
