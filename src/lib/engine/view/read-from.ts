import type { Node, RangeVar } from '#engine/sql';
import { visibleColumn, type CatalogTable } from './catalog.ts';
import { compile } from './compile.ts';
import type { Expression } from './expression.ts';
import { bytesAt, type Place } from './reading.ts';
import { notYet, refuse } from './refusal.ts';
import type { MergedColumn, Scope, Source } from './scope.ts';
import { stageOfSubquery, stageOfView, stageSource } from './stage-source.ts';

/** FROM, flattened: what is joined, and the conditions of ON and USING. */
export interface From {
	readonly scope: { readonly sources: Source[]; readonly merged: MergedColumn[] };
	readonly conditions: Expression[];
}

/** Throws a Refusal for what cannot stand in FROM. */
export function readFrom(items: readonly Node[], place: Place): From {
	const from: From = { scope: { sources: [], merged: [] }, conditions: [] };
	for (const item of items) addItem(from, item, place);
	if (from.scope.sources.length > maximumSources) {
		notYet(from.scope.sources[maximumSources]!.at, `more than ${maximumSources} tables`, 'Make two views.');
	}
	return from;
}

const maximumSources = 8;

/** Adds one item of FROM; returns the indexes of the sources that it brought. */
function addItem(from: From, item: Node, place: Place): number[] {
	if ('RangeVar' in item) return [addRange(from, item.RangeVar, place)];
	if ('JoinExpr' in item) return addJoin(from, item.JoinExpr, place);
	if ('RangeSubselect' in item) return [addSubquery(from, item.RangeSubselect, place)];
	const at = bytesAt(place.parsed, 'FROM');
	if ('RangeFunction' in item) notYet(at, 'a function in FROM', 'Keep the rows in a table and join it.');
	if ('RangeTableSample' in item)
		refuse(
			item.RangeTableSample.location,
			'VIEW_VOLATILE',
			'TABLESAMPLE gives other rows at each call.',
			'Filter with WHERE.'
		);
	notYet(at, 'this in FROM', 'Name tables of the module.');
}

function addSource(from: From, source: Source): number {
	if (from.scope.sources.some(({ alias }) => alias === source.alias)) {
		refuse(
			source.at,
			'VIEW_DUPLICATE_TABLE',
			`"${source.alias}" stands twice in FROM.`,
			`Give one of them another name: ${source.alias} AS other.`
		);
	}
	return from.scope.sources.push(source) - 1;
}

/** A name in FROM is a CTE's, a table's or a view's, looked for in that order. */
function addRange(from: From, range: RangeVar, place: Place): number {
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
	if (cte) return addSource(from, stageSource(place.reading, cte.stage, alias, at));
	const { tables } = place.reading;
	const table = tables.find((candidate) => candidate.name === name);
	if (table) return addSource(from, tableSource(table, alias, at));
	const view = stageOfView(place.reading, name, at);
	if (view !== undefined) return addSource(from, stageSource(place.reading, view, alias, at));
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

type Subselect = Extract<Node, { RangeSubselect: unknown }>['RangeSubselect'];

function addSubquery(from: From, { lateral, subquery, alias }: Subselect, place: Place): number {
	const at = bytesAt(place.parsed, 'FROM');
	if (lateral) notYet(bytesAt(place.parsed, 'LATERAL'), 'LATERAL', 'Join the tables directly.');
	const name = alias?.aliasname ?? `_q${from.scope.sources.length}`;
	const stage = stageOfSubquery(place, subquery, `subquery ${name}`, alias?.colnames);
	return addSource(from, stageSource(place.reading, stage, name, at));
}

type Join = Extract<Node, { JoinExpr: unknown }>['JoinExpr'];

const outerJoins: Readonly<Record<string, string>> = {
	JOIN_LEFT: 'LEFT JOIN',
	JOIN_RIGHT: 'RIGHT JOIN',
	JOIN_FULL: 'FULL JOIN'
};

function addJoin(from: From, join: Join, place: Place): number[] {
	const outer = outerJoins[join.jointype ?? ''];
	if (outer)
		notYet(
			bytesAt(place.parsed, outer.split(' ')[0]!),
			outer,
			'Use an inner JOIN, or two views: one of the rows that have a partner, one of all rows.'
		);
	if (join.isNatural)
		notYet(bytesAt(place.parsed, 'NATURAL'), 'NATURAL JOIN', 'Name the columns: JOIN … USING (column).');
	if (join.alias || join.join_using_alias)
		notYet(bytesAt(place.parsed, 'JOIN'), 'an alias of a whole join', 'Give each table its own alias.');
	const left = addItem(from, join.larg!, place);
	const right = addItem(from, join.rarg!, place);
	for (const column of join.usingClause ?? []) {
		if ('String' in column)
			mergeColumn(from, column.String.sval ?? '', left, right, bytesAt(place.parsed, 'USING'));
	}
	if (join.quals) from.conditions.push(...conjuncts(from.scope, join.quals));
	return [...left, ...right];
}

function mergeColumn(
	from: From,
	name: string,
	left: readonly number[],
	right: readonly number[],
	at: number | undefined
): void {
	const side = (indexes: readonly number[]): MergedColumn => {
		const merged = from.scope.merged.find(
			(column) => column.name === name && column.sources.every((index) => indexes.includes(index))
		);
		if (merged) return merged;
		const holders = indexes.filter((index) => visibleColumn(from.scope.sources[index]!.table, name));
		if (holders.length !== 1) {
			const what =
				holders.length === 0 ? 'not a column of both sides' : 'a column of several tables of one side';
			refuse(
				at,
				'VIEW_USING',
				`"${name}" is ${what} of the join.`,
				'Write JOIN … ON with both columns by table.column.'
			);
		}
		return { name, sources: holders };
	};
	const [one, other] = [side(left), side(right)];
	const column = (source: number): Expression => ({ kind: 'column', source, column: name, at });
	const equal = [column(one.sources[0]!), column(other.sources[0]!)] as const;
	const parts = ['(', equal[0], ' OPERATOR(pg_catalog.=) ', equal[1], ')'];
	from.conditions.push({ kind: 'compound', parts, equal, text: false, notNull: false, at });
	const kept = from.scope.merged.filter((merged) => merged !== one && merged !== other);
	from.scope.merged.splice(0, from.scope.merged.length, ...kept, {
		name,
		sources: [...one.sources, ...other.sources]
	});
}

/** The terms of an AND, each compiled. */
export function conjuncts(scope: Scope, node: Node): Expression[] {
	if ('BoolExpr' in node && node.BoolExpr.boolop === 'AND_EXPR') {
		return (node.BoolExpr.args ?? []).flatMap((arg) => conjuncts(scope, arg));
	}
	return [compile(scope, node)];
}
