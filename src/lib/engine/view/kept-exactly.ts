import type pg from 'pg';
import { expect } from 'vitest';
import type { CatalogTable } from './catalog.ts';
import { renderProgram, type ViewSpec } from './index.ts';
import {
	createView,
	dropView,
	fillView,
	maintainView,
	schemas,
	specOf,
	visibleRows,
	type Changed,
	type TextRow
} from './stage-run.ts';

/**
 * For tests: one view against its SELECT, through a fixed course of transactions over two tables of awkward
 * values, of which few are different: rows meet, part, repeat and vanish.
 */
export const tables: readonly CatalogTable[] = [
	{
		name: 'projects',
		key: ['id'],
		columns: [column('id', 'integer'), column('region', 'text', true), column('budget', 'numeric', true)]
	},
	{
		name: 'tickets',
		key: ['id'],
		columns: [
			column('id', 'integer'),
			column('project_id', 'integer', true),
			column('title', 'text'),
			column('points', 'integer', true),
			column('cost', 'numeric', true),
			column('weight', 'double precision', true),
			column('done', 'boolean', true),
			column('due', 'date', true),
			column('spent', 'interval', true)
		]
	}
];

function column(name: string, type: string, nullable = false) {
	return { name, type, array: false, nullable };
}

/** SQL literals. */
const values: Readonly<Record<string, readonly string[]>> = {
	'projects.id': ['1', '2', '3'],
	'projects.region': ['NULL', `'north'`, `'south'`],
	'projects.budget': ['NULL', '1.0', '1.00', '250.5'],
	'tickets.id': ['1', '2', '3', '4', '5', '6', '7', '8'],
	'tickets.project_id': ['NULL', '1', '2', '3', '9'],
	'tickets.title': [`'x'`, `'y'`, `'a/b'`],
	'tickets.points': ['NULL', '-1', '0', '1', '3', '5', '2147483647'],
	'tickets.cost': ['NULL', '1.0', '1.00', '2.5', `'NaN'`, `'Infinity'`],
	'tickets.weight': ['NULL', '0.1', '0.25', '1e16', '-0.0', '0'],
	'tickets.done': ['NULL', 'true', 'false'],
	'tickets.due': ['NULL', `'2026-01-31'`, `'2026-02-01'`, `'2026-02-03'`],
	'tickets.spent': ['NULL', `'1 day'`, `'24:00:00'`, `'1 mon -1 day'`]
};

export async function createTables(client: pg.Client): Promise<void> {
	await client.query(`CREATE SCHEMA i1; CREATE SCHEMA i1_v; SET search_path = i1;
		CREATE TABLE projects (id integer PRIMARY KEY, region text, budget numeric);
		CREATE TABLE tickets (id integer PRIMARY KEY, project_id integer, title text NOT NULL, points integer,
			cost numeric, weight double precision, done boolean, due date, spent interval)`);
}

interface Change {
	readonly sql: string;
	readonly table: string;
	readonly key: string;
}

/** Always the same numbers from 0 up to a limit. */
function numbers(seed: number): (limit: number) => number {
	let state = seed;
	return (limit) => {
		state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
		return Math.floor((state / 2 ** 32) * limit);
	};
}

function change(next: (limit: number) => number): Change {
	const table = tables[next(4) === 0 ? 0 : 1]!;
	const value = (name: string) => {
		const known = values[`${table.name}.${name}`]!;
		return known[next(known.length)]!;
	};
	const key = value('id');
	const others = table.columns.map(({ name }) => name).filter((name) => name !== 'id');
	const own = { table: table.name, key };
	const kind = next(10);
	if (kind < 2) return { ...own, sql: `DELETE FROM ${table.name} WHERE id = ${key}` };
	if (kind < 6) {
		const set = [others[next(others.length)]!, others[next(others.length)]!];
		const list = [...new Set(set)].map((name) => `${name} = ${value(name)}`);
		return { ...own, sql: `UPDATE ${table.name} SET ${list.join(', ')} WHERE id = ${key}` };
	}
	const row = [key, ...others.map(value)];
	return {
		...own,
		sql: `INSERT INTO ${table.name} (id, ${others.join(', ')}) VALUES (${row.join(', ')}) ON CONFLICT DO NOTHING`
	};
}

/** `oracle` is another SELECT with the same rows, where Postgres leaves an order open that the view does not. */
export async function keptExactly(client: pg.Client, sql: string, oracle = sql, course = 1): Promise<void> {
	await client.query('DELETE FROM tickets; DELETE FROM projects');
	const next = numbers(course);
	const transaction = (size: number) => Array.from({ length: size }, () => change(next));
	await client.query(
		transaction(12)
			.map((made) => made.sql)
			.join(';')
	);
	const spec = await specOf(client, sql, tables);
	await createView(client, spec);
	try {
		await fillView(client, spec);
		const held = await visibleRows(client, spec);
		await compare(client, spec, oracle, 'the first build');
		for (let n = 0; n < 30; n++) {
			const changes = transaction(1 + next(5));
			const text = changes.map((made) => made.sql).join(';\n');
			await client.query(text);
			for (const difference of await maintainView(client, spec, keysOf(changes)))
				apply(held, difference, text);
			await compare(client, spec, oracle, text);
			expect(await visibleRows(client, spec), text).toEqual(held);
		}
		expect(await maintainView(client, spec, 'all'), 'a full difference').toEqual([]);
	} finally {
		await dropView(client, spec);
	}
}

function keysOf(changes: readonly Change[]): Changed {
	const changed: Record<string, string[][]> = {};
	for (const { table, key } of changes) (changed[table] ??= []).push([key]);
	return changed;
}

function apply(
	held: Map<string, TextRow>,
	{ key, ...row }: Awaited<ReturnType<typeof maintainView>>[number],
	after: string
): void {
	expect(row.old, after).toEqual(held.get(key) ?? null);
	if (row.new) held.set(key, row.new);
	else held.delete(key);
}

/** By Postgres's own equality; json has none, so it is compared as text. */
async function compare(client: pg.Client, spec: ViewSpec, oracle: string, after: string): Promise<void> {
	const columns = spec.columns.map(({ name, type }) => (type === 'json' ? `${name}::text` : name)).join(', ');
	const kept = `(SELECT ${columns} FROM (${renderProgram(spec.program, schemas).read}) AS r)`;
	const wanted = `(SELECT ${columns} FROM (${oracle}) AS q)`;
	const { rows } = await client.query(
		`SELECT 'kept' AS side, * FROM (${kept} EXCEPT ALL ${wanted}) AS x UNION ALL SELECT 'select', * FROM (${wanted} EXCEPT ALL ${kept}) AS y`
	);
	expect(rows, after).toEqual([]);
}
