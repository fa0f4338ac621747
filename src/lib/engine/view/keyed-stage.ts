import { mapped, printOverTables, windowsIn, type Expression } from './expression.ts';
import { firstRows } from './first-rows.ts';
import { apartFromGroups } from './grouped-subqueries.ts';
import { ownNumber, ownNumbers, withKnown, type Key } from './inner-clauses.ts';
import { islandFrom } from './plan.ts';
import { rowsOf, type Clauses, type Output } from './query.ts';
import type { Reading } from './reading.ts';
import { expressionOf, sql } from './sql-parts.ts';
import { addStage } from './stage-source.ts';
import { isText } from './traits.ts';
import { windowOf } from './window-call.ts';
import { windowed } from './windowed.ts';

/** A subquery computed once for each value of what equalities connect it by. */
export interface KeyedStage {
	readonly stage: number;
	/** Names of the columns with the keys, never NULL. */
	readonly keys: readonly string[];
	/** Names of the subquery's own columns. */
	readonly columns: readonly string[];
	/**
	 * Where it aggregates all rows, so that it has a row also of none: the values that its columns have then, as
	 * SQL, and of HAVING the name of its column and its value.
	 */
	readonly ofNothing:
		| {
				readonly columns: readonly string[];
				readonly having: { readonly column: string; readonly value: string } | undefined;
		  }
		| undefined;
}

export function keyedStage(reading: Reading, clauses: Clauses, keys: readonly Key[]): KeyedStage {
	const base = clauses.scope.base ?? 0;
	const own = ownNumbers(clauses);
	const { scope, outputs, first } = own;
	const inner = keys.map((key) => ownNumber(key.inner, base));
	const taken = new Set(outputs.map((output) => output.name));
	const keyOutputs = inner.map((expression, index): Output => ({
		name: `${taken.has(`k${index}`) ? 'key_' : 'k'}${index}`,
		// rows of which it is NULL meet nothing, and are left out
		expression: expressionOf(sql`${expression}`, { notNull: true, text: isText(scope, expression) })
	}));
	const by = keyOutputs.map(({ expression }) => expression);
	const { grouping } = own;
	const isGlobal = grouping?.groups.length === 0 && grouping.sets.length === 1 && !first;
	const having = isGlobal ? grouping.having : undefined;
	const shown: Output[] = having ? [{ name: 'having_', expression: having }] : [];
	const rows = rowsOf({
		...own,
		island: { ...own.island, ...withKnown(own.island, inner) },
		grouping: grouping && {
			...grouping,
			groups: [...by, ...grouping.groups],
			sets: grouping.sets.map((set) => [...by.keys(), ...set.map((index) => index + by.length)]),
			having: isGlobal ? undefined : grouping.having
		},
		outputs: [
			...keyOutputs,
			...outputs.map(({ name, expression }) => ({ name, expression: partitioned(expression, by) })),
			...shown
		]
	});
	const names = keyOutputs.map(({ name }) => name);
	const query = firstRows(reading, windowed(reading, apartFromGroups(reading, rows)), first, names);
	const stage = addStage(reading, {
		title: 'subquery by key',
		query: query.grouping ? query : { ...query, lookups: [names] },
		view: undefined
	});
	const ofNothing = (expression: Expression) =>
		`(SELECT ${printOverTables(expression)} FROM ${islandFrom(rowsOf(own), own.island)} WHERE false HAVING true)`;
	return {
		stage,
		keys: names,
		columns: (first ? outputs.slice(0, first.count) : outputs).map(({ name }) => name),
		ofNothing: isGlobal
			? {
					columns: outputs.map(({ expression }) => ofNothing(expression)),
					having: having && { column: 'having_', value: ofNothing(having) }
				}
			: undefined
	};
}

/** Windows go over the rows of one key. */
function partitioned(expression: Expression, by: readonly Expression[]): Expression {
	if (windowsIn(expression).length === 0) return expression;
	return mapped(expression, (part) => {
		if (part.kind !== 'compound' || !part.window) return undefined;
		const { window } = part;
		return windowOf({ ...window, partition: [...by, ...window.partition] }, part);
	});
}
