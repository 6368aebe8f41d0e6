/** "Environment variables", Powertools for AWS Lambda: no logger of a function writes anything. */
process.env.POWERTOOLS_LOG_LEVEL = 'SILENT';
