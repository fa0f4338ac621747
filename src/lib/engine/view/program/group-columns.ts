import { identity, print, type AggregateExpression, type Expression } from '../expression.ts';
import { groupPart } from '../grouping.ts';
import { aggregateArguments, type ViewPlan } from '../plan.ts';
import { isNotNull } from '../traits.ts';

/** How an aggregate is kept up to date. */
export type Folding =
	/** By adding and subtracting. */
	| 'exact'
	/** The same, while all values are finite; else the group is read again. */
	| 'finite'
	/** By comparing; the group is read again where the extreme may have gone. */
	| 'extreme'
	/** The group is read again (sums of floats depend on their order). */
	| 'again';

export interface GroupColumn {
	readonly name: string;
	readonly type: string;
	readonly nullable: boolean;
}

export interface ArgumentColumn {
	readonly index: number;
	/** `_a0` of the lineage. */
	readonly name: string;
	readonly type: string;
	/** Keeps a count of values that are not NULL. */
	readonly counted: boolean;
	readonly sum: SumColumn | undefined;
	readonly low: boolean;
	readonly high: boolean;
}

export interface SumColumn {
	readonly type: string;
	readonly folding: 'exact' | 'finite';
	/** A sum of numeric has a scale, that of its values. */
	readonly scaled: boolean;
}

/** An aggregate that is kept as it is, read again from the group's rows. */
export interface AgainColumn {
	readonly name: string;
	readonly type: string;
	/** Over the lineage `l`. */
	readonly sql: string;
}

/** What a group view keeps of each group, by column. */
export interface GroupColumns {
	readonly groups: readonly GroupColumn[];
	readonly dependents: readonly GroupColumn[];
	readonly arguments: readonly ArgumentColumn[];
	readonly again: readonly AgainColumn[];
	/** Any aggregate that may need the rows of its group: then the lineage has an index by group. */
	readonly rereads: boolean;
}

const exactTypes: Readonly<Record<string, string>> = {
	smallint: 'bigint',
	integer: 'bigint',
	bigint: 'numeric'
};

/** `types` as `describeSql` gives them. */
export function groupColumns(plan: ViewPlan, types: readonly string[]): GroupColumns {
	const { grouping, scope, outputs } = plan.query;
	const { groups, dependents, aggregates } = grouping!;
	const args = aggregateArguments(plan.query);
	const rest = types.slice(outputs.length);
	const column = (prefix: string, expressions: readonly Expression[], from: number) =>
		expressions.map((expression, index): GroupColumn => ({
			name: `${prefix}${index}`,
			type: rest[from + index]!,
			nullable: !isNotNull(scope, expression)
		}));
	const argumentTypes = rest.slice(groups.length + dependents.length);
	const aggregateTypes = argumentTypes.slice(args.length);
	const argumentColumns = args.map((argument, index) =>
		argumentColumn(argument, index, argumentTypes[index]!, aggregates)
	);
	const again = aggregates.flatMap((aggregate, index): AgainColumn[] => {
		if (!aggregate.argument) return [];
		const of = argumentColumns[indexOf(args, aggregate.argument)]!;
		if (foldingOf(aggregate, of.type) !== 'again') return [];
		return [{ name: `_r${index}`, type: aggregateTypes[index]!, sql: `${aggregate.name}(l.${of.name})` }];
	});
	return {
		groups: column('_g', groups, 0),
		dependents: column('_d', dependents, groups.length),
		arguments: argumentColumns,
		again,
		rereads: again.length > 0 || argumentColumns.some((a) => a.low || a.high || a.sum?.folding === 'finite')
	};
}

function indexOf(expressions: readonly Expression[], wanted: Expression): number {
	return expressions.findIndex((expression) => identity(expression) === identity(wanted));
}

export function foldingOf(aggregate: AggregateExpression, type: string): Folding {
	if (aggregate.name === 'count') return 'exact';
	if (aggregate.name === 'min' || aggregate.name === 'max') return 'extreme';
	if (type in exactTypes) return 'exact';
	return type === 'numeric' || type === 'interval' ? 'finite' : 'again';
}

function argumentColumn(
	argument: Expression,
	index: number,
	type: string,
	aggregates: readonly AggregateExpression[]
): ArgumentColumn {
	const own = aggregates.filter(
		(aggregate) => aggregate.argument && identity(aggregate.argument) === identity(argument)
	);
	const has = (...names: string[]) => own.some((aggregate) => names.includes(aggregate.name));
	const folding = foldingOf({ kind: 'aggregate', name: 'sum', argument, at: undefined }, type);
	const summed = has('sum', 'avg') && (folding === 'exact' || folding === 'finite');
	return {
		index,
		name: `_a${index}`,
		type,
		counted: has('count') || summed,
		sum: summed ? { type: exactTypes[type] ?? type, folding, scaled: type === 'numeric' } : undefined,
		low: has('min'),
		high: has('max')
	};
}

/** An output or HAVING over a row `row` of the group table. */
export function printOverGroups(
	plan: ViewPlan,
	columns: GroupColumns,
	expression: Expression,
	row: string
): string {
	const grouping = plan.query.grouping!;
	const part = groupPart(grouping, expression);
	if (part) return `${row}${part.kind === 'group' ? '_g' : '_d'}${part.index}`;
	if (expression.kind === 'aggregate') return finished(plan, columns, expression, row);
	if (expression.kind === 'column') return print(expression, () => '');
	return expression.parts
		.map((piece) => (typeof piece === 'string' ? piece : printOverGroups(plan, columns, piece, row)))
		.join('');
}

/** An aggregate's value out of what is kept. */
function finished(
	plan: ViewPlan,
	columns: GroupColumns,
	aggregate: AggregateExpression,
	row: string
): string {
	if (!aggregate.argument) return `${row}_n`;
	const index = indexOf(aggregateArguments(plan.query), aggregate.argument);
	const { sum, type } = columns.arguments[index]!;
	const folding = foldingOf(aggregate, type);
	if (folding === 'again')
		return `${row}_r${plan.query.grouping!.aggregates.findIndex((candidate) => identity(candidate) === identity(aggregate))}`;
	switch (aggregate.name) {
		case 'count':
			return `${row}_c${index}`;
		case 'min':
			return `${row}_lo${index}`;
		case 'max':
			return `${row}_hi${index}`;
		case 'sum':
			return `(CASE WHEN ${row}_c${index} > 0 THEN ${sumOf(sum!, index, row)} END)`;
		case 'avg':
			return `(CASE WHEN ${row}_c${index} > 0 THEN ${sumOf(sum!, index, row)}${sum!.type === 'bigint' ? '::numeric' : ''} / ${row}_c${index} END)`;
	}
}

function sumOf(sum: SumColumn, index: number, row: string): string {
	if (!sum.scaled) return `${row}_s${index}`;
	return `round(${row}_s${index}, (length(${row}_p${index}::text) - 1) / 12)`;
}
