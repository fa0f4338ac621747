import { children, isConstant, leaves, type Dependence, type Expression } from '../expression.ts';
import { allConditions, allSources, type Island } from '../join-tree.ts';
import { equalities, isCall, sourcesOf, type Equality } from '../lineage.ts';
import { platformTables, visibleColumns, type CatalogTable } from '../catalog.ts';
import type { ViewPlan } from '../plan.ts';
import { expressionOf } from './expression-index.ts';
import { relationOf, rowsOf, rowsPer, rowsPerExpression, type Stages } from './parts.ts';
import { stageIndexes } from './stage-indexes.ts';
import type { Amount, Factor, Hop, Relation } from './types.ts';

/** A source that was found. */
export interface Found {
	readonly source: number;
	readonly hop: Hop;
}

/**
 * How the sources of an island are found from some that are known: each next the one that the fewest rows
 * can be told of. `given` are conditions with values that come from elsewhere.
 */
export function walk(
	plan: ViewPlan,
	stages: Stages,
	island: Island,
	start: readonly number[],
	given: readonly Expression[] = []
): Found[] {
	const known = new Set(start);
	const rest = new Set(allSources(island).filter((source) => !known.has(source)));
	const conditions = allConditions(island);
	const found: Found[] = [];
	const pairs = equalities(conditions);
	const told = equalities(given.map(bare));
	const hops = (source: number): Hop => {
		if (isCall(plan.query.scope, source)) return callHop(plan, source, known);
		const sides = [
			...sidesOf(pairs, source, (other) => isTold(other, known, false)),
			...sidesOf(told, source, (other) => isTold(other, known, true))
		];
		const columns = columnsOf(sides);
		const named = [...columns, ...columnsOf(sidesOf(pairs, source, isConstant))];
		if (isWhole(plan.query.scope.sources[source]!.table, named)) return hopBy(plan, stages, source, named);
		const [expression] = sides;
		if (expression && columns.length === 0) return expressionHop(plan, stages, source, expression);
		return hopBy(plan, stages, source, columns);
	};
	while (rest.size > 0) {
		const next = [...rest]
			.map((source) => ({ source, hop: hops(source) }))
			.sort((a, b) => rank[a.hop.finds] - rank[b.hop.finds])[0]!;
		found.push(next);
		known.add(next.source);
		rest.delete(next.source);
	}
	return found;
}

/** A condition without a shell around it. */
function bare(condition: Expression): Expression {
	if (condition.kind !== 'compound' || condition.equal || condition.parts.length !== 1) return condition;
	const [only] = condition.parts;
	return typeof only === 'object' ? bare(only) : condition;
}

const rank: Readonly<Record<Hop['finds'], number>> = { one: 0, some: 1, matches: 2, all: 3 };

function isTold(side: Expression, known: ReadonlySet<number>, given: boolean): boolean {
	const sources = sourcesOf(side);
	return (given || sources.length > 0) && sources.every((source) => known.has(source));
}

function columnsOf(sides: readonly Expression[]): string[] {
	return [...new Set(sides.flatMap((side) => (side.kind === 'column' ? [side.column] : [])))];
}

/** What of a source is equal to something known: a column, or an expression of it alone. */
function sidesOf(
	pairs: readonly Equality[],
	source: number,
	isKnown: (side: Expression) => boolean
): Expression[] {
	return pairs.flatMap(([left, right]) =>
		(
			[
				[left, right],
				[right, left]
			] as const
		).flatMap(([side, other]) => {
			const own = sourcesOf(side);
			const isOwn = own.length > 0 && own.every((one) => one === source) && !namesOthers(side);
			return isOwn && isKnown(other) ? [side] : [];
		})
	);
}

/** Whether it has rows of a subquery in it, which are no source, or looks some up. */
function namesOthers(side: Expression): boolean {
	if (side.kind === 'compound' && (side.within || side.depends)) return true;
	return children(side).some(namesOthers);
}

/** Rows that are found by an expression: an index on it serves, which is told by the columns that it is of. */
function expressionHop(plan: ViewPlan, stages: Stages, source: number, expression: Expression): Hop {
	const relation = relationOf(plan, source);
	const names = [...leaves(expression)].flatMap((leaf) => (leaf.kind === 'column' ? [leaf.column] : []));
	rowsOf(stages, relation);
	return {
		relation,
		columns: [expressionOf(names)],
		finds: 'matches',
		index: relation.kind === 'table' ? 'table' : 'none',
		rows: [rowsPerExpression(stages, plan, source, expression)]
	};
}

/** Rows of a function follow from those known, or are told when they are; VALUES has one row without columns. */
function callHop({ query }: ViewPlan, source: number, known: ReadonlySet<number>): Hop {
	const { table, call } = query.scope.sources[source]!;
	const isReady = sourcesOf(call!).every((one) => known.has(one));
	const isOne = visibleColumns(table).length === 0;
	const relation: Relation = { kind: 'table', name: '' };
	return { relation, columns: [], finds: !isReady ? 'all' : isOne ? 'one' : 'some', index: 'own' };
}

function hopBy(plan: ViewPlan, stages: Stages, source: number, columns: readonly string[]): Hop {
	const relation = relationOf(plan, source);
	const { table } = plan.query.scope.sources[source]!;
	return hopOf(stages, relation, table, columns);
}

export function hopOf(
	stages: Stages,
	relation: Relation,
	table: Pick<CatalogTable, 'key' | 'columns'>,
	columns: readonly string[]
): Hop {
	const finds = columns.length === 0 ? 'all' : isWhole(table, columns) ? 'one' : 'matches';
	const index = columns.length === 0 ? 'none' : indexFor(stages, relation, table, columns);
	// how many rows are read where there is no index
	if (index !== 'own') rowsOf(stages, relation);
	return { relation, columns, finds, index };
}

/** Whether columns are the key, under its own names or those that it is shown under. */
function isWhole(
	{ key, columns: all }: Pick<CatalogTable, 'key' | 'columns'>,
	columns: readonly string[]
): boolean {
	return key.every((name) => {
		const shown = all.find((column) => column.name === name)?.shownAs;
		return columns.includes(name) || (shown !== undefined && columns.includes(shown));
	});
}

function indexFor(
	stages: Stages,
	relation: Relation,
	{ key }: Pick<CatalogTable, 'key'>,
	columns: readonly string[]
): Hop['index'] {
	if (relation.kind === 'table') {
		if (columns.includes(key[0]!)) return 'own';
		// of which a module can make no index
		return platformTables.some(({ name }) => name === relation.name) ? 'none' : 'table';
	}
	const indexes = stageIndexes(stages.all.get(relation.hash)!);
	return indexes.some(([first]) => first !== undefined && columns.includes(first)) ? 'own' : 'none';
}

/** What a subquery in an expression looks up for each row. */
export function subqueryHop(plan: ViewPlan, stages: Stages, { stage, alias, on, via }: Dependence): Hop {
	const hash = plan.refs[stage]!;
	const relation: Relation = { kind: 'stage', hash };
	const columns =
		via.length > 0
			? []
			: equalities((on ?? []).map(bare)).flatMap((pair) => pair.flatMap((side) => namedIn(side, alias)));
	return hopOf(stages, relation, plan.parts!.get(stage)!, [...new Set(columns)]);
}

/** `q1."name"`: the column of the subquery's rows that an expression is. */
function namedIn(side: Expression, alias: string): string[] {
	if (side.kind !== 'compound' || side.parts.length !== 1 || typeof side.parts[0] !== 'string') return [];
	const found = /^(\w+)\."((?:[^"]|"")*)"$/.exec(side.parts[0]);
	return found?.[1] === alias ? [found[2]!.replaceAll('""', '"')] : [];
}

/** No planner knows how many rows a function gives. */
const unknown: Factor = { rows: '' };

/** Rows that are found at each hop, multiplied. */
export function amountOf(stages: Stages, hops: readonly Hop[]): Amount {
	return hops.flatMap((hop): Amount => {
		switch (hop.finds) {
			case 'one':
				return [];
			case 'some':
				return [unknown];
			case 'matches':
				if (hop.rows) return hop.rows;
				return [rowsPer(stages, hop.relation, hop.columns)];
			case 'all':
				return hop.relation.kind === 'table' && hop.relation.name === ''
					? []
					: [rowsOf(stages, hop.relation)];
		}
	});
}
