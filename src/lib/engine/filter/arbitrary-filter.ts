import fc from 'fast-check';
import type { FilterColumn } from './types.ts';

/** Filters as one would write them, and rows to try them on; for tests beside Postgres. */

/** Values of each type in Postgres's own spelling, some of them odd on purpose. */
const values = {
	boolean: ['true', 'false'],
	smallint: ['-32768', '0', '7', '32767', '2'],
	integer: ['-2147483648', '-1', '0', '7', '2147483647', '3'],
	bigint: ['-9223372036854775808', '9007199254740992', '9007199254740993', '7', '9223372036854775807', '2'],
	numeric: [
		'0',
		'7',
		'7.0',
		'7.10',
		'-0.001',
		'0.1',
		'2.5',
		'-2.5',
		'123456789012345678901234567890.5',
		'NaN',
		'Infinity',
		'-Infinity'
	],
	real: ['0', '7', '0.1', '-0.5', '3.4e38', 'NaN', 'Infinity', '-Infinity', '16777217', '2.5'],
	'double precision': [
		'0',
		'7',
		'0.1',
		'-0.5',
		'2.5',
		'1e300',
		'5e-324',
		'NaN',
		'Infinity',
		'9007199254740993'
	],
	text: ['', 'a', 'A', 'open', 'Open', 'a%b', 'a_b', 'a\\b', 'x\ny', '😀', 'é', '12', ' 7 ', 't', 'null'],
	uuid: ['0198c0de-0000-7000-8000-000000000001', '0198c0de-0000-7000-8000-000000000002'],
	date: ['2026-02-28', '2024-02-29', '0001-01-01', '9999-12-31', 'infinity', '-infinity', '1969-12-31'],
	time: ['00:00:00', '23:59:59.999999', '12:30:00', '24:00:00'],
	timestamp: ['2026-02-28 10:00:00', '2026-01-31 10:00:00.5', '-infinity', '1900-01-01 00:00:00'],
	timestamptz: [
		'2026-02-28 10:00:00+00',
		'2026-02-28 10:00:00.000001+00',
		'1969-12-31 23:59:59.999999+00',
		'infinity',
		'0050-01-01 00:00:00+00'
	],
	interval: ['P1D', 'PT24H', 'P1M', 'P30D', 'PT-1.5S', 'P1Y2M3DT4H5M6.789S', 'PT0S', 'P-1M']
} as const;
export type TypeName = keyof typeof values;

const scalars = Object.keys(values) as TypeName[];
const arrays = ['integer', 'bigint', 'text', 'numeric'] as const;

/** Name of the column of each type. */
const columnOf = Object.fromEntries(scalars.map((type, i) => [type, `c${i}`])) as Record<TypeName, string>;
const arrayColumnOf = Object.fromEntries(arrays.map((type) => [type, `a_${type}`])) as Record<
	(typeof arrays)[number],
	string
>;

export const columns: readonly FilterColumn[] = [
	...scalars.map((type) => ({ name: columnOf[type], type })),
	...arrays.map((type) => ({ name: arrayColumnOf[type], type, array: true }))
];

/** A row's values in the order of the columns. */
export const arbitraryRow: fc.Arbitrary<(string | null)[]> = fc.tuple(
	...columns.map(({ type, array }) => {
		const value = fc.constantFrom(...values[type as TypeName]);
		if (!array) return fc.option(value, { freq: 6 });
		const list = fc.array(fc.option(value, { freq: 5 }), { maxLength: 3 });
		return fc.option(list.map(arrayText), { freq: 6 });
	})
);

function arrayText(items: readonly (string | null)[]): string {
	const quoted = (item: string) => `"${item.replace(/["\\]/g, '\\$&')}"`;
	return `{${items.map((item) => (item === null ? 'NULL' : quoted(item))).join(',')}}`;
}

const quote = (text: string) => `'${text.replaceAll("'", "''")}'`;
const numbers = ['smallint', 'integer', 'bigint', 'numeric', 'real', 'double precision'] as const;
const integers = ['smallint', 'integer', 'bigint'] as const;
const ordered = [
	...numbers,
	'date',
	'time',
	'timestamp',
	'timestamptz',
	'interval',
	'uuid',
	'boolean'
] as const;

type Tie = (key: string) => fc.Arbitrary<string>;

/** A column or a constant with its type. */
const leaf = (type: TypeName) =>
	fc.oneof(
		{ weight: 5, arbitrary: fc.constant(columnOf[type]) },
		{ weight: 3, arbitrary: fc.constantFrom(...values[type]).map((value) => `${quote(value)}::${type}`) },
		{ weight: 1, arbitrary: fc.constant(`NULL::${type}`) },
		...(type === 'integer'
			? [{ weight: 3, arbitrary: fc.constantFrom('0', '1', '-1', '7', '2147483647') }]
			: []),
		...(type === 'bigint'
			? [{ weight: 1, arbitrary: fc.constantFrom('3000000000', '-9223372036854775808') }]
			: []),
		...(type === 'numeric'
			? [{ weight: 2, arbitrary: fc.constantFrom('7.5', '-0.10', '99999999999999999999') }]
			: [])
	);

/** A value whose type comes from beside it. */
const open = (type: TypeName) =>
	fc.oneof(
		{ weight: 5, arbitrary: fc.constantFrom(...values[type]).map(quote) },
		{ weight: 1, arbitrary: fc.constant('NULL') }
	);

const call = (name: string, ...args: fc.Arbitrary<string>[]) =>
	fc.tuple(...args).map((parts) => `${name}(${parts.join(', ')})`);
const binary = (left: fc.Arbitrary<string>, operators: readonly string[], right: fc.Arbitrary<string>) =>
	fc.tuple(left, fc.constantFrom(...operators), right).map(([a, op, b]) => `(${a} ${op} ${b})`);

/** Expressions of each type, made of the others'. */
function expressionsOf(type: TypeName, tie: Tie): fc.Arbitrary<string>[] {
	const of = (name: string) => tie(name);
	const same = of(type);
	const general = [
		call('coalesce', same, same),
		call('nullif', same, same),
		fc.tuple(of('boolean'), same, same).map(([when, a, b]) => `CASE WHEN ${when} THEN ${a} ELSE ${b} END`)
	];
	switch (type) {
		case 'smallint':
			return [
				...general,
				binary(same, ['+', '-', '*', '/', '%', '&', '|'], same),
				of('integer').map((x) => `(${x})::smallint`)
			];
		case 'integer':
			return [
				...general,
				binary(same, ['+', '-', '*', '/', '%', '&', '|', '#'], same),
				binary(same, ['+', '-'], of('smallint')),
				binary(of('date'), ['-'], of('date')),
				fc.constantFrom('-', '@ ', '~ ').chain((sign) => same.map((x) => `(${sign}(${x}))`)),
				call('length', of('text')),
				call('strpos', of('text'), of('text')),
				call('octet_length', of('text')),
				fc.constantFrom(...arrays).map((item) => `cardinality(${arrayColumnOf[item]})`),
				fc.constantFrom(...arrays).map((item) => `array_length(${arrayColumnOf[item]}, 1)`),
				of('integer').map((index) => `${arrayColumnOf.integer}[${index}]`),
				of('numeric').map((x) => `(${x})::integer`),
				of('double precision').map((x) => `(${x})::integer`),
				of('boolean').map((x) => `(${x})::integer`),
				of('text').map((x) => `(${x})::integer`),
				call('mod', same, same),
				call('greatest', same, same, same),
				call('abs', same)
			];
		case 'bigint':
			return [
				...general,
				binary(same, ['+', '-', '*', '/', '%'], fc.oneof(same, of('integer'))),
				of('numeric').map((x) => `(${x})::bigint`)
			];
		case 'numeric':
			return [
				...general,
				binary(same, ['+', '-', '*', '/', '%'], fc.oneof(same, of('integer'), of('bigint'))),
				fc.constantFrom('round', 'trunc').chain((name) => call(name, same, fc.constantFrom('0', '2', '-1'))),
				fc.constantFrom('ceil', 'floor', 'round', 'trunc', 'abs').chain((name) => call(name, same)),
				of('double precision').map((x) => `(${x})::numeric`),
				of('real').map((x) => `(${x})::numeric`),
				of('integer').map((x) => `(${x})::numeric`),
				call('least', same, same)
			];
		case 'real':
			return [
				...general,
				binary(same, ['+', '-', '*', '/'], same),
				of('numeric').map((x) => `(${x})::real`),
				of('double precision').map((x) => `(${x})::real`)
			];
		case 'double precision':
			return [
				...general,
				binary(same, ['+', '-', '*', '/'], fc.oneof(same, of('integer'), of('numeric'), of('real'))),
				binary(of('real'), ['+', '*'], of('integer')),
				fc.constantFrom('ceil', 'floor', 'round', 'trunc', 'abs', 'sqrt').chain((name) => call(name, same)),
				call('ceil', of('integer')),
				of('numeric').map((x) => `(${x})::double precision`)
			];
		case 'text':
			return [
				...general,
				binary(same, ['||'], fc.oneof(same, of('integer'), of('numeric'), of('uuid'))),
				fc.constantFrom('lower', 'upper', 'btrim', 'ltrim', 'rtrim').chain((name) => call(name, same)),
				fc.constantFrom('left', 'right').chain((name) => call(name, same, of('integer'))),
				call('substr', same, fc.constantFrom('1', '2', '0', '-1'), fc.constantFrom('2', '0', '-1')),
				call('btrim', same, same),
				call('replace', same, same, same),
				call('concat', same, of('integer'), same),
				of('integer').map((x) => `(${x})::text`),
				of('numeric').map((x) => `(${x})::text`),
				of('boolean').map((x) => `(${x})::text`),
				of('integer').map((index) => `${arrayColumnOf.text}[${index}]`)
			];
		case 'uuid':
			return [...general, of('text').map((x) => `(${x})::uuid`)];
		case 'date':
			return [
				...general,
				binary(same, ['+', '-'], of('integer')),
				of('timestamp').map((x) => `(${x})::date`)
			];
		case 'time':
			return [
				...general,
				binary(same, ['+', '-'], of('interval')),
				of('timestamp').map((x) => `(${x})::time`)
			];
		case 'timestamp':
			return [
				...general,
				binary(fc.oneof(same, of('date')), ['+', '-'], of('interval')),
				binary(of('date'), ['+'], of('time'))
			];
		case 'timestamptz':
			return [
				...general,
				binary(same, ['+', '-'], of('interval')),
				of('timestamp').map((x) => `(${x})::timestamptz`)
			];
		case 'interval':
			return [
				...general,
				binary(same, ['+', '-'], same),
				binary(of('timestamp'), ['-'], of('timestamp')),
				binary(of('time'), ['-'], of('time')),
				same.map((x) => `(- ${x})`)
			];
		case 'boolean':
			return conditions(tie);
	}
}

function conditions(tie: Tie): fc.Arbitrary<string>[] {
	const boolean = tie('boolean');
	const order = ['=', '<>', '<', '<=', '>', '>='] as const;
	const anyNumber = fc.oneof(...numbers.map((type) => tie(type)));
	const moment = fc.oneof(...(['date', 'timestamp', 'timestamptz'] as const).map((type) => tie(type)));
	const typeOf = <T extends TypeName>(types: readonly T[], make: (type: T) => fc.Arbitrary<string>) =>
		fc.constantFrom(...types).chain(make);
	const text = tie('text');
	return [
		binary(anyNumber, order, anyNumber),
		binary(moment, order, moment),
		typeOf(ordered, (type) => binary(tie(type), order, fc.oneof(tie(type), open(type)))),
		binary(text, ['=', '<>'], fc.oneof(text, open('text'))),
		fc
			.tuple(text, fc.constantFrom('<', '<=', '>', '>='), text)
			.map(([a, op, b]) => `(${a} COLLATE "C" ${op} ${b})`),
		binary(boolean, ['AND', 'OR'], boolean),
		fc.tuple(boolean, boolean, boolean).map(([a, b, c]) => `(${a} OR ${b} AND NOT ${c})`),
		boolean.map((x) => `(NOT ${x})`),
		typeOf(scalars, (type) =>
			fc.tuple(tie(type), fc.constantFrom('IS NULL', 'IS NOT NULL')).map((parts) => `(${parts.join(' ')})`)
		),
		fc
			.tuple(boolean, fc.constantFrom('', 'NOT '), fc.constantFrom('TRUE', 'FALSE', 'UNKNOWN'))
			.map(([x, not, word]) => `(${x} IS ${not}${word})`),
		typeOf(scalars, (type) =>
			fc
				.tuple(tie(type), fc.constantFrom('', 'NOT '), fc.oneof(tie(type), open(type)))
				.map(([a, not, b]) => `(${a} IS ${not}DISTINCT FROM ${b})`)
		),
		typeOf(scalars, (type) =>
			fc
				.tuple(
					tie(type),
					fc.constantFrom('', 'NOT '),
					fc.array(fc.oneof(open(type), tie(type)), { minLength: 1, maxLength: 3 })
				)
				.map(([a, not, list]) => `(${a} ${not}IN (${list.join(', ')}))`)
		),
		typeOf(ordered, (type) =>
			fc
				.tuple(
					tie(type),
					fc.constantFrom('', 'NOT '),
					fc.constantFrom('', 'SYMMETRIC '),
					tie(type),
					tie(type)
				)
				.map(([a, not, symmetric, low, high]) => `(${a} ${not}BETWEEN ${symmetric}${low} AND ${high})`)
		),
		fc
			.tuple(text, fc.constantFrom('LIKE', 'NOT LIKE', 'ILIKE', 'NOT ILIKE'), fc.oneof(pattern, text))
			.map((parts) => `(${parts.join(' ')})`),
		call('starts_with', text, text),
		call('like', text, pattern),
		typeOf(arrays, (type) =>
			fc
				.tuple(
					fc.oneof(tie(type), open(type)),
					fc.constantFrom(...(type === 'text' ? (['=', '<>'] as const) : order)),
					fc.constantFrom('ANY', 'ALL')
				)
				.map(([a, op, word]) => `(${a} ${op} ${word} (${arrayColumnOf[type]}))`)
		),
		typeOf(arrays, (type) =>
			fc
				.tuple(
					fc.constantFrom('@>', '<@', '&&', '=', '<>'),
					fc.array(open(type), { minLength: 1, maxLength: 3 })
				)
				.map(([op, items]) => `(${arrayColumnOf[type]} ${op} ARRAY[${items.join(', ')}]::${type}[])`)
		),
		typeOf(arrays, (type) =>
			fc
				.tuple(tie(type), fc.constantFrom('=', '<>'))
				.map(([x, op]) => `((${arrayColumnOf[type]} || ${x}) ${op} (${x} || ${arrayColumnOf[type]}))`)
		),
		typeOf(integers, (type) => tie(type).map((x) => `(${x} = ANY ('{1,7,NULL}'))`))
	];
}

const pattern = fc
	.array(fc.constantFrom('%', '_', 'a', 'A', 'o', 'pen', 'é', '\\%', '\\_', '\\\\', '.', '😀'), {
		maxLength: 5
	})
	.map((parts) => quote(parts.join('')));

const groups = fc.letrec<Record<string, string>>((tie) =>
	Object.fromEntries(
		scalars.map((type) => [
			type,
			fc.oneof(
				{ depthSize: 'small', withCrossShrink: true, maxDepth: 5 },
				{
					weight: 3,
					arbitrary:
						type === 'boolean' ? fc.constantFrom(columnOf.boolean, 'TRUE', 'NULL::boolean') : leaf(type)
				},
				...expressionsOf(type, tie as Tie).map((arbitrary) => ({ weight: 1, arbitrary }))
			)
		])
	)
);

/** A filter over `columns`. */
export const arbitraryFilter: fc.Arbitrary<string> = groups['boolean']!;
