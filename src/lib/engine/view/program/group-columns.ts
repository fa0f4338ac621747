import {
	identity,
	isConstant,
	print,
	printAggregate,
	type AggregateExpression,
	type Expression
} from '../expression.ts';
import { aggregateInputs, groupPart, isGroupNotNull } from '../grouping.ts';
import type { ViewPlan } from '../plan.ts';
import { isNotNull } from '../traits.ts';
import { foldingOf, hasEquality, ordersRows, sumTypeOf, type Folding } from './group-folding.ts';

export interface GroupColumn {
	readonly name: string;
	readonly type: string;
	readonly nullable: boolean;
}

/** What an aggregate reads of a row: a column of the lineage. */
export interface InputColumn {
	/** `_a0` */
	readonly name: string;
	readonly type: string;
}

/** What is kept of some rows of a group, so that it can be brought up to date by their difference. */
export interface Measure {
	readonly index: number;
	/** Equal for aggregates that share it. */
	readonly key: string;
	/** None: the rows themselves are counted. */
	readonly of: InputColumn | undefined;
	/** A condition, true for the rows that count. */
	readonly filter: InputColumn | undefined;
	/** Keeps a count of values that are not NULL. */
	readonly counted: boolean;
	/** Keeps a count of values that are true. */
	readonly trues: boolean;
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

/** Values of a group that count once each. */
export interface DistinctColumn {
	readonly index: number;
	/** Equal for aggregates that share it. */
	readonly key: string;
	readonly of: InputColumn;
	/** A condition, true for the rows that count. */
	readonly filter: InputColumn | undefined;
	/** Type of their sum, where it is kept. */
	readonly sum: string | undefined;
}

/** An aggregate that is kept as it is, read again from the group's rows. */
export interface AgainColumn {
	readonly name: string;
	readonly type: string;
	readonly aggregate: AggregateExpression;
	/** An equal value of another form (1.0 and 1.00) changes nothing. */
	readonly anyForm: boolean;
}

/** What a group view keeps of each group, by column. */
export interface GroupColumns {
	/** Of the group table. */
	readonly groups: readonly GroupColumn[];
	/** The same of the lineage, where none is NULL for not being grouped by. */
	readonly rowGroups: readonly GroupColumn[];
	readonly dependents: readonly GroupColumn[];
	readonly inputs: readonly InputColumn[];
	readonly measures: readonly Measure[];
	readonly distincts: readonly DistinctColumn[];
	readonly again: readonly AgainColumn[];
	/** Any aggregate that may need the rows of its group: then the lineage has an index by group. */
	readonly rereads: boolean;
}

/** `types` as `describeSql` gives them. */
export function groupColumns(plan: ViewPlan, types: readonly string[]): GroupColumns {
	const { grouping, scope, outputs } = plan.query;
	const { groups, dependents, aggregates } = grouping!;
	const rest = types.slice(outputs.length);
	const column =
		(prefix: string, from: number) =>
		(expression: Expression, index: number): GroupColumn => ({
			name: `${prefix}${index}`,
			type: rest[from + index]!,
			nullable: !isNotNull(scope, expression)
		});
	const inputTypes = rest.slice(groups.length + dependents.length);
	const expressions = aggregateInputs(grouping!);
	const inputs = expressions.map((_, index): InputColumn => ({
		name: `_a${index}`,
		type: inputTypes[index]!
	}));
	const inputOf = (expression: Expression | undefined) =>
		expression && inputs[indexOf(expressions, expression)];
	const rowGroups = groups.map(column('_g', 0));
	const measures = measuresOf(aggregates, inputOf);
	const distincts = distinctsOf(aggregates, inputOf);
	const again = aggregates.flatMap((aggregate, index): AgainColumn[] => {
		if (folding(aggregate, inputOf) !== 'again') return [];
		const type = inputTypes[inputs.length + index]!;
		return [{ name: `_r${index}`, type, aggregate, anyForm: isOneOfEqual(aggregate) && hasEquality(type) }];
	});
	return {
		rowGroups,
		groups: rowGroups.map((group, index) => ({
			...group,
			nullable: !isGroupNotNull(grouping!, scope, index)
		})),
		dependents: dependents.map(column('_d', groups.length)),
		inputs,
		measures,
		distincts,
		again,
		rereads: again.length > 0 || measures.some((m) => m.low || m.high || m.sum?.folding === 'finite')
	};
}

/** Where equal values may have several forms, which one it is depends on the order of rows. */
function isOneOfEqual({ name, distinct, withinGroup }: AggregateExpression): boolean {
	return distinct || withinGroup || name === 'any_value';
}

type InputOf = (expression: Expression | undefined) => InputColumn | undefined;

function folding(aggregate: AggregateExpression, inputOf: InputOf): Folding {
	return foldingOf(aggregate, aggregate.withinGroup ? '' : (inputOf(aggregate.args[0])?.type ?? ''));
}

/** Aggregates of the same value under the same filter share one. */
function measuresOf(aggregates: readonly AggregateExpression[], inputOf: InputOf): Measure[] {
	const kept = aggregates.filter(
		(aggregate) => !['again', 'distinct'].includes(folding(aggregate, inputOf)) && !isRowCount(aggregate)
	);
	return [...Map.groupBy(kept, measureKey)].map(([key, own], index) => {
		const { args, filter } = own[0]!;
		const of = inputOf(args[0]);
		const has = (...names: string[]) => own.some((aggregate) => names.includes(aggregate.name));
		const summed = of !== undefined && has('sum', 'avg');
		const trues = has('bool_and', 'bool_or', 'every');
		return {
			index,
			key,
			of,
			filter: inputOf(filter),
			counted: has('count') || summed || trues,
			trues,
			sum: summed ? sumColumn(of.type) : undefined,
			low: has('min'),
			high: has('max')
		};
	});
}

function distinctsOf(aggregates: readonly AggregateExpression[], inputOf: InputOf): DistinctColumn[] {
	const kept = aggregates.filter((aggregate) => folding(aggregate, inputOf) === 'distinct');
	return [...Map.groupBy(kept, measureKey)].map(([key, own], index) => {
		const of = inputOf(own[0]!.args[0])!;
		const summed = own.some(({ name }) => name !== 'count');
		return { index, key, of, filter: inputOf(own[0]!.filter), sum: summed ? sumTypeOf(of.type) : undefined };
	});
}

function sumColumn(type: string): SumColumn {
	const exact = foldingOf({ name: 'sum', distinct: false }, type) === 'exact';
	return { type: sumTypeOf(type), folding: exact ? 'exact' : 'finite', scaled: type === 'numeric' };
}

/** count(*) of all rows, which every group has, or what tells of the group and not of its rows. */
function isRowCount({ name, args, filter }: AggregateExpression): boolean {
	return name === 'grouping' || (name === 'count' && args.length === 0 && filter === undefined);
}

/** What aggregates may share: the same values. */
function measureKey({ args, filter }: AggregateExpression): string {
	return JSON.stringify([args.map(identity), filter ? identity(filter) : null]);
}

function indexOf(expressions: readonly Expression[], wanted: Expression): number {
	return expressions.findIndex((expression) => identity(expression) === identity(wanted));
}

/**
 * An aggregate that is read again, over rows `l.` of the lineage. `group` is the row whose `_g…` are the
 * group's, for arguments that are of the group; `ties` make an order of rows whole: the lineage's identity.
 */
export function againSql(
	plan: ViewPlan,
	columns: GroupColumns,
	{ aggregate }: AgainColumn,
	group: string,
	ties: readonly string[]
): string {
	const inputs = aggregateInputs(plan.query.grouping!);
	const ofRows = (expression: Expression): string =>
		isConstant(expression)
			? print(expression, () => '')
			: `l.${columns.inputs[indexOf(inputs, expression)]!.name}`;
	const ofGroup = (expression: Expression): string => printOverGroups(plan, columns, expression, group);
	const { withinGroup, distinct, args } = aggregate;
	const type = columns.inputs[indexOf(inputs, args[0] ?? aggregate)]?.type;
	const whole = !withinGroup && !distinct && ordersRows(aggregate.name, type);
	return printAggregate(
		aggregate,
		(expression) => (withinGroup && args.includes(expression) ? ofGroup(expression) : ofRows(expression)),
		whole ? ties : []
	);
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
	const grouping = plan.query.grouping!;
	if (aggregate.name === 'grouping') return groupingBits(plan, aggregate, row);
	if (isRowCount(aggregate)) return `${row}_n`;
	const position = indexOf(grouping.aggregates, aggregate);
	if (columns.again.some(({ name }) => name === `_r${position}`)) return `${row}_r${position}`;
	const distinct = columns.distincts.find(({ key }) => key === measureKey(aggregate));
	if (distinct && aggregate.distinct && countable.test(aggregate.name))
		return finishedDistinct(aggregate, distinct, row);
	const { index, sum } = columns.measures.find(({ key }) => key === measureKey(aggregate))!;
	const counted = (value: string) => `(CASE WHEN ${row}_c${index} > 0 THEN ${value} END)`;
	switch (aggregate.name) {
		case 'count':
			return `${row}_c${index}`;
		case 'min':
			return `${row}_lo${index}`;
		case 'max':
			return `${row}_hi${index}`;
		case 'sum':
			return counted(sumOf(sum!, index, row));
		case 'avg':
			return counted(
				`${sumOf(sum!, index, row)}${sum!.type === 'bigint' ? '::numeric' : ''} / ${row}_c${index}`
			);
		case 'bool_or':
			return counted(`${row}_t${index} > 0`);
		default:
			return counted(`${row}_t${index} = ${row}_c${index}`);
	}
}

/** Aggregates that tell a value that is there twice from one that is there once. */
const countable = /^(count|sum|avg)$/;

function finishedDistinct(
	{ name }: AggregateExpression,
	{ index, sum }: DistinctColumn,
	row: string
): string {
	if (name === 'count') return `${row}_e${index}`;
	const value =
		name === 'sum'
			? `${row}_f${index}`
			: `${row}_f${index}${sum === 'bigint' ? '::numeric' : ''} / ${row}_e${index}`;
	return `(CASE WHEN ${row}_e${index} > 0 THEN ${value} END)`;
}

/** The first argument is the highest bit, 1 where the row's set lacks it. */
function groupingBits(plan: ViewPlan, { args }: AggregateExpression, row: string): string {
	const { groups, sets } = plan.query.grouping!;
	const bits = sets.map((set) =>
		args.reduce((sum, arg) => 2 * sum + (set.includes(indexOf(groups, arg)) ? 0 : 1), 0)
	);
	if (bits.every((value) => value === bits[0])) return `(${bits[0]})`;
	return `(CASE ${row}_set ${bits.map((value, set) => `WHEN ${set} THEN ${value}`).join(' ')} END)`;
}

function sumOf(sum: SumColumn, index: number, row: string): string {
	if (!sum.scaled) return `${row}_s${index}`;
	return `round(${row}_s${index}, (length(${row}_p${index}::text) - 1) / 12)`;
}
