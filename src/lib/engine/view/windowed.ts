import type { SelectStmt } from '#engine/sql';
import {
	identity,
	isConstant,
	windowsIn,
	type ColumnExpression,
	type CompoundExpression,
	type Expression,
	type WindowCall
} from './expression.ts';
import { columnsOf, overSource, type Over } from './over.ts';
import type { Output, Query } from './query.ts';
import type { Reading } from './reading.ts';
import { addStage } from './stage-source.ts';
import { refuse } from './refusal.ts';
import { windowOf, type WindowDef } from './window-call.ts';

/** The WINDOW clause. */
export function windowsOf({ windowClause }: SelectStmt): WindowDef[] {
	return (windowClause ?? []).flatMap((node) => ('WindowDef' in node ? [node.WindowDef] : []));
}

/** Windows go over the rows that WHERE, GROUP BY and HAVING have left. */
export function refuseWindow(expression: Expression, where: string): void {
	for (const { at } of windowsIn(expression)) {
		refuse(
			at,
			'VIEW_WINDOW',
			`A window function cannot stand in ${where}.`,
			'Compute it in a subquery, and filter or group that.'
		);
	}
}

/**
 * A query with window functions becomes stages: the rows (or groups) that they go over, then one stage for
 * each list of PARTITION BY, the last of which is the query returned.
 */
export function windowed(reading: Reading, query: Query): Query {
	const calls = query.outputs.flatMap((output) => windowsIn(output.expression));
	if (calls.length === 0) return query;
	let { stage, outputs } = beneath(reading, query);
	for (const lists = partitionLists(outputs); ;) {
		const own = lists.shift()!;
		const over: Over = { kind: 'windows', partition: own.partition };
		const source = overSource(reading, stage, over);
		if (lists.length === 0) return { ...source, outputs, over };
		const passed = columnsOf(source);
		const made = own.calls.map((expression, index) => ({ name: `w${stage}_${index}`, expression }));
		stage = addStage(reading, {
			title: 'windows',
			query: { ...source, outputs: [...passed, ...made], over },
			view: undefined
		});
		const names = new Map(made.map(({ name, expression }) => [identity(expression), name]));
		outputs = outputs.map((output) => ({
			...output,
			expression: replaced(output.expression, (expression) => {
				const name = names.get(identity(expression));
				return name === undefined
					? undefined
					: { kind: 'column', source: 0, column: name, at: expression.at };
			})
		}));
	}
}

/** The query's rows as a stage with every value that stands outside of windows, and its outputs over that. */
function beneath(reading: Reading, query: Query): { stage: number; outputs: readonly Output[] } {
	const found = new Map<string, Output>();
	const column = (expression: Expression): ColumnExpression => {
		const key = identity(expression);
		const output = found.get(key) ?? { name: `o${found.size}`, expression };
		found.set(key, output);
		return { kind: 'column', source: 0, column: output.name, at: expression.at };
	};
	const outputs = query.outputs.map((output) => ({
		...output,
		expression: replaced(output.expression, (expression) =>
			windowsIn(expression).length > 0 || isConstant(expression) ? undefined : column(expression)
		)
	}));
	const rows = { ...query, outputs: [...found.values()] };
	// a stage needs a column
	if (rows.outputs.length === 0) rows.outputs.push({ name: 'o0', expression: nothing });
	return { stage: addStage(reading, { title: 'rows under windows', query: rows, view: undefined }), outputs };
}

const nothing: Expression = {
	kind: 'compound',
	parts: ['true'],
	text: false,
	notNull: true,
	at: undefined
};

/** With some of its parts replaced; a part that is has no parts of its own looked at. */
export function replaced(
	expression: Expression,
	by: (expression: Expression) => Expression | undefined
): Expression {
	const other = by(expression);
	if (other) return other;
	if (expression.kind !== 'compound') return expression;
	const within = (part: Expression) => replaced(part, by);
	if (expression.window) return windowOf(windowReplaced(expression.window, within), expression);
	const { equal, ...rest } = expression;
	return {
		...rest,
		parts: expression.parts.map((part) => (typeof part === 'string' ? part : within(part))),
		...(equal ? { equal: [within(equal[0]), within(equal[1])] as const } : {})
	};
}

function windowReplaced(
	{ head, partition, order, frame }: WindowCall,
	within: (part: Expression) => Expression
): WindowCall {
	return {
		head: head.map((part) => (typeof part === 'string' ? part : within(part))),
		partition: partition.map(within),
		order: order.map((term) => ({ ...term, expression: within(term.expression) })),
		frame
	};
}

interface PartitionList {
	readonly partition: readonly ColumnExpression[];
	readonly calls: readonly CompoundExpression[];
}

/** The calls by what stands in their PARTITION BY, in whatever order. */
function partitionLists(outputs: readonly Output[]): PartitionList[] {
	const lists = new Map<string, { partition: readonly ColumnExpression[]; calls: CompoundExpression[] }>();
	for (const call of distinctCalls(outputs)) {
		const columns = new Map(call.window!.partition.map((column) => [identity(column), column]));
		const key = [...columns.keys()].sort().join();
		const list = lists.get(key) ?? { partition: [...columns.values()] as ColumnExpression[], calls: [] };
		list.calls.push(call);
		lists.set(key, list);
	}
	return [...lists.values()];
}

function distinctCalls(outputs: readonly Output[]): CompoundExpression[] {
	const calls = outputs.flatMap((output) => windowsIn(output.expression));
	return [...new Map(calls.map((call) => [identity(call), call])).values()];
}
