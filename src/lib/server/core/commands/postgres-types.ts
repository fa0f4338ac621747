/** The types that a value of a handler's SQL may have, by their fixed OIDs: name for casts, and kind of value. */
export interface PostgresType {
	/** `uuid`, `uuid[]` … */
	readonly name: string;
	readonly kind: ValueKind;
	readonly array: boolean;
}

/** How a value looks in JSON: what sdkTypes of engine/schema promises. */
export type ValueKind =
	/** Its own text: uuid, numeric, bigint, date … */
	| 'text'
	| 'boolean'
	| 'number'
	| 'json'
	/** ISO 8601 with T and Z. */
	| 'timestamp'
	/** Base64. */
	| 'bytes'
	/** Seconds, as protobuf writes a Duration: `90s`. */
	| 'duration';

const scalars: readonly (readonly [oid: number, arrayOid: number, name: string, kind: ValueKind])[] = [
	[16, 1000, 'boolean', 'boolean'],
	[17, 1001, 'bytea', 'bytes'],
	[18, 1002, '"char"', 'text'],
	[19, 1003, 'name', 'text'],
	[20, 1016, 'bigint', 'text'],
	[21, 1005, 'smallint', 'number'],
	[23, 1007, 'integer', 'number'],
	[25, 1009, 'text', 'text'],
	[114, 199, 'json', 'json'],
	[700, 1021, 'real', 'number'],
	[701, 1022, 'double precision', 'number'],
	[1042, 1014, 'character', 'text'],
	[1043, 1015, 'character varying', 'text'],
	[1082, 1182, 'date', 'text'],
	[1083, 1183, 'time', 'text'],
	[1114, 1115, 'timestamp', 'text'],
	[1184, 1185, 'timestamptz', 'timestamp'],
	[1186, 1187, 'interval', 'duration'],
	[1266, 1270, 'timetz', 'text'],
	[1560, 1561, 'bit', 'text'],
	[1562, 1563, 'bit varying', 'text'],
	[1700, 1231, 'numeric', 'text'],
	[2950, 2951, 'uuid', 'text'],
	[3802, 3807, 'jsonb', 'json'],
	[4072, 4073, 'jsonpath', 'text']
];

const byOid = new Map<number, PostgresType>(
	scalars.flatMap(([oid, arrayOid, name, kind]): [number, PostgresType][] => [
		[oid, { name, kind, array: false }],
		[arrayOid, { name: `${name}[]`, kind, array: true }]
	])
);

const byName = new Map<string, PostgresType>([...byOid.values()].map((type) => [type.name, type]));

export function typeOfOid(oid: number): PostgresType | undefined {
	return byOid.get(oid);
}

/** Of a column: its ColumnType, with `[]` for an array. */
export function typeOfColumn(column: { readonly type: string; readonly array: boolean }): PostgresType {
	return byName.get(column.array ? `${column.type}[]` : column.type)!;
}
