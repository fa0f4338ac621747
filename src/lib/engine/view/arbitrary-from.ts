import { condition, joinCondition, literal } from './arbitrary-expression.ts';
import {
	atomsOf,
	newAlias,
	type Column,
	type Made,
	type MadeQuery,
	type Making,
	type NamedRelation,
	type Optional,
	type Relation
} from './arbitrary-making.ts';
import { exprSql, type Expr, type From, type Join } from './arbitrary-syntax.ts';
import { elementOf, isArray, isExact, type Type } from './arbitrary-values.ts';

/** What FROM has so far. */
interface Part {
	readonly from: From;
	readonly relations: readonly Relation[];
}

export interface MadeFrom {
	readonly from: readonly From[];
	readonly relations: readonly Relation[];
	/** Conditions that connect what commas put side by side. */
	readonly where: readonly Expr[];
}

/** Makes the query of a subquery in FROM. */
export type MakeQuery = (outer: readonly Made[], depth: number) => MadeQuery;

export function arbitraryFrom(
	making: Making,
	named: readonly NamedRelation[],
	outer: readonly Made[],
	depth: number,
	makeQuery: MakeQuery
): MadeFrom {
	const { choice, palette } = making;
	const wanted = choice.weighted([4, 1], [5, 2], [3, 3]);
	const joins = (['join', 'left join', 'right join', 'full join', 'cross join'] as const).filter((type) =>
		palette.has(type)
	);
	let parts: Part[] = [single(making, named, outer, [], depth, makeQuery)];
	const where: Expr[] = [];
	for (let count = 1; count < wanted && making.budget > 0; count++) {
		const last = parts.at(-1)!;
		const next = single(
			making,
			named,
			outer,
			parts.flatMap(({ relations }) => relations),
			depth,
			makeQuery
		);
		if (joins.length > 0 && choice.percent(80)) {
			const type = choice.pick(joins);
			parts = [...parts.slice(0, -1), joined(making, type, last, next, outer)];
		} else {
			const on = joinCondition(making, atomsOf(last.relations), atomsOf(next.relations), false);
			if (on) where.push(on);
			parts = [...parts, next];
		}
	}
	return {
		from: parts.map(({ from }) => from),
		relations: parts.flatMap(({ relations }) => relations),
		where
	};
}

/** One table, CTE, view, subquery or function. `before` is what a lateral one can see. */
function single(
	making: Making,
	named: readonly NamedRelation[],
	outer: readonly Made[],
	before: readonly Relation[],
	depth: number,
	makeQuery: MakeQuery
): Part {
	const { choice, palette } = making;
	const deeper = depth > 0 && making.budget > 1;
	const lateral = deeper && before.length > 0 && palette.has('lateral');
	const arrays = atomsOf(before).filter(({ expr }) => isArray(expr.type));
	return choice.weighted<() => Part>(
		[10, () => table(making, named)],
		[deeper && palette.has('subquery') ? 6 : 0, () => subquery(making, outer, depth, makeQuery, false)],
		[lateral ? 8 : 0, () => subquery(making, [...outer, ...atomsOf(before)], depth, makeQuery, true)],
		[palette.has('values') ? 2 : 0, () => values(making)],
		[palette.has('unnest') && arrays.length > 0 ? 10 : 0, () => unnest(making, choice.pick(arrays))]
	)();
}

function table(making: Making, named: readonly NamedRelation[]): Part {
	const { choice, tables } = making;
	const others = named.filter(({ source }) => source !== 'table');
	const chosen = others.length > 0 && choice.percent(60) ? choice.pick(others) : choice.pick(tables);
	making.budget--;
	const alias = newAlias(making);
	const { name, source, columns, identity } = chosen;
	return {
		from: { kind: 'table', name, alias, source },
		relations: [{ alias, columns, isTable: source === 'table', ...(identity ? { identity } : {}) }]
	};
}

function subquery(
	making: Making,
	outer: readonly Made[],
	depth: number,
	makeQuery: MakeQuery,
	lateral: boolean
): Part {
	const { query, columns, identity } = makeQuery(outer, depth - 1);
	const alias = newAlias(making);
	return {
		from: { kind: 'query', query, alias, lateral },
		relations: [{ alias, columns, ...(identity ? { identity } : {}) }]
	};
}

function values(making: Making): Part {
	const { choice } = making;
	const types = choice.times(choice.between(1, 2), () => choice.pick<Type>(['integer', 'text', 'numeric']));
	const rows = choice.times(choice.between(1, 3), () => types.map((type) => literal(making, type).expr));
	const sql = rows.map((row) => `(${row.map(exprSql).join(', ')})`).join(', ');
	const columns = types.map((type, index): Column => ({ name: `v${index}`, type, steady: true }));
	return rowsOf(making, { kind: 'value', type: 'record', sql: `(VALUES ${sql})` }, columns, 'VALUES');
}

function unnest(making: Making, array: Made): Part {
	const type = elementOf(array.expr.type);
	const expr: Expr = { kind: 'call', type, template: 'unnest($0)', args: [array.expr] };
	return rowsOf(
		making,
		expr,
		[{ name: 'v0', type, steady: array.steady || isExact(type) }],
		'rows of a function'
	);
}

function rowsOf(making: Making, expr: Expr, columns: readonly Column[], construct: string): Part {
	const alias = newAlias(making);
	return {
		from: { kind: 'rows', expr, alias, columns: columns.map(({ name }) => name), construct },
		relations: [{ alias, columns }]
	};
}

const words: Readonly<Partial<Record<Optional, Join['type']>>> = {
	join: 'JOIN',
	'left join': 'LEFT JOIN',
	'right join': 'RIGHT JOIN',
	'full join': 'FULL JOIN',
	'cross join': 'CROSS JOIN'
};

function joined(making: Making, wanted: Optional, left: Part, right: Part, outer: readonly Made[]): Part {
	const { choice } = making;
	// Only a left or inner join lets its right side see the left one.
	const isLateral = (right.from.kind === 'query' && right.from.lateral) || right.from.kind === 'rows';
	const type = isLateral && /right|full/.test(wanted) ? 'LEFT JOIN' : words[wanted]!;
	const relations = [...left.relations, ...right.relations];
	const using = type !== 'CROSS JOIN' && making.palette.has('using') ? sharedColumn(left, right) : undefined;
	const on = type === 'CROSS JOIN' || using ? [] : joinOn(making, type, left, right, outer);
	const isMirrored = choice.percent(20) && !isLateral && left.from.kind !== 'join';
	const [first, second] = isMirrored ? [right, left] : [left, right];
	return {
		from: {
			kind: 'join',
			type,
			left: first.from,
			right: second.from,
			on,
			...(using ? { using: [using] } : {})
		},
		relations
	};
}

function joinOn(making: Making, type: Join['type'], left: Part, right: Part, outer: readonly Made[]): Expr[] {
	const { choice } = making;
	const atoms = [...atomsOf(left.relations), ...atomsOf(right.relations)];
	const isFull = type === 'FULL JOIN';
	const equal = joinCondition(making, atomsOf(left.relations), atomsOf(right.relations), isFull);
	const on = equal && (isFull || choice.percent(90)) ? [equal] : [];
	if (on.length === 0 || choice.percent(30)) on.push(condition(making, { atoms, outer }, 1).expr);
	return on;
}

/** A column that both sides have once. */
function sharedColumn(left: Part, right: Part): string | undefined {
	const all = (part: Part) => part.relations.flatMap(({ columns }) => columns);
	const once = (columns: readonly Column[], name: string) =>
		columns.filter((column) => column.name === name).length === 1;
	return all(left).find(
		({ name, type }) =>
			once(all(left), name) &&
			once(all(right), name) &&
			all(right).some((other) => other.name === name && other.type === type)
	)?.name;
}
