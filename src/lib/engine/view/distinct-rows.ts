import { identity, isConstant, windowsIn, type Expression } from './expression.ts';
import type { Query } from './query.ts';
import type { Reading } from './reading.ts';
import { expressionOf, sql } from './sql-parts.ts';
import { addStage, stageSource } from './stage-source.ts';

/** A query's rows without doubles: its groups by all columns. */
export function distinctRows(reading: Reading, query: Query): Query {
	const isPlain = !query.grouping && !query.over && !query.union;
	if (isPlain && !query.outputs.some(({ expression }) => windowsIn(expression).length > 0))
		return { ...query, grouping: distinctGrouping(query.outputs.map(({ expression }) => expression)) };
	const stage = addStage(reading, { title: 'rows with doubles', query, view: undefined });
	const source = stageSource(reading, stage, 'rows', undefined);
	const outputs = query.outputs.map(({ name }) => ({
		name,
		expression: { kind: 'column', source: 0, column: name, at: undefined } as const
	}));
	return {
		scope: { sources: [source], merged: [] },
		conditions: [],
		outputs,
		grouping: distinctGrouping(outputs.map(({ expression }) => expression))
	};
}

/** Of constants alone there is one row, if there are any. */
export function distinctGrouping(expressions: readonly Expression[]): NonNullable<Query['grouping']> {
	const groups = [
		...new Map(
			expressions
				.filter((expression) => !isConstant(expression))
				.map((expression) => [identity(expression), expression])
		).values()
	];
	if (groups.length > 0)
		return { groups, sets: [[...groups.keys()]], dependents: [], aggregates: [], having: undefined };
	const count = {
		kind: 'aggregate',
		name: 'count',
		args: [],
		distinct: false,
		order: [],
		withinGroup: false,
		filter: undefined,
		at: undefined
	} as const;
	const having = expressionOf(sql`(${count} OPERATOR(pg_catalog.>) 0)`);
	return { groups: [], sets: [[]], dependents: [], aggregates: [count], having };
}
