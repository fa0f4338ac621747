import { canonicalJson, positionAt, type Diagnostic, type Json } from '#kernel';
import { parseSql, syntaxDiagnostic } from '#engine/sql';
import { castType, columnOf, type CatalogTable } from './catalog.ts';
import { identity, printOverTables, quote, type Expression } from './expression.ts';
import { disconnected, joinOrder, lineageSources, probes, sourcesOf, type Probe } from './lineage.ts';
import { readQuery, type Query } from './query.ts';
import { diagnosticOf, Refusal } from './refusal.ts';
import type { ViewKind } from './types.ts';

/** Raised when the programs that are made change: then every view gets a new hash and a new state. */
const plannerVersion = 2;

export interface ViewDefinition {
	/** The file's name without `.sql`. */
	readonly name: string;
	/** Path in the module, for diagnostics. */
	readonly file: string;
	readonly sql: string;
	/** Every table that the module may read: its own, and `peopleTable`. */
	readonly tables: readonly CatalogTable[];
}

/** A view that can be kept, before Postgres has told its columns' types. */
export interface ViewPlan {
	readonly name: string;
	readonly implicit: boolean;
	readonly kind: ViewKind;
	readonly hash: string;
	readonly sql: string;
	readonly query: Query;
	/** Sources whose keys make the row key of a view without groups, as indexes into FROM. */
	readonly lineage: readonly number[];
	/**
	 * One row with one column `types text[]`: what `finishView` needs. `{data}` stands for the quoted
	 * schema with the tables. Runs in no time, and fails where Postgres refuses the types; prepare `sql`
	 * itself with that schema as search_path first, for an error with its place (`postgresDiagnostic`).
	 */
	readonly describeSql: string;
	/** Columns that joins look up when a partner changes. Without an index on them that is a scan. */
	readonly probes: readonly Probe[];
	readonly warnings: readonly Diagnostic[];
}

export type PlanOutcome =
	| { readonly ok: true; readonly plan: ViewPlan }
	| { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Plans one SELECT. What cannot be kept is refused by name, with its place and what to write instead. */
export async function planView(definition: ViewDefinition): Promise<PlanOutcome> {
	const { file, sql } = definition;
	const outcome = await parseSql(sql);
	if (!outcome.ok) return { ok: false, diagnostics: [syntaxDiagnostic(file, sql, outcome.error)] };
	try {
		const query = readQuery(outcome.parsed, definition.tables);
		const loose = disconnected(query);
		const at = loose === undefined ? undefined : query.scope.sources[loose]!;
		const warnings: Diagnostic[] = at
			? [
					{
						severity: 'warning',
						file,
						...positionAt(sql, outcome.parsed.offsetOf(at.at)),
						reason: 'VIEW_CROSS_JOIN',
						message: `No condition connects "${at.alias}" with the rest: every row meets every row.`,
						hint: 'Join it with ON.'
					}
				]
			: [];
		return { ok: true, plan: await makePlan(definition.name, false, sql, query, warnings) };
	} catch (error) {
		if (error instanceof Refusal)
			return { ok: false, diagnostics: [diagnosticOf(file, outcome.parsed, error)] };
		throw error;
	}
}

/** The view of all rows and columns that every table has under its own name. */
export async function planImplicit(table: CatalogTable): Promise<ViewPlan> {
	const outputs = table.columns.map(({ name }) => ({
		name,
		expression: { kind: 'column', source: 0, column: name, at: undefined } as const
	}));
	const scope = { sources: [{ alias: table.name, table, at: undefined }], merged: [] };
	const sql = `SELECT ${table.columns.map((column) => quote(column.name)).join(', ')} FROM ${quote(table.name)}`;
	return makePlan(table.name, true, sql, { scope, conditions: [], outputs, grouping: undefined }, []);
}

async function makePlan(
	name: string,
	implicit: boolean,
	sql: string,
	query: Query,
	warnings: readonly Diagnostic[]
): Promise<ViewPlan> {
	const lineage = lineageSources(query, (source) => isKeyShown(query, source));
	const kind = isThrough(query) ? 'through' : 'maintained';
	return {
		name,
		implicit,
		kind,
		hash: await hashOf(query, kind),
		sql,
		query,
		lineage,
		describeSql: describeSql(query),
		probes: probes(query),
		warnings
	};
}

function isKeyShown(query: Query, source: number): boolean {
	return query.scope.sources[source]!.table.key.every((column) =>
		query.outputs.some(
			({ expression }) =>
				expression.kind === 'column' && expression.source === source && expression.column === column
		)
	);
}

/** Rule 19: a table that logs whole rows cheaply can be read through. */
function isThrough(query: Query): boolean {
	if (query.scope.sources.length > 1 || query.grouping) return false;
	return !query.scope.sources[0]!.table.columns.some((column) => /^(bytea|jsonb|json)$/.test(column.type));
}

async function hashOf(query: Query, kind: ViewKind): Promise<string> {
	const show = (expression: Expression) => printOverTables(expression);
	const { grouping } = query;
	const content: Json = {
		planner: plannerVersion,
		kind,
		sources: query.scope.sources.map(({ table }, source) => ({
			table: table.name,
			key: [...table.key],
			columns: usedColumns(query, source).map((name) => {
				const column = columnOf(table, name)!;
				return [name, castType(column), column.nullable];
			})
		})),
		conditions: query.conditions.map(show),
		outputs: query.outputs.map((output) => [output.name, show(output.expression)]),
		groups: grouping ? grouping.groups.map(show) : null,
		having: grouping?.having ? show(grouping.having) : null
	};
	const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(canonicalJson(content)));
	return Array.from(new Uint8Array(digest).subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(
		''
	);
}

/** Names of the columns that a view depends on, its key's included, in the table's order. */
export function usedColumns(query: Query, source: number): string[] {
	const { table } = query.scope.sources[source]!;
	const used = new Set(table.key);
	const visit = (expression: Expression): void => {
		if (expression.kind === 'column' && expression.source === source) used.add(expression.column);
		if (expression.kind === 'aggregate' && expression.argument) visit(expression.argument);
		if (expression.kind === 'compound')
			for (const part of expression.parts) if (typeof part !== 'string') visit(part);
	};
	query.conditions.forEach(visit);
	query.outputs.forEach((output) => visit(output.expression));
	query.grouping?.groups.forEach(visit);
	if (query.grouping?.having) visit(query.grouping.having);
	return table.columns.map((column) => column.name).filter((name) => used.has(name));
}

/** Distinct arguments of a view's aggregates. */
export function aggregateArguments(query: Query): Expression[] {
	const found = new Map<string, Expression>();
	for (const { argument } of query.grouping?.aggregates ?? [])
		if (argument) found.set(identity(argument), argument);
	return [...found.values()];
}

/** `FROM … WHERE …` over `{data}`, under the internal aliases. */
export function fromWhere(query: Query): string {
	const tables = query.scope.sources.map((_, source) => aliased(query, source));
	const conditions = query.conditions.map((condition) => printOverTables(condition));
	return `FROM ${tables.join(', ')}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}`;
}

/**
 * The same as a chain of joins that begins with one source and reaches the others from it; `changed`, with
 * its condition on that source, goes before. The chain bounds what the planner has to weigh.
 */
export function joinedFrom(query: Query, first: number, changed: string, on: string): string {
	const open = new Set(query.conditions);
	const known = new Set<number>();
	const joins = joinOrder(query, first).map((source) => {
		known.add(source);
		const settled = [...open].filter((condition) => sourcesOf(condition).every((other) => known.has(other)));
		settled.forEach((condition) => open.delete(condition));
		const conditions = [
			...(source === first ? [on] : []),
			...settled.map((condition) => printOverTables(condition))
		];
		return `JOIN ${aliased(query, source)} ON ${conditions.join(' AND ') || 'true'}`;
	});
	return `FROM ${changed} ${joins.join(' ')}`;
}

function aliased(query: Query, source: number): string {
	return `{data}.${quote(query.scope.sources[source]!.table.name)} AS a${source}`;
}

/** Types in order: outputs, groups, dependents, arguments of aggregates, aggregates. */
function describeSql(query: Query): string {
	const { grouping } = query;
	const lists: { name: string; expressions: readonly Expression[]; tail: string }[] = [
		{
			name: 'o',
			expressions: query.outputs.map((output) => output.expression),
			tail: grouping ? groupTail(query) : ''
		}
	];
	if (grouping) {
		lists.push({
			name: 'h',
			expressions: [...grouping.groups, ...grouping.dependents, ...aggregateArguments(query)],
			tail: ''
		});
		lists.push({ name: 'g', expressions: grouping.aggregates, tail: '' });
	}
	const filled = lists.filter((list) => list.expressions.length > 0);
	const types = filled.flatMap((list) =>
		list.expressions.map((_, index) => `pg_catalog.pg_typeof(${list.name}.c${index})::text`)
	);
	const joins = filled.map((list) => {
		const columns = list.expressions.map(
			(expression, index) => `${printOverTables(expression)} AS c${index}`
		);
		return `LEFT JOIN (SELECT ${columns.join(', ')} ${fromWhere(query)}${list.tail}) AS ${list.name} ON false`;
	});
	return `SELECT ARRAY[${types.join(', ')}] AS types FROM (SELECT 1) AS one ${joins.join(' ')}`;
}

function groupTail(query: Query): string {
	const { groups, having } = query.grouping!;
	const by =
		groups.length > 0
			? ` GROUP BY ${[...groups, ...query.grouping!.dependents].map((group) => printOverTables(group)).join(', ')}`
			: '';
	return by + (having ? ` HAVING ${printOverTables(having)}` : '');
}
