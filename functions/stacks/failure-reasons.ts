import type { PlatformErrorName } from '../contract/errors';

/**
 * First reasons of a stack's failure, and the error that they become. The first match counts.
 *
 * CloudFormation gives the handler's code behind the message (`HandlerErrorCode: Throttling`,
 * "Resource type handler error codes"), and older resource types the service's own words. A reason
 * that no row knows stays permanent.
 */
const REASONS: readonly (readonly [error: PlatformErrorName, reasons: readonly RegExp[]])[] = [
  // What does not pass, whatever else the message says.
  [
    'StackFailed',
    [
      // A missing grant.
      /HandlerErrorCode: AccessDenied|is not authorized to perform/,
      // A managed policy that no stack of a tenant makes, such as the boundary: also NoSuchEntity ("AttachRolePolicy").
      /does not exist or is not attachable/i,
      // A peering whose blocks overlap, and an instance that RDS cannot run: both "did not stabilize" ("Viewing Amazon RDS DB
      // instance status").
      /overlapping CIDR|incompatible-(?:parameters|network|option-group|restore)|inaccessible-encryption-credentials\b/i,
    ],
  ],
  [
    'TransientNameTaken',
    [
      // "CreateBucket": OperationAborted, until S3 has forgotten the deleted bucket.
      /OperationAborted|conflicting (?:conditional )?operation is currently in progress/i,
      // "DeleteSecret" is asynchronous, also with ForceDeleteWithoutRecovery.
      /already scheduled for deletion|secret with this name .*deletion/i,
    ],
  ],
  [
    'TransientStackFailure',
    [
      // A burst: EC2's RequestLimitExceeded is a rate and no quota ("Error codes for the Amazon EC2 API").
      /HandlerErrorCode: Throttling|Rate exceeded|Throttl|RequestLimitExceeded|Too ?Many ?Requests|SlowDown|Request rate/i,
      /(?:request|rate) limit exceeded/i,
      // Handlers of the registry pass on the SDK's message, which has the status of the answer and no error code.
      /Status Code: (?:429|5\d\d)\b/,
      /Unable to execute HTTP request|(?:connect|read|request)(?:ion)? (?:has )?timed out|Request ?Timeout|gateway time-?out|connection reset/i,
      /try (?:the|your) request again|(?:try again|retry) (?:later|in\b|after\b)|please (?:wait and )?(?:try again|retry)\b|retry (?:the|your) request/i,
      /HandlerErrorCode: (?:ServiceInternalError|InternalFailure|HandlerInternalFailure|NetworkFailure|ServiceTimeout|ResourceConflict)/,
      /Internal ?(?:Service ?)?(?:Failure|Error)|InternalServer|internal[- ](?:service |server )?(?:failure|error)|Service ?Unavailable|ServiceFailure/i,
      /temporarily unavailable|service is (?:currently )?unavailable/i,
      // CloudFormation's session with its service role is an hour old ("AWS CloudFormation service role").
      /ExpiredToken|security token included in the request is expired/i,
      /HandlerErrorCode: NotStabilized|did not stabilize/,
      /ConcurrentModification|OperationInProgress|ResourceInUse\b|another operation (?:is )?in progress|OptimisticLock/i,
      /EntityTemporarilyUnmodifiable|ConcurrentUpdate|IncorrectState\b|InvalidDBInstanceState|not (?:currently )?in (?:the |an )?['"]?available['"]? state/i,
      // RDS has no machine of the class in these zones at the moment ("Troubleshooting for Amazon RDS"). CloudFormation's handler
      // calls that ServiceLimitExceeded, as it does a quota (aws-cloudformation/aws-cloudformation-resource-providers-rds, Errors.java).
      /Insufficient(?:DB)?(?:Instance|Cluster|Host)?Capacity|InsufficientStorageClusterCapacity|(?:in)?sufficient \b(?:\S+ )?capacity/i,
      // A role that IAM does not show to the service yet (hashicorp/terraform-provider-aws#6566).
      /IAM role ARN value is invalid or does not include the required permissions/i,
      /(?:unable|not able|cannot|could not) (?:to )?assume (?:the |given )?(?:IAM )?role|cannot be assumed|The role defined .* cannot/i,
      /Invalid principal in policy|invalid principal/i,
      // The account's first database or VPC endpoint: AWS makes its service-linked role meanwhile.
      /service[- ]linked role/i,
      // The tenant's key is minutes old ("AWS KMS eventual consistency").
      /specified KMS key does not exist or is not allowed|KMSKeyNotAccessible|KMS key .*(?:not accessible|is disabled|does not exist)|DisabledException|KMSInvalidState/i,
      // What the stack has made a moment before is not shown to the next service yet. RDS asks for five minutes between a
      // parameter group and its first instance ("CreateDBParameterGroup").
      /DB(?:Parameter|Subnet)Group(?:NotFound| not found)|DBSubnetGroup '[^']*' (?:not found|doesn't exist)|Some input subnets in .* are invalid/i,
      /NoSuchBucket|specified bucket does not exist|specified log group does not exist|can't find the specified secret/i,
      /NoSuchEntity|(?:role|policy) with name \S+ cannot be found/i,
      // EC2 does not show its own new resource yet ("Eventual consistency in the Amazon EC2 API").
      /Invalid\w*(?:ID|Id)\w*\.NotFound|'(?:vpc|subnet|rtb|sg|acl|pcx|vpce|eni)-[0-9a-f]+' does not exist/,
    ],
  ],
  [
    'QuotaExceeded',
    [
      /HandlerErrorCode: ServiceLimitExceeded|(?:Limit|Quota)s?Exceeded|TooMany(?:Buckets|Rules)|(?:limit|quota|maximum number)\b[^.]*\b(?:exceeded|reached)|(?:exceeded|reached)\b[^.]*\b(?:limit|quota|maximum number)|exceed(?:s|ed)? (?:your |the )?quota|MaximumNumberOf/i,
      // Handlers pass on the SDK's message, which has no error code: "You have attempted to create more buckets than allowed"
      // ("Error responses", Amazon S3 API Reference), "exceed the allowed number of ..." ("Errors" of the RDS API's actions).
      /\bmore [^.]*\bthan allowed\b|exceed(?:s|ed|ing)? the (?:allowed|permitted) (?:number|amount)|cannot create more than \d/i,
    ],
  ],
];

/**
 * The error of a stack that could not be created.
 *
 * @param reason AWS's reason of the first resource that failed
 * @returns `TransientNameTaken`, `TransientStackFailure`, `QuotaExceeded`; `StackFailed` for every
 * other reason
 */
export function creationError(reason: string): PlatformErrorName {
  const row = REASONS.find(([, patterns]) => patterns.some((pattern) => pattern.test(reason)));
  return row?.[0] ?? 'StackFailed';
}
