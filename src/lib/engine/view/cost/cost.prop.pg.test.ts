import fc from 'fast-check';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testPostgres, type TestPostgres } from '#support/postgres';
import { ArbitraryCase } from '../arbitrary-case.ts';
import type { Case } from '../arbitrary-model.ts';
import { catalogOf, createTables } from '../arbitrary-schema.ts';
import { querySql } from '../arbitrary-syntax.ts';
import { finishView } from '../finish.ts';
import { planView, type ViewPlan } from '../plan.ts';
import { renderSql } from '../render.ts';
import { costClasses } from './classes.ts';
import { viewCost } from './cost.ts';
import { estimated } from './estimate.ts';
import { changeText } from './words.ts';

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

const seen = { views: 0, stages: 0, changes: 0, measures: 0 };
const schemas = { data: 'x', state: 'x' };

async function check({ tables, views }: Case): Promise<void> {
	await client.query('BEGIN; CREATE SCHEMA x; SET LOCAL search_path = x');
	try {
		for (const sql of createTables(tables)) await client.query(sql);
		const named = views.map(({ name, query }) => ({ name, file: `views/${name}.sql`, sql: querySql(query) }));
		for (const view of named) {
			const outcome = await planView({ ...view, tables: catalogOf(tables), views: named });
			const types = outcome.ok ? await typesOf(outcome.plan) : undefined;
			if (outcome.ok && types) await checkCost(outcome.plan, types);
		}
	} finally {
		await client.query('ROLLBACK');
	}
}

/** Undefined where Postgres or the planner refuses them. */
async function typesOf(plan: ViewPlan): Promise<string[] | undefined> {
	await client.query('SAVEPOINT types');
	try {
		const { rows } = await client.query<{ types: string[] }>(renderSql(plan.describeSql, schemas));
		finishView(plan, rows[0]!.types);
		return rows[0]!.types;
	} catch {
		await client.query('ROLLBACK TO SAVEPOINT types');
		return undefined;
	}
}

async function checkCost(plan: ViewPlan, types: readonly string[]): Promise<void> {
	const { stages, changes, measures } = viewCost(plan, types);
	const sizes = new Map<string, number>();
	for (const { key, sql } of measures) {
		const { rows } = await client.query(`EXPLAIN (FORMAT JSON) ${renderSql(sql, schemas)}`);
		sizes.set(key, rows[0]['QUERY PLAN'][0].Plan['Plan Rows'] as number);
	}
	for (const change of changes) {
		const steps = estimated(change, sizes, new Map());
		// a change goes all the way, through stages that there are
		expect(steps.at(-1)?.stage).toBe(plan.hash);
		for (const step of steps) {
			expect(stages.map(({ hash }) => hash)).toContain(step.stage);
			expect(costClasses).toContain(step.class);
			const isUnknown = step.rows.some((factor) => typeof factor === 'object' && factor.rows === '');
			if (!isUnknown && step.about !== undefined) expect(step.about).toBeGreaterThanOrEqual(0);
		}
		expect(changeText(steps, stages)).not.toMatch(/undefined|NaN|  /);
	}
	seen.views++;
	seen.stages += stages.length;
	seen.changes += changes.length;
	seen.measures += measures.length;
}

test(
	'every view that can be kept has a cost, and all its measures can be asked',
	{ timeout: 120_000 },
	async () => {
		await fc.assert(fc.asyncProperty(new ArbitraryCase({ views: 5, transactions: 0 }), check), {
			seed: Number(process.env['SEED'] ?? 20261121),
			numRuns: Number(process.env['RUNS'] ?? 40)
		});
		expect(seen.views).toBeGreaterThan(80);
		expect(seen.changes).toBeGreaterThan(seen.views);
	}
);
