import type { Node, ParsedSql, SelectStmt } from '#engine/sql';
import { leaves, type Expression } from './expression.ts';
import { grouping, type Grouping } from './grouping.ts';
import { distinctRows } from './distinct-rows.ts';
import { apartFromGroups } from './grouped-subqueries.ts';
import { firstRows, readFirstRows, type FirstRows } from './first-rows.ts';
import { selectInPlace, type InPlace } from './in-place.ts';
import type { Over, StageIndex } from './over.ts';
import { allConditions, filtered, type Island } from './join-tree.ts';
import { conjuncts, readFrom, readValues } from './read-from.ts';
import { firstRanks } from './ranked.ts';
import { everyColumn, readOutputs } from './read-outputs.ts';
import { bytesAt, type Cte, type Place, type Reading } from './reading.ts';
import { refuse, unlessUnknown } from './refusal.ts';
import type { Scope } from './scope.ts';
import { operationOf, readSetOperation, type Union } from './set-operation.ts';
import { renamed, stageOfSubquery } from './stage-source.ts';
import { refuseWindow, windowed, windowsOf } from './windowed.ts';

/** One SELECT with all names resolved: inner joins flattened into sources and conditions. */
export interface Query {
	readonly scope: Scope;
	/** Of ON, USING and WHERE, all joined by AND: over sources that every row has. */
	readonly conditions: readonly Expression[];
	/** Where a row may lack a source; `conditions` are its own. */
	readonly joins?: Island;
	readonly outputs: readonly Output[];
	/** Where there is GROUP BY or an aggregate. */
	readonly grouping: Grouping | undefined;
	/** Where it is computed over the rows of its one source, a stage. */
	readonly over?: Over;
	/** What its state has for the query that is computed over it. */
	readonly index?: StageIndex;
	/** Where its rows are those of all its sources, one after the other. */
	readonly union?: Union;
	/** Lists of its outputs by which those that read it look rows up. */
	readonly lookups?: readonly (readonly string[])[];
}

export interface Output {
	readonly name: string;
	readonly expression: Expression;
}

/** The SELECT of a file. Throws a Refusal for everything that views do not keep. */
export function readQuery(reading: Reading, parsed: ParsedSql): Query {
	return readSelect({ reading, parsed, ctes: [] }, onlySelect(parsed), false);
}

/** A SELECT, or a part of one: a subquery, a CTE. */
export function readSelect(outer: Place, select: SelectStmt, isPart: boolean): Query {
	if (operationOf(select)) {
		refuseClauses(outer.parsed, select);
		return readSetOperation({ ...outer, ctes: readCtes(outer, select) }, select, isPart);
	}
	return assembled(outer.reading, readClauses(outer, select, isPart));
}

/** What a SELECT says, before it becomes stages. */
export interface Clauses {
	/** Its own sources, and what else its expressions can name. */
	readonly scope: Scope;
	readonly island: Island;
	/** Of `first`, where there is that. */
	readonly outputs: readonly Output[];
	readonly grouping: Grouping | undefined;
	/** DISTINCT, of what comes before `first`. */
	readonly distinct: boolean;
	readonly first: FirstRows | undefined;
}

/** Reads a SELECT that stands alone or in an expression (`outer.outer`). */
export function readClauses(outer: Place, select: SelectStmt, isPart: boolean): Clauses {
	refuseClauses(outer.parsed, select);
	const place = { ...outer, ctes: readCtes(outer, select) };
	const { scope: names, island: from } = select.valuesLists
		? readValues(select.valuesLists, place)
		: readFrom(select.fromClause ?? [], place);
	const where = select.whereClause ? conjuncts(names, select.whereClause) : [];
	const island = where.reduce(filtered, from);
	const conditions = allConditions(island);
	for (const leaf of conditions.flatMap((condition) => [...leaves(condition)])) {
		if (leaf.kind !== 'aggregate') continue;
		refuse(
			leaf.at,
			'VIEW_AGGREGATE',
			'An aggregate cannot stand in WHERE or ON.',
			'Filter groups with HAVING.'
		);
	}
	conditions.forEach((condition) => refuseWindow(condition, 'WHERE or ON'));
	// WHERE may have made inner joins of outer ones
	const ranked = outer.outer ? names.sources : firstRanks(place.reading, names.sources, island);
	const sources = ranked.map((source, index) => ({
		...source,
		nullable: !island.sources.includes(names.base + index)
	}));
	const scope: Scope = { ...names, sources, windows: windowsOf(select) };
	const own = select.valuesLists
		? everyColumn(scope)
		: readOutputs(scope, select.targetList ?? [], place.parsed, isPart);
	const first = readFirstRows(place, scope, select, own);
	const outputs = first?.outputs ?? own;
	const distinct = select.distinctClause?.some((node) => Object.keys(node).length === 0) ?? false;
	return { scope, island, outputs, grouping: grouping(scope, select, outputs), distinct, first };
}

/** A SELECT that names nothing of a SELECT around it, as stages, of which the last is returned. */
export function assembled(reading: Reading, clauses: Clauses): Query {
	const rows = windowed(reading, apartFromGroups(reading, rowsOf(clauses)));
	return firstRows(reading, clauses.distinct ? distinctRows(reading, rows) : rows, clauses.first);
}

/** The rows or groups, before windows and LIMIT. */
export function rowsOf({
	scope,
	island,
	outputs,
	grouping
}: Pick<Clauses, 'scope' | 'island' | 'outputs' | 'grouping'>): Query {
	return {
		scope: {
			sources: scope.sources.map((source, index) => ({
				...source,
				nullable: !island.sources.includes(index)
			})),
			merged: []
		},
		conditions: island.conditions,
		...(island.outer.length + island.late.length > 0 ? { joins: island } : {}),
		outputs,
		grouping
	};
}

/** Those of WITH, each of which may read those before it. */
export function readCtes(outer: Place, { withClause }: SelectStmt): readonly Cte[] {
	if (withClause?.recursive)
		refuse(
			withClause.location,
			'VIEW_RECURSION',
			'WITH RECURSIVE cannot be kept: one changed row may change every level.',
			'Keep the path of each row in a column (as a text, or an array of ids), or write one CTE a level.'
		);
	return (withClause?.ctes ?? []).reduce<readonly Cte[]>((ctes, node) => {
		if (!('CommonTableExpr' in node)) return ctes;
		const { ctename = '', ctequery, aliascolnames } = node.CommonTableExpr;
		const place = { ...outer, ctes };
		const stage = () => stageOfSubquery(place, ctequery, `cte ${ctename}`, aliascolnames);
		const rows = outer.outer
			? unlessUnknown<Cte['rows']>(stage, () => cteInPlace(place, ctequery, aliascolnames))
			: stage();
		return [...ctes, { name: ctename, rows }];
	}, outer.ctes);
}

function cteInPlace(place: Place, node: Node | undefined, names: readonly Node[] = []): InPlace {
	const made = selectInPlace(place, selectOf(node, undefined));
	return { ...made, columns: renamed(made.columns, names) };
}

function onlySelect(parsed: ParsedSql): SelectStmt {
	const [first, second] = parsed.statements;
	if (second)
		refuse(
			second.stmt_location,
			'VIEW_ONE_STATEMENT',
			'A view is one SELECT; there is a second statement here.',
			'Put it into a file of its own.'
		);
	return selectOf(first?.stmt, first?.stmt_location);
}

export function selectOf(node: Node | undefined, at: number | undefined): SelectStmt {
	if (node && 'SelectStmt' in node) return node.SelectStmt;
	refuse(
		at,
		'VIEW_NOT_SELECT',
		'A view is one SELECT.',
		'Begin the file with SELECT; tables are changed in migrations/ and logic/.'
	);
}

export function refuseClauses(parsed: ParsedSql, select: SelectStmt): void {
	const at = (word: string) => bytesAt(parsed, word);
	if (select.intoClause)
		refuse(
			at('INTO'),
			'VIEW_NOT_SELECT',
			'A view does not write: INTO cannot stand here.',
			'Leave INTO out.'
		);
	if (select.lockingClause)
		refuse(at('FOR'), 'VIEW_NOT_SELECT', 'A view locks nothing.', 'Leave FOR UPDATE or FOR SHARE out.');
}
