import type { Choice } from './arbitrary-choice.ts';
import { aggregate, direction, windowCall } from './arbitrary-aggregate.ts';
import { condition, expression, joinCondition, someType } from './arbitrary-expression.ts';
import { arbitraryFrom } from './arbitrary-from.ts';
import {
	atomsOf,
	optionalConstructs,
	totalOrder,
	type Column,
	type Made,
	type MadeQuery,
	type Making,
	type NamedRelation,
	type Optional,
	type Relation,
	type Scope
} from './arbitrary-making.ts';
import type { Expr, Group, Item, Order, Query, Select, SetOperation } from './arbitrary-syntax.ts';
import { isExact, isOrdered, type Type } from './arbitrary-values.ts';

interface Wanted {
	/** Types of its columns; undefined: any. */
	readonly types?: readonly Type[];
	/** At most one row. */
	readonly single?: boolean;
	/** Connected with what is around it. */
	readonly correlated?: boolean;
	/** The view itself: nothing has to compare its columns. */
	readonly top?: boolean;
}

/** A SELECT that Postgres gives one answer to, over these tables and views. */
export function arbitraryView(
	choice: Choice,
	tables: readonly NamedRelation[],
	views: readonly NamedRelation[]
): MadeQuery {
	const palette = arbitraryPalette(choice, views.length > 0);
	const named = palette.has('view') ? views : [];
	const making: Making = {
		choice,
		tables,
		palette,
		budget: 6,
		aliases: 0,
		subquery(scope, types, single) {
			// Of a grouped query only its plain keys can be named further in.
			const outer = [...scope.outer, ...scope.atoms].filter(({ expr }) => expr.kind === 'column');
			const wanted = { ...(types.length > 0 ? { types } : {}), single };
			return arbitraryQuery(making, named, outer, choice.percent(25) ? 1 : 0, wanted).query;
		}
	};
	return arbitraryQuery(making, named, [], 2, { top: true });
}

/** What a construct is nothing without. */
const needs: Readonly<Partial<Record<Optional, readonly Optional[]>>> = {
	using: ['join'],
	lateral: ['join'],
	having: ['group'],
	filter: ['group'],
	'aggregate distinct': ['group'],
	'aggregate order': ['group'],
	within: ['group'],
	'grouping sets': ['group']
};

function arbitraryPalette(choice: Choice, hasViews: boolean): ReadonlySet<Optional> {
	const count = choice.weighted([2, 0], [5, 1], [5, 2], [4, 3], [3, 5], [1, 10]);
	const possible = optionalConstructs.filter((construct) => hasViews || construct !== 'view');
	const chosen = choice.shuffled(possible).slice(0, count);
	return new Set(chosen.flatMap((construct) => [construct, ...(needs[construct] ?? [])]));
}

/** A query over these relations; inside the queries of which `outer` are the columns. */
export function arbitraryQuery(
	making: Making,
	named: readonly NamedRelation[],
	outer: readonly Made[],
	depth: number,
	wanted: Wanted = {}
): MadeQuery {
	const { choice, palette } = making;
	if (depth > 0 && palette.has('cte') && making.budget > 1 && choice.percent(60)) {
		return withCte(making, named, outer, depth, wanted);
	}
	const operators = (['union', 'intersect', 'except'] as const).filter((operator) => palette.has(operator));
	const isSet =
		operators.length > 0 && making.budget > 1 && depth > 0 && !wanted.single && choice.percent(70);
	return isSet
		? setOperation(making, named, outer, depth, wanted, choice.pick(operators))
		: select(making, named, outer, depth, wanted);
}

function withCte(
	making: Making,
	named: readonly NamedRelation[],
	outer: readonly Made[],
	depth: number,
	wanted: Wanted
): MadeQuery {
	const { choice } = making;
	// now and then it names what is around
	const inner = arbitraryQuery(making, named, choice.percent(30) ? outer : [], depth - 1);
	const name = `w${++making.aliases}`;
	const cte: NamedRelation = { ...inner, name, source: 'cte' };
	const made = arbitraryQuery(making, [...named, cte], outer, depth - 1, wanted);
	const materialized = choice.weighted([3, undefined], [1, true], [1, false]);
	const ctes = [
		{ name, query: inner.query, ...(materialized === undefined ? {} : { materialized }) },
		...made.query.ctes
	];
	return { ...made, query: { ...made.query, ctes } };
}

function setOperation(
	making: Making,
	named: readonly NamedRelation[],
	outer: readonly Made[],
	depth: number,
	wanted: Wanted,
	word: 'union' | 'intersect' | 'except'
): MadeQuery {
	const { choice } = making;
	const types =
		wanted.types ??
		choice.times(choice.between(1, 3), () =>
			someType(making, { atoms: atomsOf(making.tables.map((table) => ({ ...table, alias: '' }))), outer })
		);
	const side = () => arbitraryQuery(making, named, outer, depth - 1, { types });
	const [left, right] = [side(), side()];
	const all = choice.percent(40);
	const columns = left.columns.map((column, index): Column => ({
		...column,
		steady: isExact(column.type) || (all && word === 'union' && column.steady && right.columns[index]!.steady)
	}));
	const query: SetOperation = {
		kind: 'set',
		operator: word.toUpperCase() as SetOperation['operator'],
		all,
		left: left.query,
		right: right.query,
		ctes: [],
		order: []
	};
	const made = { query, columns, ...(all ? {} : { identity: columns.map(({ name }) => name) }) };
	return maybeLimited(making, made, wanted);
}

function select(
	making: Making,
	named: readonly NamedRelation[],
	outer: readonly Made[],
	depth: number,
	wanted: Wanted
): MadeQuery {
	const { choice, palette } = making;
	const made = arbitraryFrom(making, named, outer, depth, (around, deeper) =>
		arbitraryQuery(making, named, around, deeper, { correlated: around.length > outer.length })
	);
	const atoms = atomsOf(made.relations);
	const rows: Scope = { atoms, outer };
	const where = [...made.where, ...filters(making, rows, wanted)];
	const base: Select = {
		kind: 'select',
		ctes: [],
		order: [],
		items: [],
		from: made.from,
		where,
		groups: [],
		having: [],
		windows: []
	};
	// A query of one row is an aggregate of all, or a first row.
	if (wanted.single && choice.percent(60)) return aggregated(making, base, rows, made.relations, wanted);
	if (palette.has('group') && choice.percent(55)) return grouped(making, base, rows, made.relations, wanted);
	return plain(making, base, rows, made.relations, wanted);
}

function filters(making: Making, rows: Scope, wanted: Wanted): Expr[] {
	const { choice } = making;
	const correlation =
		rows.outer.length > 0 && (wanted.correlated ?? true) && choice.percent(80)
			? joinCondition(making, rows.atoms, rows.outer, false)
			: undefined;
	const count = choice.weighted([6, 0], [3, 1], [1, 2]);
	return [
		...(correlation ? [correlation] : []),
		...choice.times(count, () => condition(making, rows, 2).expr)
	];
}

function typesOf(making: Making, scope: Scope, { types, top }: Wanted): readonly Type[] {
	const { choice, palette } = making;
	const isJson = () => top === true && palette.has('json') && choice.percent(15);
	return types ?? choice.times(choice.between(1, 4), () => (isJson() ? 'json' : someType(making, scope)));
}

function plain(
	making: Making,
	base: Select,
	rows: Scope,
	relations: readonly Relation[],
	wanted: Wanted
): MadeQuery {
	const { choice, palette } = making;
	const scope: Scope = palette.has('window')
		? {
				...rows,
				special: (type, steady) =>
					choice.percent(60) ? windowCall(making, rows, relations, type, steady) : undefined
			}
		: rows;
	const outputs = typesOf(making, scope, wanted).map((type) => expression(making, scope, type, 2));
	const keys = wanted.types || choice.percent(50) ? [] : identityAtoms(rows, relations);
	const columns = [...keys, ...outputs];
	const items = itemsOf(columns);
	const made: MadeQuery = {
		query: { ...base, items },
		columns: columnsOf(columns),
		...(keys.length > 0 ? { identity: keys.map((_, index) => items[index]!.name) } : {})
	};
	if (palette.has('distinct') && choice.percent(60) && columns.every(({ expr }) => expr.type !== 'json'))
		return maybeLimited(making, distinct(made), wanted);
	if (palette.has('distinct on') && choice.percent(60)) {
		const on = choice.times(
			choice.between(1, 2),
			() => expression(making, rows, someType(making, rows), 0).expr
		);
		const order = [...on.map((expr) => ({ ...direction(making), expr })), ...totalOrder(relations)];
		const query: Query = { ...base, items, distinct: on, order };
		return wanted.single ? limit(making, { ...made, query }, order, { single: true }) : { ...made, query };
	}
	if (!wanted.single && !(palette.has('top-k') && choice.percent(50))) return made;
	const order = choice
		.times(choice.between(0, 2), () => expression(making, scope, someType(making, rows), 1))
		.filter(({ expr }) => isOrdered(expr.type))
		.map(({ expr }) => ({ ...direction(making), expr }));
	const ties = order.length > 0 && !wanted.single && choice.percent(15);
	return limit(making, made, ties ? order : [...order, ...totalOrder(relations)], { ...wanted, ties });
}

/** Columns that tell the rows of a join apart; none where one of its relations has none. */
function identityAtoms(rows: Scope, relations: readonly Relation[]): readonly Made[] {
	if (relations.some(({ identity }) => !identity)) return [];
	return rows.atoms.filter(
		({ expr }) =>
			expr.kind === 'column' &&
			relations.some(({ alias, identity }) => alias === expr.alias && identity!.includes(expr.name))
	);
}

function itemsOf(made: readonly Made[]): Item[] {
	return made.map(({ expr }, index) => ({ name: `o${index}`, expr }));
}

function columnsOf(made: readonly Made[]): Column[] {
	return made.map(({ expr, steady }, index) => ({ name: `o${index}`, type: expr.type, steady }));
}

function distinct(made: MadeQuery): MadeQuery {
	return {
		query: { ...(made.query as Select), distinct: 'all' },
		columns: made.columns.map((column) => ({ ...column, steady: isExact(column.type) })),
		identity: made.columns.map(({ name }) => name)
	};
}

/** One group of all rows. */
function aggregated(
	making: Making,
	base: Select,
	rows: Scope,
	relations: readonly Relation[],
	wanted: Wanted
): MadeQuery {
	const scope: Scope = {
		atoms: [],
		outer: rows.outer,
		special: (type, steady) => aggregate(making, rows, relations, type, steady)
	};
	const outputs = typesOf(making, rows, wanted).map((type) => expression(making, scope, type, 1));
	// At least one aggregate, or it is a row for each row.
	const count: Made = {
		expr: {
			kind: 'aggregate',
			type: 'bigint',
			template: 'count(*)',
			args: [],
			distinct: false,
			order: [],
			within: []
		},
		steady: true
	};
	const having = making.palette.has('having') && making.choice.percent(30);
	const isOne = outputs.some(({ expr }) => hasAggregate(expr)) || having;
	const columns = isOne || wanted.types ? outputs : [...outputs, count];
	const query: Select = {
		...base,
		items: itemsOf(columns),
		having: having || (!isOne && wanted.types) ? [compareCount(making, count)] : []
	};
	return { query, columns: columnsOf(columns) };
}

function compareCount({ choice }: Making, count: Made): Expr {
	const template = choice.pick(['($0 > 1)', '($0 < 3)', '($0 % 2 = 1)', '($0 >= 0)']);
	return { kind: 'call', type: 'boolean', template, args: [count.expr] };
}

function hasAggregate(expr: Expr): boolean {
	if (expr.kind === 'aggregate') return true;
	return (expr.kind === 'call' || expr.kind === 'window') && expr.args.some(hasAggregate);
}

function grouped(
	making: Making,
	base: Select,
	rows: Scope,
	relations: readonly Relation[],
	wanted: Wanted
): MadeQuery {
	const { choice, palette } = making;
	const count = choice.weighted([1, 0], [5, 1], [4, 2]);
	if (count === 0) return aggregated(making, base, rows, relations, wanted);
	const keys = distinctExpressions(
		choice
			.times(count, () =>
				expression(
					making,
					{ atoms: rows.atoms, outer: [] },
					someType(making, rows),
					choice.percent(30) ? 1 : 0
				)
			)
			.filter(({ expr }) => isOrdered(expr.type) && hasColumn(expr))
	);
	if (keys.length === 0) return plain(making, base, rows, relations, wanted);
	const group = groupOf(making, keys);
	const atoms = keys.map(({ expr }): Made => ({ expr, steady: isExact(expr.type) }));
	const dependents = group.kind === 'plain' ? dependentsOf(rows, relations, keys) : [];
	const special: NonNullable<Scope['special']> = (type, steady) =>
		aggregate(making, rows, relations, type, steady);
	const inner: Scope = { atoms: [...atoms, ...dependents], outer: rows.outer, special };
	const isPlain = group.kind === 'plain';
	// The keys of grouping sets do not tell their rows apart, as an order has to.
	const scope: Scope =
		palette.has('window') && isPlain
			? {
					...inner,
					special: (type, steady) =>
						choice.percent(40)
							? windowCall(making, inner, [], type, steady)
							: aggregate(making, rows, relations, type, steady)
				}
			: inner;
	const shown = !wanted.types && choice.percent(80);
	const outputs = typesOf(making, rows, wanted).map((type) => expression(making, scope, type, 1));
	const told = !isPlain && !wanted.types && choice.percent(60) ? [groupingOf(group)] : [];
	const columns = [...(shown ? atoms : []), ...outputs, ...told];
	const items = itemsOf(columns);
	const having = palette.has('having') ? [condition(making, inner, 1).expr] : [];
	const made: MadeQuery = {
		query: { ...base, items, groups: [group], having },
		columns: columnsOf(columns),
		...(shown && isPlain ? { identity: keys.map((_, index) => items[index]!.name) } : {})
	};
	if (!wanted.single && !(palette.has('top-k') && choice.percent(50))) return made;
	// Of grouping sets several groups have the same keys: their order is that of the outputs.
	if (!isPlain) return limitedByColumns(making, made, wanted);
	const first = choice.percent(60) ? [expression(making, inner, 'bigint', 0)] : [];
	const order = [...first, ...atoms].map(({ expr }) => ({ ...direction(making), expr }));
	return limit(making, made, order, wanted);
}

function groupingOf({ exprs }: Group): Made {
	const template = `grouping(${exprs.map((_, index) => `$${index}`).join(', ')})`;
	return { expr: { kind: 'call', type: 'integer', template, args: exprs }, steady: true };
}

/** Columns of tables whose whole primary key is grouped by. */
function dependentsOf(rows: Scope, relations: readonly Relation[], keys: readonly Made[]): Made[] {
	const isGrouped = (alias: string, name: string) =>
		keys.some(({ expr }) => expr.kind === 'column' && expr.alias === alias && expr.name === name);
	const keyed = relations.filter(
		({ alias, identity, isTable }) => isTable && identity!.every((name) => isGrouped(alias, name))
	);
	return rows.atoms.filter(
		({ expr }) =>
			expr.kind === 'column' &&
			keyed.some(({ alias }) => alias === expr.alias) &&
			!isGrouped(expr.alias, expr.name)
	);
}

function hasColumn(expr: Expr): boolean {
	if (expr.kind === 'column') return true;
	return expr.kind === 'call' && expr.args.some(hasColumn);
}

function distinctExpressions(made: readonly Made[]): Made[] {
	const seen = new Set<string>();
	return made.filter(({ expr }) => {
		const text = JSON.stringify(expr);
		return !seen.has(text) && seen.add(text);
	});
}

function groupOf(making: Making, keys: readonly Made[]): Group {
	const { choice, palette } = making;
	const exprs = keys.map(({ expr }) => expr);
	if (!palette.has('grouping sets')) return { kind: 'plain', exprs };
	const kind = choice.weighted<Group['kind']>([1, 'plain'], [2, 'rollup'], [2, 'cube'], [3, 'sets']);
	if (kind !== 'sets') return { kind, exprs };
	const every = exprs.map((_, index) => index);
	return { kind, exprs, sets: [every, ...choice.some([[], ...every.map((index) => [index])], 60)] };
}

/** Perhaps the first rows of it, in an order of its columns. */
function maybeLimited(making: Making, made: MadeQuery, wanted: Wanted): MadeQuery {
	const { choice, palette } = making;
	return wanted.single || (palette.has('top-k') && choice.percent(50))
		? limitedByColumns(making, made, wanted)
		: made;
}

function limitedByColumns(making: Making, made: MadeQuery, wanted: Wanted): MadeQuery {
	const order = making.choice.shuffled(made.columns).map(({ name, type }): Order => {
		const expr: Expr = { kind: 'column', type, alias: '', name };
		return { ...direction(making), expr };
	});
	const columns = made.columns.map((column) => ({ ...column, steady: isExact(column.type) }));
	return limit(making, { ...made, columns }, order, wanted);
}

function limit(
	making: Making,
	made: MadeQuery,
	order: readonly Order[],
	{ single, ties }: { readonly single?: boolean; readonly ties?: boolean }
): MadeQuery {
	const { choice } = making;
	const count = single ? 1 : choice.weighted([1, 1], [2, 2], [2, 3], [1, 5]);
	const query: Query = {
		...made.query,
		order,
		limit: count,
		...(ties ? { ties } : choice.percent(20) && !single ? { offset: choice.between(1, 2) } : {})
	};
	return { ...made, query };
}
