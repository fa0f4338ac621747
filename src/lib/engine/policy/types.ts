/** The filter language: a boolean expression over a view's columns, the same in Postgres and in here. */

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

/** Comparable types. Every other column can only be asked whether it IS NULL. */
export type ValueType =
	| 'text'
	| 'boolean'
	| 'uuid'
	| 'smallint'
	| 'integer'
	| 'bigint'
	| 'numeric'
	| 'real'
	| 'double precision'
	| 'date'
	| 'timestamp'
	| 'timestamptz';

export interface ColumnOperand {
	readonly kind: 'column';
	readonly name: string;
	/** undefined: of a type that cannot be compared. */
	readonly type: ValueType | undefined;
}

/** A value that is known before any row is: its text is normalised for `type`. */
export type Constant =
	| { readonly kind: 'literal'; readonly type: ValueType; readonly value: string | null }
	| { readonly kind: 'principal'; readonly type: ValueType }
	| { readonly kind: 'param'; readonly type: ValueType; readonly name: string }
	| { readonly kind: 'position'; readonly type: ValueType; readonly number: number };

export type Operand = ColumnOperand | Constant;

export type Comparison = '=' | '<>' | '<' | '<=' | '>' | '>=';

export type Expression =
	| { readonly op: 'and' | 'or'; readonly of: readonly Expression[] }
	| { readonly op: 'not'; readonly of: Expression }
	| {
			readonly op: 'compare';
			readonly operator: Comparison;
			readonly left: Operand;
			readonly right: Operand;
	  }
	| { readonly op: 'null'; readonly negated: boolean; readonly value: Operand }
	| {
			readonly op: 'in';
			readonly negated: boolean;
			readonly value: Operand;
			readonly list: readonly Constant[];
	  }
	| {
			readonly op: 'like';
			readonly negated: boolean;
			readonly ignoreCase: boolean;
			readonly value: Operand;
			readonly pattern: Constant;
	  }
	/** A boolean column or constant by itself. */
	| { readonly op: 'truth'; readonly value: Operand };

/** A filter that was checked against its columns. Plain JSON. */
export interface Filter {
	readonly expression: Expression;
	/** Names of the columns that it reads, sorted. */
	readonly columns: readonly string[];
}

/** A row as Postgres prints it: text, null for NULL. */
export type TextRow = Readonly<Record<string, string | null>>;
