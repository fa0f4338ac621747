import { canonicalJson, positionAt, type Diagnostic, type Json } from '#kernel';
import { parseSql, syntaxDiagnostic, type ParsedSql } from '#engine/sql';
import { castType, columnOf, type CatalogTable } from './catalog.ts';
import { queryDepends } from './depends.ts';
import { describeSql } from './describe.ts';
import { children, printOverTables, quote, type Expression } from './expression.ts';
import { disconnected, joinOrder, sourcesOf } from './lineage.ts';
import { orderWarnings } from './order-warning.ts';
import { overJson } from './over.ts';
import { allConditions, islandJson, islandOfQuery, printIsland, type Island } from './join-tree.ts';
import { readQuery, type Query } from './query.ts';
import { bytesAt, type NamedSelect, type Reading, type StageDraft } from './reading.ts';
import { reachable, viewsReached } from './reach.ts';
import { diagnosticOf, Refusal, refuse } from './refusal.ts';
import type { Union } from './set-operation.ts';
import { lineageOf } from './stage-key.ts';
import type { ViewKind } from './types.ts';

/** Raised when the programs that are made change: then every view gets a new hash and a new state. */
const plannerVersion = 5;

export interface ViewDefinition {
	/** The file's name without `.sql`. */
	readonly name: string;
	/** Path in the module, for diagnostics. */
	readonly file: string;
	readonly sql: string;
	/** Every table that the module may read: its own, and `peopleTable`. */
	readonly tables: readonly CatalogTable[];
	/** The module's other views, which this one may read; itself among them does no harm. */
	readonly views?: readonly NamedSelect[];
}

/** A view that can be kept, before Postgres has told its columns' types. */
export interface ViewPlan {
	readonly name: string;
	readonly implicit: boolean;
	readonly kind: ViewKind;
	readonly hash: string;
	readonly sql: string;
	readonly query: Query;
	/** A part of a view: nobody reads it but other stages. */
	readonly hidden: boolean;
	/** Sources whose keys make the row key of a view without groups, as indexes into FROM. */
	readonly lineage: readonly number[];
	/** The stages below it, without doubles, each after those that it reads. */
	readonly stages: readonly ViewPlan[];
	/** Hashes of stages by their index in the reading, as `Source.stage` and `{@n}`, `{#n}` in SQL name them. */
	readonly refs: readonly string[];
	/** Those that subqueries read, with their types; there from `finishView` on. */
	readonly parts?: ReadonlyMap<number, CatalogTable>;
	/**
	 * One row with one column `types text[]`: what `finishView` needs. `{data}` stands for the quoted
	 * schema with the tables. Runs in no time, and fails where Postgres refuses the types; prepare
	 * `checkSql` with that schema as search_path first, for an error with its place (`postgresDiagnostic`).
	 */
	readonly describeSql: string;
	/** `sql` as Postgres can prepare it where there are only tables: views that it reads stand before it. */
	readonly checkSql: string;
	/** Where `sql` stands in `checkSql`: what a position in the one has to be less to be one in the other. */
	readonly checkOffset: number;
	readonly warnings: readonly Diagnostic[];
}

export type PlanOutcome =
	| { readonly ok: true; readonly plan: ViewPlan }
	| { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Plans one SELECT. What cannot be kept is refused by name, with its place and what to write instead. */
export async function planView(definition: ViewDefinition): Promise<PlanOutcome> {
	const { file, name, sql } = definition;
	const outcome = await parseSql(sql);
	if (!outcome.ok) return { ok: false, diagnostics: [syntaxDiagnostic(file, sql, outcome.error)] };
	const { parsed } = outcome;
	try {
		const views = await viewsReached(parsed, definition.views ?? []);
		const reading: Reading = { tables: definition.tables, views, stages: [], known: new Map(), path: [name] };
		const query = readQuery(reading, parsed);
		const warnings = [...crossJoins(file, parsed, query), ...orderWarnings(file, parsed)];
		const plan = await makePlan(definition, query, reading, warnings);
		refuseConstant(plan, parsed);
		return { ok: true, plan };
	} catch (error) {
		if (error instanceof Refusal) return { ok: false, diagnostics: [diagnosticOf(file, parsed, error)] };
		throw error;
	}
}

/** What reads nothing needs no keeping. */
function refuseConstant({ query, stages }: ViewPlan, parsed: ParsedSql): void {
	const sources = [query, ...stages.map((stage) => stage.query)].flatMap(({ scope }) => scope.sources);
	if (sources.some(({ stage, call }) => stage === undefined && !call)) return;
	refuse(
		bytesAt(parsed, 'SELECT') ?? bytesAt(parsed, 'VALUES'),
		'VIEW_NO_TABLE',
		'This SELECT reads no table.',
		"Add FROM with one of the module's tables."
	);
}

function crossJoins(file: string, parsed: ParsedSql, query: Query): Diagnostic[] {
	const loose = query.union ? undefined : disconnected(query);
	if (loose === undefined) return [];
	const { alias, at } = query.scope.sources[loose]!;
	return [
		{
			severity: 'warning',
			file,
			...positionAt(parsed.text, parsed.offsetOf(at)),
			reason: 'VIEW_CROSS_JOIN',
			message: `No condition connects "${alias}" with the rest: every row meets every row.`,
			hint: 'Join it with ON.'
		}
	];
}

/** The view of all rows and columns that every table has under its own name. */
export async function planImplicit(table: CatalogTable): Promise<ViewPlan> {
	const outputs = table.columns.map(({ name }) => ({
		name,
		expression: { kind: 'column', source: 0, column: name, at: undefined } as const
	}));
	const scope = { sources: [{ alias: table.name, table, at: undefined }], merged: [] };
	const sql = `SELECT ${table.columns.map((column) => quote(column.name)).join(', ')} FROM ${quote(table.name)}`;
	const query: Query = { scope, conditions: [], outputs, grouping: undefined };
	const reading: Reading = { tables: [table], views: new Map(), stages: [], known: new Map(), path: [] };
	return { ...(await makePlan({ name: table.name, sql }, query, reading, [])), implicit: true };
}

/** The plan of a view that was read, and of all that it stands on. */
async function makePlan(
	{ name, sql }: { readonly name: string; readonly sql: string },
	query: Query,
	reading: Reading,
	warnings: readonly Diagnostic[]
): Promise<ViewPlan> {
	const refs: string[] = [];
	const plans: ViewPlan[] = [];
	for (const draft of reading.stages) {
		const plan = await stagePlan(name, draft, plans, refs);
		plans.push(plan);
		refs.push(plan.hash);
	}
	const stages = reachable(query, plans);
	const kind = isThrough(query) ? 'through' : 'maintained';
	const plan = await planOf({ name, sql, hidden: false, kind }, query, stages, refs);
	return {
		...plan,
		...checkText(sql, reading),
		describeSql: describeSql(query, stages, refs),
		warnings
	};
}

/** A view that keeps a state is the stage itself; another stage is nobody else's business. */
async function stagePlan(
	root: string,
	{ title, query, view }: StageDraft,
	before: readonly ViewPlan[],
	refs: readonly string[]
): Promise<ViewPlan> {
	const shared = view && !isThrough(query);
	const made = shared
		? { name: view.name, sql: view.sql, hidden: false }
		: { name: `${root}: ${title}`, sql: '', hidden: true };
	return planOf({ ...made, kind: 'maintained' }, query, reachable(query, before), refs);
}

type PlanHead = Pick<ViewPlan, 'name' | 'sql' | 'hidden' | 'kind'>;

async function planOf(
	head: PlanHead,
	query: Query,
	stages: readonly ViewPlan[],
	refs: readonly string[]
): Promise<ViewPlan> {
	return {
		...head,
		implicit: false,
		hash: await hashOf(query, head, refs),
		query,
		lineage: lineageOf(query),
		stages,
		refs,
		describeSql: '',
		checkSql: head.sql,
		checkOffset: 0,
		warnings: []
	};
}

/** Views that are read stand before the SELECT as CTEs, each after those that it reads. */
function checkText(sql: string, reading: Reading): { checkSql: string; checkOffset: number } {
	const ctes = Array.from(reading.known.keys(), (name) => {
		const text = reading.views.get(name)!.view.sql.replace(/;\s*$/, '');
		return `${quote(name)} AS (${text}\n)`;
	});
	if (ctes.length === 0) return { checkSql: sql, checkOffset: 0 };
	const before = `WITH ${ctes.join(', ')} SELECT * FROM (`;
	return { checkSql: `${before}${sql.replace(/;\s*$/, '')}\n) AS checked`, checkOffset: before.length };
}

/** Rule 19: a table that logs whole rows cheaply can be read through. */
function isThrough(query: Query): boolean {
	const [source, second] = query.scope.sources;
	if (!source || second || source.stage !== undefined || source.call || query.grouping) return false;
	if (queryDepends(query).length > 0) return false;
	return !source.table.columns.some((column) => /^(bytea|jsonb|json)$/.test(column.type));
}

async function hashOf(
	query: Query,
	{ kind, hidden }: Pick<ViewPlan, 'kind' | 'hidden'>,
	refs: readonly string[]
): Promise<string> {
	const show = (expression: Expression) => printOverTables(expression);
	const { grouping } = query;
	const content: Json = {
		planner: plannerVersion,
		kind,
		...(hidden ? { hidden } : {}),
		sources: query.scope.sources.map(({ table, call }, source) => ({
			...(call ? { call: show(call) } : {}),
			table: table.name,
			key: [...table.key],
			columns: usedColumns(query, source).map((name) => {
				const column = columnOf(table, name)!;
				return [name, castType(column), column.nullable];
			})
		})),
		conditions: query.conditions.map(show),
		...(query.joins ? { joins: islandJson(query.joins, show) } : {}),
		...(query.union ? { union: query.union.branches.map((branch) => [...branch]) } : {}),
		outputs: query.outputs.map((output) => [output.name, show(output.expression)]),
		groups: grouping ? grouping.groups.map(show) : null,
		...(grouping && grouping.sets.length > 1 ? { sets: grouping.sets.map((set) => [...set]) } : {}),
		having: grouping?.having ? show(grouping.having) : null,
		...(query.over ? { over: overJson(query.over) } : {}),
		...(query.index ? { index: JSON.stringify(query.index) } : {}),
		...(query.lookups ? { lookups: query.lookups.map((names) => [...names]) } : {})
	};
	const text = named(canonicalJson(content), refs);
	const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text));
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
		children(expression).forEach(visit);
	};
	allConditions(islandOfQuery(query)).forEach(visit);
	query.scope.sources.forEach(({ call }) => call && visit(call));
	query.outputs.forEach((output) => visit(output.expression));
	query.grouping?.groups.forEach(visit);
	if (query.grouping?.having) visit(query.grouping.having);
	return table.columns.map((column) => column.name).filter((name) => used.has(name));
}

/** `FROM … WHERE …` over `{data}`, under the internal aliases. */
export function fromWhere(query: Query): string {
	if (query.union) return `FROM (${unionRows(query, query.union)}) AS u`;
	const tables = query.scope.sources.map((_, source) => aliased(query, source));
	const from = query.joins ? islandFrom(query, query.joins) : tables.join(', ');
	const conditions = query.conditions.map((condition) => printOverTables(condition));
	return `FROM ${from}${conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''}`;
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

/** The rows of all branches. */
function unionRows(query: Query, { branches }: Union): string {
	const names = query.outputs.map(({ name }) => quote(name));
	const selects = branches.map((branch, source) => {
		const columns = branch.map((column, index) => (source === 0 ? `${column} AS ${names[index]}` : column));
		return `SELECT ${columns.join(', ')} FROM ${aliased(query, source)}`;
	});
	return selects.join(' UNION ALL ');
}

/** What stands in FROM for an island of a query's sources. */
export function islandFrom(query: Query, island: Island): string {
	return printIsland(island, (source) => aliased(query, source), printOverTables);
}

function aliased(query: Query, source: number): string {
	const { table, stage, call } = query.scope.sources[source]!;
	if (call) {
		const columns = table.columns.map(({ name }) => quote(name)).join(', ');
		return `${printOverTables(call)} AS a${source}(${columns})`;
	}
	return `${stage === undefined ? `{data}.${quote(table.name)}` : `{@${stage}}`} AS a${source}`;
}

/** SQL or JSON of a reading with its stages under the names that they have everywhere. */
export function named(
	text: string,
	refs: readonly string[],
	relation = (hash: string) => quote(`@${hash}`)
): string {
	return text.replace(/\{([@#])(\d+)\}/g, (_, mark: string, index: string) =>
		mark === '@' ? relation(refs[Number(index)]!) : `@${refs[Number(index)]}`
	);
}
