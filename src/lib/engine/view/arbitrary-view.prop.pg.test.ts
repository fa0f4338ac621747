import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { ArbitraryCase } from './arbitrary-case.ts';
import { transactionSql } from './arbitrary-change.ts';
import type { Case } from './arbitrary-model.ts';
import { createTables, type ModelTable } from './arbitrary-schema.ts';
import { querySql } from './arbitrary-syntax.ts';

let db: TestPostgres;
let client: pg.Client;
beforeAll(async () => {
	db = await testPostgres();
	client = await db.connect(db.superuserUrl);
});
afterAll(async () => {
	await client.end();
	await db.drop();
});

/** Other plans than the usual one. */
const plans = [
	'SET LOCAL enable_hashagg = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_nestloop = off',
	'SET LOCAL enable_sort = off; SET LOCAL enable_mergejoin = off; SET LOCAL enable_indexscan = off'
];

const seen = { answers: 0, withRows: 0, refused: 0 };

async function check({ tables, views, rows }: Case): Promise<void> {
	await client.query('BEGIN; CREATE SCHEMA x; SET LOCAL search_path = x; SET LOCAL jit = off');
	try {
		for (const sql of createTables(tables)) await client.query(sql);
		for (const sql of transactionSql(rows, tables)) await attempt(sql);
		for (const { name, query } of views) {
			const isValid = await attempt(`CREATE VIEW ${name} AS ${querySql(query)}; SELECT FROM ${name}`);
			if (isValid) await checkAnswer(name, querySql(query), tables);
			else seen.refused++;
		}
	} finally {
		await client.query('ROLLBACK');
	}
}

async function checkAnswer(name: string, sql: string, tables: readonly ModelTable[]): Promise<void> {
	// json has no equality
	if (
		!(await attempt(`CREATE TABLE answer_${name} AS SELECT * FROM ${name}; SELECT DISTINCT * FROM ${name}`))
	)
		return;
	seen.answers++;
	for (const plan of plans) {
		await client.query(
			`SAVEPOINT plan; ${plan}; SET LOCAL session_replication_role = replica; ${tables.map(turnedRound).join('; ')}`
		);
		const { rows } = await client.query<{ differences: string; answers: string }>(
			`SELECT count(*) AS differences, (SELECT count(*) FROM answer_${name}) AS answers FROM
				((TABLE answer_${name} EXCEPT ALL TABLE ${name}) UNION ALL (TABLE ${name} EXCEPT ALL TABLE answer_${name})) AS d`
		);
		expect(rows[0]!.differences, `${sql}, with ${plan}`).toBe('0');
		if (rows[0]!.answers !== '0' && plan === plans[0]) seen.withRows++;
		await client.query('ROLLBACK TO SAVEPOINT plan');
	}
}

/** Its rows in the other order on disk. */
function turnedRound({ name, columns }: ModelTable): string {
	const list = columns.filter(({ generated }) => !generated).map((column) => column.name);
	return `WITH gone AS (DELETE FROM ${name} RETURNING ctid AS at, *) INSERT INTO ${name} (${list.join(', ')}) SELECT ${list.join(', ')} FROM gone ORDER BY at DESC`;
}

async function attempt(sql: string): Promise<boolean> {
	await client.query('SAVEPOINT attempt');
	try {
		await client.query(sql);
		return true;
	} catch {
		await client.query('ROLLBACK TO SAVEPOINT attempt');
		return false;
	}
}

test(
	'the SELECTs that are made are valid and have one answer, whatever the plan',
	{ timeout: 120_000 },
	async () => {
		await fc.assert(fc.asyncProperty(new ArbitraryCase({ views: 6, transactions: 0 }), check), {
			seed: Number(process.env['SEED'] ?? 20261120),
			numRuns: Number(process.env['RUNS'] ?? 40),
			interruptAfterTimeLimit: 100_000
		});
		expect(seen.answers).toBeGreaterThan(100);
		expect(seen.refused).toBeLessThan(seen.answers / 20);
		expect(seen.withRows).toBeGreaterThan(seen.answers / 3);
	}
);
