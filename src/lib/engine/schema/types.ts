/**
 * The shape of data as schema.proto declares it. Names are as the author wrote them (snake_case), in
 * SQL, in rows, in requests that handlers see and in forms alike.
 */

/** A Postgres type that a column can have; arrays are told by `array`. */
export type ColumnType =
	| 'text'
	| 'boolean'
	| 'integer'
	| 'bigint'
	| 'numeric'
	| 'real'
	| 'double precision'
	| 'bytea'
	| 'uuid'
	| 'date'
	| 'timestamptz'
	| 'interval'
	| 'jsonb';

export interface ColumnSpec {
	readonly name: string;
	/** Field number in the message: what tells a rename from a drop. */
	readonly number: number;
	readonly type: ColumnType;
	readonly array: boolean;
	/** The field has presence (`optional`, or a message): absent is NULL. */
	readonly nullable: boolean;
	/** Values of an enum, kept as text with a CHECK; in order of their numbers. */
	readonly values?: readonly string[];
	/** Name of the table whose key this column holds. */
	readonly references?: string;
	/** SQL of the default; of a key `uuidv7()`. Absent with `nullable` false: a row must bring a value. */
	readonly default?: string;
	/** A form must be filled in: never NULL, and a text never empty. */
	readonly required: boolean;
	readonly unique: boolean;
	/** For people: what forms and generated screens show. */
	readonly label: string;
	readonly multiline: boolean;
	readonly maxLength?: number;
	/** Where in schema.proto, from 1. */
	readonly line: number;
}

export interface TableSpec {
	/** SQL name, e.g. `tickets`. */
	readonly name: string;
	/** Full name of the message, e.g. `tickets.Ticket`. */
	readonly message: string;
	readonly columns: readonly ColumnSpec[];
	/** Names of the primary key's columns, in order. */
	readonly key: readonly string[];
	/** For people, singular, e.g. `Ticket`. */
	readonly label: string;
	readonly line: number;
}

export type StandardOperation = 'create' | 'get' | 'list' | 'update' | 'delete';

/** An rpc of a module: a handler in logic/, or a standard method of a table. */
export interface MethodSpec {
	/** Method name, unique in the module: the verb of an action. */
	readonly name: string;
	/** Full name of its service, e.g. `tickets.TicketService`. */
	readonly service: string;
	/** Full names of the messages. */
	readonly request: string;
	readonly response: string;
	readonly run:
		| { readonly kind: 'handler'; /** e.g. `logic/close_ticket.ts` */ readonly file: string }
		| { readonly kind: 'standard'; readonly operation: StandardOperation; readonly table: string };
}
