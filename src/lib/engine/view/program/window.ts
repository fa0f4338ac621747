import {
	identity,
	printOverTables,
	quote,
	windowsIn,
	type CompoundExpression,
	type Expression
} from '../expression.ts';
import type { ViewPlan } from '../plan.ts';
import { replaced } from '../windowed.ts';
import type { TypedSql } from './text.ts';

/** The outputs, over rows `a0` that have each call with OVER as a column. */
export function windowPayload({ query }: ViewPlan, types: readonly string[]): TypedSql[] {
	const names = callNames(query.outputs.map((output) => output.expression));
	return query.outputs.map(({ name, expression }, index) => ({
		name,
		type: types[index]!,
		sql: printOverTables(
			replaced(expression, (part) => {
				const column = names.get(identity(part))?.name;
				return column === undefined ? undefined : { kind: 'column', source: 0, column, at: undefined };
			})
		)
	}));
}

/**
 * SELECT of the rows of `from` (`a0`, whole partitions of the stage) with each call with OVER. Postgres
 * takes rows that ORDER BY puts level as they come, so they come by their key; where calls have several
 * orders, each has a SELECT of its own.
 */
export function windowRows({ query }: ViewPlan, from: string): string {
	const calls = [...callNames(query.outputs.map((output) => output.expression)).values()];
	const byOrder = Map.groupBy(calls, ({ call }) => orderOf(call).join(', '));
	const { table } = query.scope.sources[0]!;
	const partition = query.over!.partition.map((column) => printOverTables(column));
	const key = table.key.map((name) => `a0.${quote(name)}`);
	let rows = `SELECT a0.* ${from}`;
	for (const own of byOrder.values()) {
		const order = [...partition, ...orderOf(own[0]!.call), ...key];
		const sorted = own.every(({ call }) => isOrderless(call))
			? rows
			: `SELECT a0.* FROM (${rows}) AS a0 ORDER BY ${order.join(', ')} OFFSET 0`;
		const columns = own.map(({ name, call }) => `${printOverTables(call)} AS ${name}`);
		rows = `SELECT a0.*, ${columns.join(', ')} FROM (${sorted}) AS a0`;
	}
	return rows;
}

function orderOf({ window }: CompoundExpression): string[] {
	return window!.order.map(({ expression, direction }) => printOverTables(expression) + direction);
}

const levelled = /^(rank|dense_rank|percent_rank|cume_dist|count|min|max|bool_and|bool_or|every)\(/;

/** Whether it has one result whatever the order of rows that ORDER BY puts level. */
function isOrderless({ window }: CompoundExpression): boolean {
	const [name] = window!.head;
	return typeof name === 'string' && levelled.test(name) && !window!.frame.startsWith(' ROWS');
}

/** Each distinct call under the name of its column. */
function callNames(
	expressions: readonly Expression[]
): Map<string, { readonly name: string; readonly call: CompoundExpression }> {
	const calls = new Map(expressions.flatMap(windowsIn).map((call) => [identity(call), call]));
	return new Map(Array.from(calls, ([key, call], index) => [key, { name: `_w${index}`, call }]));
}
