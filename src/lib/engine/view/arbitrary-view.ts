import fc from 'fast-check';
import type { CatalogTable } from './catalog.ts';

/**
 * For tests: three tables of awkward types, random supported views over them as an author would write
 * them, and random changes.
 */
export const modelTables: readonly CatalogTable[] = [
	{
		name: 'projects',
		key: ['id'],
		columns: [
			column('id', 'text'),
			column('name', 'text', true),
			column('region', 'text', true),
			column('budget', 'numeric', true)
		]
	},
	{
		name: 'tickets',
		key: ['id'],
		columns: [
			column('id', 'integer'),
			column('project_id', 'text', true),
			column('parent', 'integer', true),
			column('title', 'text'),
			column('points', 'integer', true),
			column('effort', 'bigint', true),
			column('cost', 'numeric', true),
			column('weight', 'double precision', true),
			column('done', 'boolean', true),
			column('due', 'date', true),
			column('opened_at', 'timestamptz'),
			column('spent', 'interval', true)
		]
	},
	{
		name: 'comments',
		key: ['ticket_id', 'n'],
		columns: [
			column('ticket_id', 'integer'),
			column('n', 'integer'),
			column('body', 'text', true),
			column('extra', 'jsonb', true),
			{ ...column('tags', 'text', true), array: true }
		]
	}
];

function column(name: string, type: string, nullable = false) {
	return { name, type, array: false, nullable };
}

/** SQL literals of each column, few enough to meet often. */
const values: Readonly<Record<string, readonly string[]>> = {
	'projects.id': [`'a'`, `'b/c'`, `'d"é'`],
	'projects.name': ['NULL', `''`, `'x'`, `'a/b'`],
	'projects.region': ['NULL', `'north'`, `'south'`],
	'projects.budget': ['NULL', '1.0', '1.00', '250.5'],
	'tickets.id': ['1', '2', '3', '4', '5'],
	'tickets.project_id': ['NULL', `'a'`, `'b/c'`, `'d"é'`, `'gone'`],
	'tickets.parent': ['NULL', '1', '2', '3'],
	'tickets.title': [`'x'`, `'y'`, `'a/b'`, `'_'`],
	'tickets.points': ['NULL', '-2147483648', '0', '1', '3', '5', '2147483647'],
	'tickets.effort': ['NULL', '-9223372036854775808', '7', '9223372036854775807'],
	'tickets.cost': ['NULL', '1.0', '1.00', '2.5', '-3', `'NaN'`, `'Infinity'`],
	'tickets.weight': ['NULL', '0.25', '1.5', '-0.0', '0', `'NaN'`, `'-Infinity'`],
	'tickets.done': ['NULL', 'true', 'false'],
	'tickets.due': ['NULL', `'2026-01-31'`, `'2026-02-01'`, `'infinity'`],
	'tickets.opened_at': [`'2026-01-31 23:59:59.5+00'`, `'2026-02-01 00:00:00+00'`],
	'tickets.spent': ['NULL', `'1 day'`, `'24:00:00'`, `'1 mon -1 day'`, `'infinity'`],
	'comments.ticket_id': ['1', '2', '3', '4'],
	'comments.n': ['1', '2'],
	'comments.body': ['NULL', `'x'`, `'y'`],
	'comments.extra': ['NULL', `'{"k": 1}'`, `'{"k": 1.0}'`, `'null'`],
	'comments.tags': ['NULL', `'{}'`, `'{a,NULL}'`]
};

export type Change =
	| { readonly kind: 'insert'; readonly table: string; readonly row: Readonly<Record<string, string>> }
	| {
			readonly kind: 'update';
			readonly table: string;
			readonly key: readonly string[];
			readonly set: Readonly<Record<string, string>>;
	  }
	| { readonly kind: 'delete'; readonly table: string; readonly key: readonly string[] };

function valueOf(table: string, name: string): fc.Arbitrary<string> {
	return fc.constantFrom(...values[`${table}.${name}`]!);
}

function changeOf(table: CatalogTable): fc.Arbitrary<Change> {
	const key = fc.tuple(...table.key.map((name) => valueOf(table.name, name)));
	const row = fc.record(
		Object.fromEntries(table.columns.map(({ name }) => [name, valueOf(table.name, name)]))
	);
	// A few columns at a time, the key's among them now and then.
	const set = fc
		.subarray([...table.columns], { minLength: 1, maxLength: 3 })
		.chain((columns) =>
			fc.record(Object.fromEntries(columns.map(({ name }) => [name, valueOf(table.name, name)])))
		);
	return fc.oneof(
		{ weight: 4, arbitrary: row.map((made): Change => ({ kind: 'insert', table: table.name, row: made })) },
		{
			weight: 5,
			arbitrary: fc
				.tuple(key, set)
				.map(([at, made]): Change => ({ kind: 'update', table: table.name, key: at, set: made }))
		},
		{ weight: 2, arbitrary: key.map((at): Change => ({ kind: 'delete', table: table.name, key: at })) }
	);
}

/** What one transaction does. */
export const arbitraryBatch: fc.Arbitrary<readonly Change[]> = fc.array(
	fc.oneof(
		{ weight: 3, arbitrary: changeOf(modelTables[1]!) },
		{ weight: 1, arbitrary: changeOf(modelTables[0]!) },
		{ weight: 2, arbitrary: changeOf(modelTables[2]!) }
	),
	{ minLength: 1, maxLength: 6 }
);

/** Changes no row where the new key is taken: tests are after views, not constraints. */
export function changeSql(change: Change, schema: string): string {
	const table = modelTables.find((candidate) => candidate.name === change.table)!;
	if (change.kind === 'insert') {
		return `INSERT INTO ${schema}.${change.table} (${Object.keys(change.row).join(', ')}) VALUES (${Object.values(change.row).join(', ')}) ON CONFLICT DO NOTHING`;
	}
	const at = table.key.map((name, index) => `${name} = ${change.key[index]}`).join(' AND ');
	if (change.kind === 'delete') return `DELETE FROM ${schema}.${change.table} WHERE ${at}`;
	const target = keyAfter(table, change);
	const moves = target.some((value, index) => value !== change.key[index]);
	const free = moves
		? ` AND NOT EXISTS (SELECT FROM ${schema}.${change.table} WHERE ${table.key.map((name, index) => `${name} = ${target[index]}`).join(' AND ')})`
		: '';
	const set = Object.entries(change.set).map(([name, value]) => `${name} = ${value}`);
	return `UPDATE ${schema}.${change.table} SET ${set.join(', ')} WHERE ${at}${free}`;
}

function keyAfter(table: CatalogTable, change: Extract<Change, { kind: 'update' }>): string[] {
	return table.key.map((name, index) => change.set[name] ?? change.key[index]!);
}

/** The keys that a change has to do with, as the log would name them: old and new. */
export function changedKeys(change: Change): string[][] {
	const table = modelTables.find((candidate) => candidate.name === change.table)!;
	const plain = (key: readonly string[]) => key.map((value) => value.replace(/^'([^]*)'$/, '$1'));
	if (change.kind === 'insert') return [plain(table.key.map((name) => change.row[name]!))];
	if (change.kind === 'delete') return [plain(change.key)];
	return [plain(change.key), plain(keyAfter(table, change))];
}

interface FromItem {
	readonly alias: string;
	readonly table: string;
}

const conditionsOf: Readonly<Record<string, readonly string[]>> = {
	'projects projects': ['$.region = #.region', '$.id <> #.id'],
	'projects tickets': ['$.id = #.project_id', '$.budget = #.cost', '$.name = #.title'],
	'projects comments': ['$.name = #.body', '$.id = #.tags[1]'],
	'tickets projects': ['#.id = $.project_id', '$.title = #.name'],
	'tickets tickets': [
		'$.project_id = #.project_id',
		'$.id = #.parent',
		'$.points < #.points',
		'$.due = #.due'
	],
	'tickets comments': ['$.id = #.ticket_id', '$.title = #.body'],
	'comments projects': ['$.body = #.name'],
	'comments tickets': ['#.id = $.ticket_id', '$.body = #.title AND #.points > $.n'],
	'comments comments': ['$.ticket_id = #.ticket_id', '$.extra = #.extra']
};

const filtersOf: Readonly<Record<string, readonly string[]>> = {
	projects: [`$.region = 'north'`, '$.name IS NOT NULL', '$.budget BETWEEN 1 AND 2', `$.id LIKE '%b%'`],
	tickets: [
		'$.points > 0',
		'NOT $.done',
		'$.done IS NOT TRUE',
		`$.title IN ('x', 'a/b')`,
		`$.due < '2026-02-01'`,
		'$.cost IS DISTINCT FROM 1',
		`coalesce($.points, 3) >= 3 OR $.title = 'y'`,
		`$.opened_at >= '2026-02-01'`
	],
	comments: [`$.body = 'x'`, '$.n = 1', `$.extra ->> 'k' = '1'`, `'a' = ANY ($.tags)`]
};

const outputsOf: Readonly<Record<string, readonly string[]>> = {
	projects: ['$.id', '$.name', '$.budget', 'upper($.region)', `$.name || '/' || $.id`],
	tickets: [
		'$.id',
		'$.title',
		'$.points',
		'$.cost',
		'$.weight',
		'$.done',
		'$.due',
		'$.opened_at',
		'$.spent',
		'$.points::bigint + $.id',
		`CASE WHEN $.done THEN 'closed' ELSE 'open' END`,
		`date_trunc('day', $.opened_at)`,
		`coalesce($.title, '{data}.x')`,
		'$.done IS NULL',
		`($.title || ' z')::char(5)`,
		'$.points::numeric(12, 1)',
		'ARRAY[$.points, $.id]'
	],
	comments: ['$.ticket_id', '$.n', '$.body', '$.extra', '$.tags', `$.extra ->> 'k'`, 'cardinality($.tags)']
};

const groupsOf: Readonly<Record<string, readonly string[]>> = {
	projects: ['$.id', '$.region', '$.budget', 'length($.name)'],
	tickets: [
		'$.project_id',
		'$.title',
		'$.done',
		'$.cost',
		'$.weight',
		'$.due',
		'$.spent',
		`date_trunc('month', $.opened_at)`,
		'$.id',
		'$.points > 1',
		'$.title::char(3)'
	],
	comments: ['$.body', '$.ticket_id', '$.extra', '$.tags']
};

const aggregatesOf: Readonly<Record<string, readonly string[]>> = {
	projects: ['count($.region)', 'sum($.budget)', 'avg($.budget)', 'min($.name)', 'max($.id)'],
	tickets: [
		'count($.points)',
		'sum($.points)',
		'avg($.points)',
		'min($.points)',
		'max($.points)',
		'sum($.effort)',
		'avg($.effort)',
		'sum($.cost)',
		'avg($.cost)',
		'min($.cost)',
		'max($.cost)',
		'sum($.weight)',
		'avg($.weight)',
		'max($.weight)',
		'min($.due)',
		'max($.opened_at)',
		'sum($.spent)',
		'max($.spent)',
		'sum(CASE WHEN $.done THEN $.points ELSE 0 END)',
		'count(CASE WHEN $.done THEN 1 END)',
		'coalesce(sum($.points), 0) * 2',
		'round(avg($.points), 1)'
	],
	comments: ['count($.body)', 'sum($.n)', 'max($.body)', 'min($.tags)']
};

const havings = ['count(*) > 1', 'count(*) < 3', 'count(*) % 2 = 1'];

/** Positions into the lists above: everything shrinks to the first and the fewest. */
const choice = fc.nat({ max: 99 });

/** One SELECT that views keep. */
export const arbitraryView: fc.Arbitrary<string> = fc
	.record({
		tables: fc.array(fc.constantFrom('tickets', 'projects', 'comments', 'tickets'), {
			minLength: 1,
			maxLength: 3
		}),
		joins: fc.array(choice, { minLength: 2, maxLength: 2 }),
		style: fc.constantFrom('on', 'where', 'using'),
		filters: fc.array(fc.tuple(choice, choice), { maxLength: 2 }),
		outputs: fc.array(fc.tuple(choice, choice), { minLength: 1, maxLength: 4 }),
		dependents: fc.boolean(),
		keys: fc.boolean(),
		grouped: fc.boolean(),
		groups: fc.array(fc.tuple(choice, choice), { maxLength: 2 }),
		shown: fc.boolean(),
		having: fc.option(choice)
	})
	.map((made) => {
		const from = made.tables.map((table, index): FromItem => ({ alias: 'tuv'[index]!, table }));
		const tail = fromClause(from, made.joins, made.style) + whereClause(from, made);
		return made.grouped ? groupSelect(from, made, tail) : rowSelect(from, made, tail);
	});

function fill(template: string, one: string, other = ''): string {
	return template.replaceAll('$', one).replaceAll('#', other);
}

function at<T>(items: readonly T[], index: number): T {
	return items[index % items.length]!;
}

function joinConditions(from: readonly FromItem[], joins: readonly number[]): string[] {
	return from.slice(1).map((item, index) => {
		// Each joins the one before it, or the first.
		const partner = joins[index]! % 2 === 0 ? from[index]! : from[0]!;
		return fill(
			at(conditionsOf[`${partner.table} ${item.table}`]!, joins[index]!),
			partner.alias,
			item.alias
		);
	});
}

function fromClause(from: readonly FromItem[], joins: readonly number[], style: string): string {
	const conditions = joinConditions(from, joins);
	if (style === 'where') return ` FROM ${from.map(({ table, alias }) => `${table} ${alias}`).join(', ')}`;
	return from
		.map(({ table, alias }, index) =>
			index === 0
				? ` FROM ${table} AS ${alias}`
				: ` JOIN ${table} ${alias} ${joinTail(conditions[index - 1]!, style)}`
		)
		.join('');
}

/** Where both columns have one name, it can be USING. */
function joinTail(condition: string, style: string): string {
	const same = /^(\w)\.(\w+) = (\w)\.(\w+)$/.exec(condition);
	// Of three tables the name may stand in two of the left side.
	if (style === 'using' && same && same[2] === same[4] && same[1] === 't' && same[3] === 'u')
		return `USING (${same[2]})`;
	return `ON ${condition}`;
}

function whereClause(
	from: readonly FromItem[],
	made: { joins: readonly number[]; style: string; filters: readonly (readonly [number, number])[] }
): string {
	const filters = made.filters.map(([which, filter]) => {
		const { alias, table } = at(from, which);
		return `(${fill(at(filtersOf[table]!, filter), alias)})`;
	});
	const all = [...(made.style === 'where' ? joinConditions(from, made.joins) : []), ...filters];
	return all.length > 0 ? ` WHERE ${all.join(' AND ')}` : '';
}

type Pairs = readonly (readonly [number, number])[];

function pick(
	from: readonly FromItem[],
	lists: Readonly<Record<string, readonly string[]>>,
	pairs: Pairs
): string[] {
	return pairs.map(([which, item]) => {
		const { alias, table } = at(from, which);
		return fill(at(lists[table]!, item), alias);
	});
}

function rowSelect(from: readonly FromItem[], made: { outputs: Pairs; keys: boolean }, tail: string): string {
	const keys = from.flatMap(({ alias, table }) =>
		modelTables.find((t) => t.name === table)!.key.map((key) => `${alias}.${key}`)
	);
	const items = [...(made.keys ? keys : []), ...pick(from, outputsOf, made.outputs)];
	return `SELECT ${items.map((item, index) => `${item} AS o${index}`).join(', ')}${tail}`;
}

/** Columns that a grouped primary key brings with it. */
const dependentsOf: Readonly<Record<string, readonly string[]>> = {
	projects: ['$.name', 'coalesce($.region, $.id)'],
	tickets: ['$.title', '$.points + 0.5', '$.due']
};

interface Grouped {
	readonly outputs: Pairs;
	readonly groups: Pairs;
	readonly dependents: boolean;
	readonly shown: boolean;
	readonly having: number | null;
}

function groupSelect(from: readonly FromItem[], made: Grouped, tail: string): string {
	const groups = [...new Set(pick(from, groupsOf, made.groups))];
	const keyed = from.filter(({ alias }) => made.dependents && groups.includes(`${alias}.id`));
	const dependents = keyed.flatMap(({ alias, table }) =>
		dependentsOf[table]!.map((template) => fill(template, alias))
	);
	const items = [
		...(made.shown ? groups : []),
		...dependents,
		'count(*)',
		...pick(from, aggregatesOf, made.outputs)
	];
	const by = groups.length > 0 ? ` GROUP BY ${groups.join(', ')}` : '';
	const having = made.having === null ? '' : ` HAVING ${at(havings, made.having)}`;
	return `SELECT ${items.map((item, index) => `${item} AS o${index}`).join(', ')}${tail}${by}${having}`;
}
