import type pg from 'pg';
import {
	planView,
	finishView,
	renderProgram,
	renderSql,
	type CatalogTable,
	type ViewDefinition,
	type ViewSpec
} from './index.ts';

/**
 * For tests: a view with all its stages in one installation's schemas, maintained in the order in which the
 * server does it.
 */
export const schemas = { data: 'i1', state: 'i1_v' };

/** Every value as Postgres printed it. */
export const asText = { getTypeParser: () => (value: string) => value } as unknown as pg.CustomTypesConfig;

export type TextRow = Readonly<Record<string, string | null>>;

export interface Difference {
	readonly operation: 'insert' | 'update' | 'delete';
	readonly key: string;
	readonly old: TextRow | null;
	readonly new: TextRow | null;
}

export type Changed = Readonly<Record<string, readonly (readonly string[])[]>>;

export async function specOf(
	client: pg.Client,
	sql: string,
	tables: readonly CatalogTable[],
	views: ViewDefinition['views'] = []
): Promise<ViewSpec> {
	const outcome = await planView({ name: 'random', file: 'views/random.sql', sql, tables, views });
	if (!outcome.ok) throw new Error(`${sql}: ${JSON.stringify(outcome.diagnostics)}`);
	const { rows } = await client.query<{ types: string[] }>(renderSql(outcome.plan.describeSql, schemas));
	return finishView(outcome.plan, rows[0]!.types);
}

/** The view and its stages, each after those that it reads. */
export function inOrder(spec: ViewSpec): ViewSpec[] {
	return [...(spec.stages ?? []), spec];
}

export async function createView(client: pg.Client, spec: ViewSpec): Promise<void> {
	for (const one of inOrder(spec))
		for (const statement of renderProgram(one.program, schemas).create) await client.query(statement);
}

export async function dropView(client: pg.Client, spec: ViewSpec): Promise<void> {
	for (const one of inOrder(spec).reverse())
		for (const statement of renderProgram(one.program, schemas).drop) await client.query(statement);
}

/** A first build. */
export async function fillView(client: pg.Client, spec: ViewSpec): Promise<void> {
	for (const one of inOrder(spec)) await client.query(`SELECT * FROM i1_v.m_${one.hash}('{"*": "quiet"}')`);
}

/** What changed keys of tables do to a maintained view; `all` compares everything. */
export async function maintainView(
	client: pg.Client,
	spec: ViewSpec,
	changed: Changed | 'all'
): Promise<Difference[]> {
	const deltas: Record<string, unknown> = {};
	let differences: Difference[] = [];
	for (const one of inOrder(spec)) {
		const argument = changed === 'all' ? { '*': true } : { ...changed, ...deltas };
		const { rows } = await client.query(
			`SELECT operation, key, old, new, own FROM i1_v.m_${one.hash}($1) ORDER BY op`,
			[JSON.stringify({ ...argument, ...(one === spec ? {} : { '+': true }) })]
		);
		if (one === spec)
			differences = rows.map(({ operation, key, ...row }) => ({
				operation,
				key,
				old: row.old,
				new: row.new
			}));
		else if (rows.length > 0) deltas[`@${one.hash}`] = rows.map((row) => [row.own, row.old, row.new]);
	}
	return differences;
}

export async function visibleRows(client: pg.Client, spec: ViewSpec): Promise<Map<string, TextRow>> {
	const text = renderProgram(spec.program, schemas).read;
	const { rows } = await client.query<TextRow>({ text, types: asText });
	return new Map(rows.map(({ _key, ...row }) => [_key!, row]));
}
