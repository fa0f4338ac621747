import type { Node, RangeVar } from '#engine/sql';
import { visibleColumn, visibleColumns, type CatalogTable } from './catalog.ts';
import { compile } from './compile.ts';
import type { Expression } from './expression.ts';
import { allSources, combined, filtered, islandOf, leftJoined, type Island } from './join-tree.ts';
import { oneRow } from './call-source.ts';
import { sourcesOf } from './lineage.ts';
import { bytesAt, type Place } from './reading.ts';
import { notYet, refuse } from './refusal.ts';
import { sourceAt, type MergedColumn, type Scope, type Source } from './scope.ts';
import { subquery } from './subquery.ts';
import { tableFunction, valuesSource } from './table-function.ts';
import { stageOfSubquery, stageOfView, stageSource } from './stage-source.ts';

/** What can be named, and how it is joined. */
export interface From {
	readonly scope: Names;
	readonly island: Island;
}

interface Names extends Scope {
	readonly sources: Source[];
	readonly merged: MergedColumn[];
	readonly base: number;
}

/** A FROM has fewer sources than this. */
const baseStep = 100;

/** VALUES as a SELECT of its own. */
export function readValues(lists: readonly Node[], place: Place): From {
	const scope = emptyNames(place);
	const source = valuesSource(scope, 'values', lists, undefined, undefined);
	return { scope, island: islandOf(addSource(scope, source)) };
}

function emptyNames(place: Place): Names {
	const { outer } = place;
	const base = outer ? (outer.base ?? 0) + baseStep : 0;
	return { sources: [], merged: [], base, place, ...(outer && { outer }) };
}

/** Throws a Refusal for what cannot stand in FROM. */
export function readFrom(items: readonly Node[], place: Place): From {
	const scope = emptyNames(place);
	const read = items.map((item) => readItem(scope, item, place));
	const island = read.length > 0 ? read.reduce(combined) : islandOf(addSource(scope, oneRow()));
	if (scope.sources.length > maximumSources) {
		notYet(scope.sources[maximumSources]!.at, `more than ${maximumSources} tables`, 'Make two views.');
	}
	return { scope, island };
}

const maximumSources = 12;

/** Adds what one item of FROM brings. */
function readItem(scope: Names, item: Node, place: Place): Island {
	if ('RangeVar' in item) return islandOf(addRange(scope, item.RangeVar, place));
	if ('JoinExpr' in item) return readJoin(scope, item.JoinExpr, place);
	if ('RangeSubselect' in item) return islandOf(addSubquery(scope, item.RangeSubselect, place));
	const at = bytesAt(place.parsed, 'FROM');
	if ('RangeFunction' in item) return readFunction(scope, item.RangeFunction, place);
	if ('RangeTableSample' in item)
		refuse(
			item.RangeTableSample.location,
			'VIEW_VOLATILE',
			'TABLESAMPLE gives other rows at each call.',
			'Filter with WHERE.'
		);
	notYet(at, 'this in FROM', 'Name tables of the module.');
}

function addSource(scope: Names, source: Source): number {
	if (scope.sources.some(({ alias }) => alias === source.alias)) {
		refuse(
			source.at,
			'VIEW_DUPLICATE_TABLE',
			`"${source.alias}" stands twice in FROM.`,
			`Give one of them another name: ${source.alias} AS other.`
		);
	}
	return scope.base + scope.sources.push(source) - 1;
}

/** A name in FROM is a CTE's, a table's or a view's, looked for in that order. */
function addRange(scope: Names, range: RangeVar, place: Place): number {
	const at = range.location;
	const name = range.relname ?? '';
	if (range.catalogname || range.schemaname) {
		refuse(
			at,
			'VIEW_QUALIFIED_NAME',
			`"${range.schemaname}.${name}" names a schema.`,
			`Write ${name}; a module sees its own tables only.`
		);
	}
	if (!range.inh) notYet(at, 'ONLY', "Write the table's name alone.");
	if (range.alias?.colnames)
		notYet(at, 'renamed columns of a table', 'Rename columns in the list of SELECT, with AS.');
	const alias = range.alias?.aliasname ?? name;
	const cte = place.ctes.findLast((candidate) => candidate.name === name);
	if (cte) return addSource(scope, stageSource(place.reading, cte.stage, alias, at));
	const { tables } = place.reading;
	const table = tables.find((candidate) => candidate.name === name);
	if (table) return addSource(scope, tableSource(table, alias, at));
	const view = stageOfView(place.reading, name, at);
	if (view !== undefined) return addSource(scope, stageSource(place.reading, view, alias, at));
	const known = [...tables.map((t) => t.name), ...place.reading.views.keys()];
	refuse(
		at,
		'VIEW_UNKNOWN_TABLE',
		`There is no table "${name}" in this module.`,
		`There are: ${known.sort().join(', ')}.`
	);
}

function tableSource(table: CatalogTable, alias: string, at: number | undefined): Source {
	if (table.key.length === 0)
		refuse(
			at,
			'VIEW_NO_KEY',
			`"${table.name}" has no primary key.`,
			'Give the message a key field; a view must tell rows apart.'
		);
	return { alias, table, at };
}

/** A function in FROM: it sees the sources before it. */
function readFunction(
	scope: Names,
	item: Extract<Node, { RangeFunction: unknown }>['RangeFunction'],
	place: Place
): Island {
	const source = tableFunction(scope, item, bytesAt(place.parsed, 'FROM'));
	const lacking = sourcesOf(source.call!).filter((one) => sourceAt(scope, one).nullable);
	if (lacking.length > 0)
		notYet(
			source.at,
			'a function in FROM of a column that a row may lack',
			'Put the outer join into a CTE, and read the function from that.'
		);
	return islandOf(addSource(scope, source));
}

type Subselect = Extract<Node, { RangeSubselect: unknown }>['RangeSubselect'];

function addSubquery(scope: Names, { lateral, subquery, alias }: Subselect, place: Place): number {
	const at = bytesAt(place.parsed, 'FROM');
	if (lateral) notYet(bytesAt(place.parsed, 'LATERAL'), 'LATERAL', 'Join the tables directly.');
	const name = alias?.aliasname ?? `_q${scope.sources.length}`;
	const values = valuesOf(subquery);
	if (values)
		return addSource(
			scope,
			valuesSource({ ...scope, sources: [], merged: [] }, name, values, alias?.colnames, at)
		);
	const stage = stageOfSubquery(place, subquery, `subquery ${name}`, alias?.colnames);
	return addSource(scope, stageSource(place.reading, stage, name, at));
}

/** Of `(VALUES …)`, with nothing else. */
function valuesOf(node: Node | undefined): readonly Node[] | undefined {
	const select = node && 'SelectStmt' in node ? node.SelectStmt : undefined;
	return select && !select.sortClause && !select.limitCount && !select.limitOffset && !select.withClause
		? select.valuesLists
		: undefined;
}

type Join = Extract<Node, { JoinExpr: unknown }>['JoinExpr'];

function readJoin(scope: Names, join: Join, place: Place): Island {
	const at = (word: string) => bytesAt(place.parsed, word);
	if (join.jointype === 'JOIN_FULL')
		notYet(at('FULL'), 'FULL JOIN', 'Write two views: a LEFT JOIN each way.');
	if (join.alias || join.join_using_alias)
		notYet(at('JOIN'), 'an alias of a whole join', 'Give each table its own alias.');
	const left = readItem(scope, join.larg!, place);
	const right = readItem(scope, join.rarg!, place);
	const isRight = join.jointype === 'JOIN_RIGHT';
	const [kept, side] = isRight ? [right, left] : [left, right];
	const names = join.isNatural ? commonNames(scope, left, right) : usingNames(join);
	const on = names.map((name) => mergeColumn(scope, name, kept, side, at('USING') ?? at('NATURAL')));
	if (join.quals) on.push(...conjuncts(scope, join.quals));
	if (!isRight && join.jointype !== 'JOIN_LEFT') return on.reduce(filtered, combined(left, right));
	if (side.late.length > 0)
		notYet(
			at(isRight ? 'RIGHT' : 'LEFT'),
			'an outer join of a join with a condition that is also true of rows without a partner',
			'Put that join into a CTE.'
		);
	for (const source of allSources(side))
		scope.sources[source - scope.base] = { ...sourceAt(scope, source), nullable: true };
	return leftJoined(kept, side, on);
}

function usingNames(join: Join): string[] {
	return (join.usingClause ?? []).flatMap((column) => ('String' in column ? [column.String.sval ?? ''] : []));
}

/** The columns that both sides of a NATURAL JOIN have, in the left's order. */
function commonNames(scope: Names, left: Island, right: Island): string[] {
	const namesOf = (island: Island) =>
		allSources(island)
			.sort((a, b) => a - b)
			.flatMap((source) => visibleColumns(sourceAt(scope, source).table).map(({ name }) => name));
	const other = new Set(namesOf(right));
	return [...new Set(namesOf(left))].filter((name) => other.has(name));
}

/** Makes one column of two; returns the condition. The value is that of the side which every row has. */
function mergeColumn(
	scope: Names,
	name: string,
	kept: Island,
	side: Island,
	at: number | undefined
): Expression {
	const [one, other] = [kept, side].map((island): MergedColumn => {
		const indexes = allSources(island);
		const merged = scope.merged.find(
			(column) => column.name === name && column.sources.every((index) => indexes.includes(index))
		);
		if (merged) return merged;
		const holders = indexes.filter((index) => visibleColumn(sourceAt(scope, index).table, name));
		if (holders.length === 1) return { name, sources: holders };
		const what =
			holders.length === 0 ? 'not a column of both sides' : 'a column of several tables of one side';
		refuse(
			at,
			'VIEW_USING',
			`"${name}" is ${what} of the join.`,
			'Write JOIN … ON with both columns by table.column.'
		);
	}) as [MergedColumn, MergedColumn];
	const column = (source: number): Expression => ({ kind: 'column', source, column: name, at });
	const equal = [column(one.sources[0]!), column(other.sources[0]!)] as const;
	const others = scope.merged.filter((merged) => merged !== one && merged !== other);
	scope.merged.splice(0, scope.merged.length, ...others, {
		name,
		sources: [...one.sources, ...other.sources]
	});
	const parts = ['(', equal[0], ' OPERATOR(pg_catalog.=) ', equal[1], ')'];
	const form = { kind: 'strict', of: equal } as const;
	return { kind: 'compound', parts, equal, form, text: false, notNull: false, at };
}

/** The terms of an AND, each compiled. */
export function conjuncts(scope: Scope, node: Node): Expression[] {
	if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR') {
		return (node.BoolExpr.args ?? []).flatMap((arg) => conjuncts(scope, arg));
	}
	if ('SubLink' in node) return [subquery(scope, node.SubLink, true)];
	return [compile(scope, node)];
}
