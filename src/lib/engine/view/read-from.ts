import type { Node, RangeVar } from '#engine/sql';
import type { CatalogTable } from './catalog.ts';
import { compile } from './compile.ts';
import type { Expression } from './expression.ts';
import { allSources, combined, filtered, islandOf, leftJoined, type Island } from './join-tree.ts';
import { oneRow } from './call-source.ts';
import { sourcesOf } from './lineage.ts';
import { rowsOf, selectOf, type Output } from './query.ts';
import { bytesAt, type Cte, type Place } from './reading.ts';
import { notYet, refuse, unlessUnknown } from './refusal.ts';
import { operationOf } from './set-operation.ts';
import {
	addNamed,
	addSource,
	emptyNames,
	lackingRows,
	markNullable,
	namesIn,
	refuseMoreSources,
	type Names
} from './names.ts';
import { addFullJoin } from './full-join.ts';
import { addJoinStage, needsStage, standingAlone } from './join-stage.ts';
import { selectInPlace } from './in-place.ts';
import { inPlaceRows, lateralRows, type LateralRows } from './lateral.ts';
import { sourceAt, type FromItem, type MergedColumn, type Scope, type Source } from './scope.ts';
import { subquery } from './subquery.ts';
import { expressionOf, sql } from './sql-parts.ts';
import { tableFunction, valuesSource } from './table-function.ts';
import { stageOfSubquery, stageOfView, stageSource } from './stage-source.ts';

/** What can be named, and how it is joined. */
export interface From {
	readonly scope: Names;
	readonly island: Island;
}

/** One item of FROM. */
interface Joined {
	readonly island: Island;
	/** What connects it with the items before it, where it names them by itself: LATERAL. */
	readonly on: readonly Expression[];
	/** LATERAL that has a row for each row before it, whatever connects them. */
	readonly always: boolean;
	/** Of these rows, those that are. */
	readonly filter: readonly Expression[];
}

/** VALUES as a SELECT of its own. */
export function readValues(lists: readonly Node[], place: Place): From {
	const scope = emptyNames(place);
	const source = valuesSource(scope, 'values', lists, undefined, undefined);
	return { scope, island: islandOf(addSource(scope, source)) };
}

/** Throws a Refusal for what cannot stand in FROM. */
export function readFrom(items: readonly Node[], place: Place): From {
	const scope = emptyNames(place);
	let island: Island | undefined;
	for (const item of items)
		island = joinedTo(scope, island, (island ? readItem : readPlain)(scope, item, place), []);
	island ??= islandOf(addSource(scope, oneRow()));
	refuseMoreSources(scope);
	return { scope, island };
}

/** An inner join with what comes before. */
function joinedTo(
	scope: Names,
	before: Island | undefined,
	{ island, on, always, filter }: Joined,
	conditions: readonly Expression[]
): Island {
	if (!before) return [...on, ...filter, ...conditions].reduce(filtered, island);
	const needs = neededBy(scope, island);
	if (needs.some((source) => lacks(before, source))) {
		// it has to stand behind what a row may lack
		lackingRows(scope, island);
		const rows = leftJoined(before, island, on, needs);
		return [isThere(scope, island), ...filter, ...conditions].reduce(filtered, rows);
	}
	if (!always) return [...on, ...filter, ...conditions].reduce(filtered, combined(before, island));
	// its columns have values also where its row is lacking
	lackingRows(scope, island);
	return [...filter, ...conditions].reduce(filtered, leftJoined(before, island, on));
}

/** The sources, of the same FROM, from which rows of an island follow. */
function neededBy(scope: Names, island: Island): number[] {
	const own = allSources(island);
	const calls = own.flatMap((source) => sourceAt(scope, source).call ?? []);
	return [...new Set(calls.flatMap(sourcesOf))].filter((one) => one >= scope.base && !own.includes(one));
}

function lacks(island: Island, source: number): boolean {
	return !island.sources.includes(source) && allSources(island).includes(source);
}

/** Not told as a condition that rejects NULL: it makes no inner join. */
function isThere(scope: Names, { sources: [first] }: Island): Expression {
	const column = sourceAt(scope, first!).table.key[0]!;
	return expressionOf(sql`(${{ kind: 'column', source: first!, column, at: undefined }} IS NOT NULL)`);
}

function alone(island: Island): Joined {
	return { island, on: [], always: false, filter: [] };
}

/** Adds what one item of FROM brings. */
function readItem(scope: Names, item: Node, place: Place): Joined {
	if ('RangeVar' in item) return alone(islandOf(addRange(scope, item.RangeVar, place)));
	if ('JoinExpr' in item) return readJoin(scope, item.JoinExpr, place);
	if ('RangeSubselect' in item) return readSubselect(scope, item.RangeSubselect, place);
	const at = bytesAt(place.parsed, 'FROM');
	if ('RangeFunction' in item) return alone(readFunction(scope, item.RangeFunction, place));
	if ('RangeTableSample' in item)
		refuse(
			item.RangeTableSample.location,
			'VIEW_VOLATILE',
			'TABLESAMPLE gives other rows at each call.',
			'Filter with WHERE.'
		);
	notYet(at, 'this in FROM', 'Name tables of the module.');
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
	const names = namesIn(range.alias?.colnames);
	const alias = range.alias?.aliasname ?? name;
	const cte = place.ctes.findLast((candidate) => candidate.name === name);
	if (cte) return addSource(scope, cteSource(place, cte, alias, at), names);
	const { tables } = place.reading;
	const table = tables.find((candidate) => candidate.name === name);
	if (table) return addSource(scope, tableSource(table, alias, at), names);
	const view = stageOfView(place.reading, name, at);
	if (view !== undefined) return addSource(scope, stageSource(place.reading, view, alias, at), names);
	const known = [...tables.map((t) => t.name), ...place.reading.views.keys()];
	refuse(
		at,
		'VIEW_UNKNOWN_TABLE',
		`There is no table "${name}" in this module.`,
		`There are: ${known.sort().join(', ')}.`
	);
}

function cteSource(place: Place, { rows }: Cte, alias: string, at: number | undefined): Source {
	return typeof rows === 'number'
		? stageSource(place.reading, rows, alias, at)
		: inPlaceRows(rows, alias).source;
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
	return islandOf(addSource(scope, source));
}

type Subselect = Extract<Node, { RangeSubselect: unknown }>['RangeSubselect'];

function readSubselect(scope: Names, { lateral, subquery, alias }: Subselect, place: Place): Joined {
	const at = bytesAt(place.parsed, 'FROM');
	const name = alias?.aliasname ?? `_q${scope.sources.length}`;
	const values = valuesOf(subquery);
	if (values) {
		const own = { ...scope, sources: [], merged: [], items: [] };
		return alone(islandOf(addSource(scope, valuesSource(own, name, values, alias?.colnames, at))));
	}
	const names = namesIn(alias?.colnames);
	const stands = () => {
		const stage = stageOfSubquery(place, subquery, `subquery ${name}`, alias?.colnames);
		return alone(islandOf(addSource(scope, stageSource(place.reading, stage, name, at))));
	};
	const select = selectOf(subquery, undefined);
	const connected = lateral && !operationOf(select) && lateralRows(scope, place, select, name);
	if (connected) return joinedRows(scope, connected, names);
	const around = lateral ? scope : scope.outer;
	if (!around) return stands();
	return unlessUnknown(stands, () => {
		const rows = inPlaceRows(selectInPlace({ ...place, outer: around }, select), name);
		return joinedRows(scope, rows, names);
	});
}

function joinedRows(
	scope: Names,
	{ source, columns, ...rest }: LateralRows,
	names: readonly string[]
): Joined {
	if (source.call) return { island: islandOf(addSource(scope, source, names)), ...rest };
	const renamed = columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
	return { island: islandOf(addNamed(scope, source, renamed)), ...rest };
}

/** Of `(VALUES …)`, with nothing else. */
function valuesOf(node: Node | undefined): readonly Node[] | undefined {
	const select = node && 'SelectStmt' in node ? node.SelectStmt : undefined;
	return select && !select.sortClause && !select.limitCount && !select.limitOffset && !select.withClause
		? select.valuesLists
		: undefined;
}

type Join = Extract<Node, { JoinExpr: unknown }>['JoinExpr'];

/** What connects the side that every row has with the items before the join is told on. */
function readJoin(scope: Names, join: Join, place: Place): Joined {
	const at = (word: string) => bytesAt(place.parsed, word);
	if (join.jointype === 'JOIN_FULL') return alone(readFullJoin(scope, join, place));
	if (join.alias || join.join_using_alias)
		notYet(at('JOIN'), 'an alias of a whole join', 'Give each table its own alias.');
	if (join.jointype === 'JOIN_LEFT' || join.jointype === 'JOIN_RIGHT')
		return readOuterJoin(scope, join, place);
	const left = readPlain(scope, join.larg!, place);
	const joined = readItem(scope, join.rarg!, place);
	const on = readOn(scope, join, place, left.island, joined.island);
	return { ...left, island: joinedTo(scope, left.island, joined, on) };
}

/** LATERAL that has a row for each row before it is computed in place. */
function readPlain(scope: Names, item: Node, place: Place): Joined {
	const restore = remembered(scope);
	const joined = readItem(scope, item, place);
	if (!joined.always) return joined;
	restore();
	return readItem(scope, item, { ...place, inPlace: true });
}

/** Takes away what is added from now on. */
function remembered(scope: Names): () => void {
	const { length: sources } = scope.sources;
	const { length: items } = scope.items;
	const merged = [...scope.merged];
	return () => {
		scope.sources.length = sources;
		scope.items.length = items;
		scope.merged.splice(0, scope.merged.length, ...merged);
	};
}

function readOuterJoin(scope: Names, join: Join, place: Place): Joined {
	const isRight = join.jointype === 'JOIN_RIGHT';
	const restore = remembered(scope);
	const read = (readSide: typeof readItem) => {
		const left = (isRight ? readSide : readPlain)(scope, join.larg!, place);
		const right = (isRight ? readPlain : readSide)(scope, join.rarg!, place);
		const [kept, joined] = isRight ? [right, left] : [left, right];
		const on = readOn(scope, join, place, kept.island, joined.island);
		return { kept, joined, on };
	};
	const again = (readSide: typeof readItem) => {
		restore();
		return read(readSide);
	};
	let { kept, joined, on } = read(readItem);
	if (joined.always) {
		if (joined.filter.length === 0 && on.every(isConstantTrue))
			return { ...kept, island: joinedTo(scope, kept.island, joined, []) };
		({ kept, joined, on } = again((names, item) => readItem(names, item, { ...place, inPlace: true })));
	}
	if (needsStage(joined.island, [...joined.on, ...joined.filter, ...on]))
		({ kept, joined, on } = again(readAsStage));
	const side = joined.island;
	markNullable(scope, side);
	const island = leftJoined(
		kept.island,
		side,
		[...joined.on, ...joined.filter, ...on],
		neededBy(scope, side)
	);
	return { ...kept, island };
}

/** What NATURAL, USING or ON say. */
function readOn(scope: Names, join: Join, place: Place, kept: Island, side: Island): Expression[] {
	const at = bytesAt(place.parsed, 'USING') ?? bytesAt(place.parsed, 'NATURAL');
	const isRight = join.jointype === 'JOIN_RIGHT';
	const [left, right] = isRight ? [side, kept] : [kept, side];
	const names = join.isNatural ? commonNames(scope, left, right) : usingNames(join);
	const on = names.map((name) => mergeColumn(scope, name, kept, side, at));
	return join.quals ? [...on, ...conjuncts(scope, join.quals)] : on;
}

/** A join as a stage of its own. */
function readAsStage(scope: Names, item: Node, place: Place): Joined {
	const at = bytesAt(place.parsed, 'JOIN');
	const own = emptyNames(place);
	const { island } = unlessUnknown(
		() => readItem(own, item, place),
		() =>
			notYet(
				at,
				'an outer join of a join with LATERAL and a condition that is also true of rows without a partner',
				'Put that join into a CTE.'
			)
	);
	const { names, islands } = standingAlone(own, { island }, [], at);
	const rows = (outputs: readonly Output[]) =>
		rowsOf({
			scope: { sources: names.sources, merged: [] },
			island: islands.island,
			outputs,
			grouping: undefined
		});
	const id = addJoinStage(scope, place, 'join', { names, at }, ({ expression }) => expression, rows);
	return alone(islandOf(id));
}

function isConstantTrue(condition: Expression): boolean {
	return condition.kind === 'compound' && condition.parts.join('') === 'true';
}

/** Both sides become one stage, whose columns go on under their names. */
function readFullJoin(scope: Names, join: Join, place: Place): Island {
	const at = bytesAt(place.parsed, 'FULL');
	const read = (readRight: typeof readItem) => {
		const own = emptyNames(place);
		const left = readItem(own, join.larg!, place).island;
		const right = readRight(own, join.rarg!, place).island;
		return { own, left, right, on: readOn(own, join, place, left, right), at };
	};
	const sides = read(readItem);
	const { own, ...rest } = needsStage(sides.right, sides.on) ? read(readAsStage) : sides;
	return islandOf(addFullJoin(scope, place, own, rest));
}

function usingNames(join: Join): string[] {
	return (join.usingClause ?? []).flatMap((column) => ('String' in column ? [column.String.sval ?? ''] : []));
}

/** The columns that both sides of a NATURAL JOIN have, in the left's order. */
function commonNames(scope: Names, left: Island, right: Island): string[] {
	const namesOf = (island: Island) =>
		itemsIn(scope, island).flatMap(({ columns }) => columns.map(({ name }) => name));
	const other = new Set(namesOf(right));
	return [...new Set(namesOf(left))].filter((name) => other.has(name));
}

function itemsIn(scope: Names, island: Island): FromItem[] {
	const sources = allSources(island);
	return scope.items.filter(({ source }) => sources.includes(source));
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
		const items = itemsIn(scope, island);
		const merged = scope.merged.find(
			(column) => column.name === name && column.items.every((item) => items.includes(item))
		);
		if (merged) return merged;
		const holders = items.filter(({ columns }) => columns.some((column) => column.name === name));
		if (holders.length === 1) {
			const { expression } = holders[0]!.columns.find((column) => column.name === name)!;
			return { name, items: holders, expression };
		}
		const what =
			holders.length === 0 ? 'not a column of both sides' : 'a column of several tables of one side';
		refuse(
			at,
			'VIEW_USING',
			`"${name}" is ${what} of the join.`,
			'Write JOIN … ON with both columns by table.column.'
		);
	}) as [MergedColumn, MergedColumn];
	const equal = [one.expression, other.expression] as const;
	const others = scope.merged.filter((merged) => merged !== one && merged !== other);
	scope.merged.splice(0, scope.merged.length, ...others, {
		name,
		items: [...one.items, ...other.items],
		expression: one.expression
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
