/**
 * The part of the SDK that is the same for every module: a module of its own, so that no message of an author
 * can stand in the way of a name that it uses.
 */
export const sdkPrelude = `export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** What a parameter of SQL can be; lists and objects go as JSON or arrays, by the column's type. */
export type SqlValue = null | boolean | number | string | readonly SqlValue[] | { readonly [key: string]: Json };

/** Numbers of 64 bits and decimals are texts, times ISO texts, bytes base64. */
export type Row = Record<string, any>;

export interface Person {
	readonly id: string;
	readonly name: string;
	readonly picture: string | null;
}

export interface ListOptions<R> {
	/** Columns that must equal these values. */
	where?: { readonly [K in keyof R]?: R[K] };
	/** Columns, each with asc or desc: \`['opened_at desc']\`. */
	order?: readonly string[];
	limit?: number;
}

export interface ReadTable<R, K> {
	get(key: K): Promise<R | undefined>;
	list(options?: ListOptions<R>): Promise<R[]>;
}

export interface Table<R, N, K> extends ReadTable<R, K> {
	/** The row as it was stored, with what the database filled in. */
	insert(row: N): Promise<R>;
	/** The row after the change; undefined where there is none of that key. */
	update(key: K, patch: Partial<N>): Promise<R | undefined>;
	/** Whether there was one. */
	delete(key: K): Promise<boolean>;
}

export interface Sql {
	/** Runs one SELECT, INSERT, UPDATE, DELETE or MERGE over the module's own tables; parameters are $1, $2 … */
	query<R = Row>(sql: string, ...params: SqlValue[]): Promise<R[]>;
	/** The first row, if there is one. */
	one<R = Row>(sql: string, ...params: SqlValue[]): Promise<R | undefined>;
}

export interface Principal {
	/** The person's id; nobody calls a handler without having signed in. */
	readonly id: string;
	readonly name: string;
	readonly roles: readonly string[];
}

export interface Log {
	debug(message: string, fields?: Record<string, unknown>): void;
	info(message: string, fields?: Record<string, unknown>): void;
	warn(message: string, fields?: Record<string, unknown>): void;
	error(message: string, fields?: Record<string, unknown>): void;
}

/** What every handler has; the module's own tables come in \`loam.db\`. */
export interface Context {
	readonly log: Log;
	/** Who calls. */
	readonly principal: Principal;
	/** The time of this call, ISO; the same all through it. */
	now(): string;
	/** From 0 to 1. */
	random(): number;
	/** A new UUIDv7. */
	uuid(): string;
	/** Ends the call; nothing was changed then. The caller sees the message. \`reason\` is UPPER_SNAKE. */
	fail(reason: string, message: string): never;
}

export type Handler<Q, R, L> = (request: Q, loam: L) => Promise<R> | R;`;

/** What a handler has beside the language itself. */
export const sdkGlobals = `interface Console {
	debug(...values: unknown[]): void;
	log(...values: unknown[]): void;
	info(...values: unknown[]): void;
	warn(...values: unknown[]): void;
	error(...values: unknown[]): void;
}
/** Writes to the log of the call, as \`loam.log\` does. */
declare var console: Console;`;
