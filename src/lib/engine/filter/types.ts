/**
 * The filter language: a boolean expression of SQL over a view's columns that means the same in Postgres
 * and in here, or is refused.
 */

export interface FilterColumn {
	readonly name: string;
	/** As `format_type` prints it, or a ColumnType of engine/schema: `uuid`, `text`, `timestamptz` … */
	readonly type: string;
	/** Dimensions of an array, or whether it is one. */
	readonly dims?: number;
	readonly array?: boolean;
}

/** What a filter's open places stand for in one request. */
export interface FilterEnv {
	/** The person's id; undefined for an anonymous visitor: `principal()` is NULL. */
	readonly principal?: string | undefined;
	/** `param('x')` by name (absent: NULL), `$1` by number (absent: an error). */
	readonly params?: Readonly<Record<string, string | null>> | undefined;
}

export type ScalarType =
	| 'boolean'
	| 'smallint'
	| 'integer'
	| 'bigint'
	| 'numeric'
	| 'real'
	| 'double precision'
	| 'text'
	/** char(n): spaces at its end mean nothing. */
	| 'character'
	| 'uuid'
	| 'date'
	| 'time'
	| 'timestamp'
	| 'timestamptz'
	| 'interval';

/** A type as a cast in SQL names it. */
export type SqlType = ScalarType | `${ScalarType}[]`;

/** A value that is known before any row is. A literal's text is normalised for its type. */
export type Constant =
	| { readonly op: 'literal'; readonly type: SqlType; readonly value: string | null }
	| { readonly op: 'principal'; readonly type: SqlType }
	| { readonly op: 'param'; readonly type: SqlType; readonly name: string }
	| { readonly op: 'position'; readonly type: SqlType; readonly number: number };

/** A column of a type that has no operators here; it can be asked whether it IS NULL. */
export interface OpaqueColumn {
	readonly op: 'opaque';
	readonly name: string;
}

/** A checked expression. Plain JSON; every operand has the type that Postgres gives it. */
export type Expression =
	| Constant
	| { readonly op: 'column'; readonly type: SqlType; readonly name: string }
	| { readonly op: 'and' | 'or'; readonly type: 'boolean'; readonly of: readonly Expression[] }
	| { readonly op: 'not'; readonly type: 'boolean'; readonly of: Expression }
	| {
			readonly op: 'null';
			readonly type: 'boolean';
			readonly negated: boolean;
			readonly of: Expression | OpaqueColumn;
	  }
	/** IS [NOT] TRUE, FALSE, UNKNOWN. */
	| {
			readonly op: 'truth';
			readonly type: 'boolean';
			readonly negated: boolean;
			readonly value: boolean | null;
			readonly of: Expression;
	  }
	/** IS [NOT] DISTINCT FROM. */
	| {
			readonly op: 'distinct';
			readonly type: 'boolean';
			readonly negated: boolean;
			readonly left: Expression;
			readonly right: Expression;
	  }
	| {
			readonly op: 'in';
			readonly type: 'boolean';
			readonly negated: boolean;
			readonly value: Expression;
			readonly list: readonly Expression[];
	  }
	/** `left operator ANY (array)`, `ALL`. */
	| {
			readonly op: 'quantified';
			readonly type: 'boolean';
			readonly operator: string;
			readonly all: boolean;
			readonly left: Expression;
			readonly array: Expression;
	  }
	/** An operator or a function that is NULL where an operand is. */
	| { readonly op: 'call'; readonly type: SqlType; readonly name: string; readonly of: readonly Expression[] }
	| { readonly op: 'cast'; readonly type: SqlType; readonly of: Expression }
	/** COLLATE "C": text in the order of its code points. */
	| { readonly op: 'collate'; readonly type: 'text'; readonly of: Expression }
	| {
			readonly op: 'coalesce' | 'greatest' | 'least';
			readonly type: SqlType;
			readonly of: readonly Expression[];
	  }
	| { readonly op: 'concat'; readonly type: 'text'; readonly of: readonly Expression[] }
	| {
			readonly op: 'case';
			readonly type: SqlType;
			readonly branches: readonly { readonly when: Expression; readonly then: Expression }[];
			readonly otherwise: Expression;
	  }
	| { readonly op: 'nullif'; readonly type: SqlType; readonly left: Expression; readonly right: Expression }
	| { readonly op: 'array'; readonly type: SqlType; readonly of: readonly Expression[] }
	| {
			readonly op: 'subscript';
			readonly type: SqlType;
			readonly array: Expression;
			readonly indexes: readonly Expression[];
	  };

/** A filter that was checked against its columns. Plain JSON. */
export interface Filter {
	readonly expression: Expression;
	/** Names of the columns that it reads, sorted. */
	readonly columns: readonly string[];
	/** Whether only Postgres can evaluate it: it orders text by the database's own collation. */
	readonly databaseOnly?: true;
}

/** A row as Postgres prints it: text, null for NULL. */
export type TextRow = Readonly<Record<string, string | null>>;
