import { windowFunctions, type FuncCall, type Node } from '#engine/sql';
import { compile } from './compile.ts';
import {
	hasAggregate,
	isConstant,
	windowsIn,
	type AggregateExpression,
	type SortTerm
} from './expression.ts';
import { notYet, refuse } from './refusal.ts';
import type { Scope } from './scope.ts';

/** Aggregates over values in an order, which stands in WITHIN GROUP. */
const orderedSet: ReadonlySet<string> = new Set([
	'percentile_cont',
	'percentile_disc',
	'mode',
	'rank',
	'dense_rank',
	'percent_rank',
	'cume_dist'
]);
/** Functions that without OVER are nothing. */
const ranks: ReadonlySet<string> = new Set(['rank', 'dense_rank', 'percent_rank', 'cume_dist']);

/** A call of an aggregate, in a SELECT with groups or without. */
export function aggregate(scope: Scope, node: FuncCall, name: string): AggregateExpression {
	const at = node.location;
	if (windowFunctions.has(name) || (ranks.has(name) && !node.agg_within_group)) {
		refuse(at, 'VIEW_WINDOW', `${name}() needs OVER.`, `Write ${name}(…) OVER (PARTITION BY … ORDER BY …).`);
	}
	if (name === 'xmlagg' || name === 'range_agg')
		notYet(at, `the aggregate ${name}()`, 'Use jsonb_agg() or array_agg().');
	if (orderedSet.has(name) !== (node.agg_within_group ?? false)) {
		const hint = orderedSet.has(name)
			? `Write ${name}(…) WITHIN GROUP (ORDER BY …).`
			: `Write ${name}(… ORDER BY …).`;
		refuse(at, 'VIEW_AGGREGATE', `WITHIN GROUP goes with other aggregates than ${name}().`, hint);
	}
	if (node.func_variadic) notYet(at, 'VARIADIC arguments', 'List the arguments.');
	const withinGroup = node.agg_within_group ?? false;
	const order = sortTerms(scope, node.agg_order ?? []);
	const made: AggregateExpression = {
		kind: 'aggregate',
		name,
		args: (node.args ?? []).map((arg) => compile(scope, arg)),
		distinct: node.agg_distinct ?? false,
		order: withinGroup ? order : ordering(order),
		withinGroup,
		filter: node.agg_filter && compile(scope, node.agg_filter),
		at
	};
	checkArguments(made, node.agg_star ?? false);
	return made;
}

function checkArguments({ name, args, order, filter, withinGroup, at }: AggregateExpression, star: boolean) {
	if (!star && args.length === 0 && !withinGroup) {
		refuse(
			at,
			'VIEW_AGGREGATE',
			`${name}() takes an argument.`,
			name === 'count' ? 'Write count(*) to count rows.' : `Write ${name}(column).`
		);
	}
	const inner = [...args, ...order.map((term) => term.expression), ...(filter ? [filter] : [])];
	if (inner.some(hasAggregate))
		refuse(at, 'VIEW_AGGREGATE', 'An aggregate cannot stand in an aggregate.', 'Aggregate once.');
	if (inner.some((expression) => windowsIn(expression).length > 0))
		refuse(
			at,
			'VIEW_WINDOW',
			'A window function cannot stand in an aggregate.',
			'Compute it in a subquery, and aggregate that.'
		);
}

/** Without constants, which order nothing. */
export function ordering(terms: readonly SortTerm[]): SortTerm[] {
	return terms.filter((term) => !isConstant(term.expression));
}

/** ORDER BY with every default written out. */
export function sortTerms(scope: Scope, nodes: readonly Node[]): SortTerm[] {
	return nodes.flatMap((node) => {
		if (!('SortBy' in node)) return [];
		const direction = sortDirection(node.SortBy);
		const expression = compile(scope, node.SortBy.node);
		return [{ expression, direction }];
	});
}

type SortNode = Extract<Node, { SortBy: unknown }>['SortBy'];

/** What follows an expression in ORDER BY: ` DESC NULLS FIRST`. */
export function sortDirection({ sortby_dir, sortby_nulls, useOp, location }: SortNode): string {
	if (useOp) notYet(location, 'ORDER BY … USING', 'Write ASC or DESC.');
	const down = sortby_dir === 'SORTBY_DESC';
	const first = sortby_nulls === 'SORTBY_NULLS_FIRST' || (down && sortby_nulls !== 'SORTBY_NULLS_LAST');
	return `${down ? ' DESC' : ' ASC'} NULLS ${first ? 'FIRST' : 'LAST'}`;
}

type GroupingNode = Extract<Node, { GroupingFunc: unknown }>['GroupingFunc'];

/** GROUPING(…): which of these the row is not grouped by, as bits. */
export function groupingOf(scope: Scope, node: GroupingNode): AggregateExpression {
	return {
		kind: 'aggregate',
		name: 'grouping',
		args: (node.args ?? []).map((arg) => compile(scope, arg)),
		distinct: false,
		order: [],
		withinGroup: false,
		filter: undefined,
		at: node.location
	};
}
