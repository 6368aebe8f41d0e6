/**
 * Checks of the catalogue for which the emulator allows no attack technique, each with the reason.
 */
export const NOT_EXERCISED: Readonly<Record<string, string>> = {
  'database.copies by export tasks': 'the emulator has no DescribeExportTasks, and no check asks for it yet',
  'database.copies by zero-ETL integrations': 'the emulator has no DescribeIntegrations, and no check asks for it yet',
  'database.backup-plans': 'no check asks AWS Backup for plans yet',
  'network.interfaces of another database in the tenant’s subnets': 'the emulator’s RDS makes no network interfaces',
};
