/** What does not pass by itself, or ends the instance. */
const OUT_OF_SERVICE = /^(?:stopp|fail|delet|inaccessible|incompatible|insufficient|storage-f|restore-error)/;
/** What RDS cannot mend: the data is in backups alone. */
const LOST = /^(?:failed|storage-failure|incompatible-(?:restore|create)|restore-error)$/;

/** The section of the runbook that says what to do about a lost instance. */
const SECTION = 'see "A lost database" in the runbook';

/**
 * Why an instance serves nobody, in words that say what to do; undefined: it does, or will by itself ("Viewing Amazon RDS DB
 * instance status", Amazon RDS User Guide).
 *
 * @param status undefined: RDS has no such instance
 */
export function outOfService(id: string, status: string | undefined): string | undefined {
  if (status === undefined) return `${id} is gone: RDS has no instance of this name; ${SECTION}`;
  if (LOST.test(status)) return `${id} is ${status}, which RDS cannot mend; ${SECTION}`;
  return OUT_OF_SERVICE.test(status) ? `${id} is ${status}` : undefined;
}
