import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod';
import { itemKeys } from '../../contract/records';
import type { TenantsTable } from '../../tenants/tenants-table';
import { type Answer, AnswerSchema, type Report } from '../report';

const KeptSchema = z.object({ at: z.iso.datetime(), answers: z.array(AnswerSchema) });

/** How old an answer may be, milliseconds: an audit asks every day, and may take some hours. */
const GOOD_FOR = 30 * 60 * 60_000;

/** Keeps the answers of an audit beside the cell's other items. */
export async function keepAnswers(
  table: TenantsTable,
  cell: string,
  answers: readonly Answer[],
  at: string,
): Promise<void> {
  const Item = { ...itemKeys.surroundings(cell), at, answers };
  await table.client.send(new PutCommand({ TableName: table.name, Item }));
}

/** The answers of the last audit about a cell; none before the first audit, or when they are too old. */
async function lastAnswers(table: TenantsTable, cell: string, now: Date): Promise<readonly Answer[]> {
  const { Item } = await table.client.send(
    new GetCommand({ TableName: table.name, Key: itemKeys.surroundings(cell), ConsistentRead: true }),
  );
  const kept = KeptSchema.safeParse(Item).data;
  return kept && now.getTime() - Date.parse(kept.at) < GOOD_FOR ? kept.answers : [];
}

/** A tenant's report with the last answers about what the tenant shares with its cell. */
export async function withSurroundings(table: TenantsTable, report: Report, now: Date): Promise<Report> {
  const answers = await lastAnswers(table, report.cell, now);
  const passed = report.passed && answers.every((answer) => answer.passed);
  return { ...report, passed, checks: [...report.checks, ...answers] };
}
