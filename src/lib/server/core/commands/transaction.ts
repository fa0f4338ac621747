import pg from 'pg';
import { AppError } from '#kernel';
import type { Place } from '#core/tenancy';
import type { Pool, PoolClient } from '#platform/postgres';
import { runBatch, tooMuch, type BatchLimits, type Step, type StepResult } from './batch.ts';
import type { TableSpec } from '#engine/schema';
import { databaseError } from './database-error.ts';
import { errors } from './errors.ts';
import type { FixedStatements } from './fixed-statements.ts';
import { inWords } from './in-words.ts';
import { typeOfOid, type PostgresType } from './postgres-types.ts';
import { arrayLiteral } from './values.ts';

/** A statement for the tenant's wall: `$1[n]` in it is the nth value, and it returns rows of these columns. */
export interface WalledStatement {
	readonly text: string;
	readonly columns: readonly NamedType[];
	/** Its rows are rows that were written. */
	readonly writes: boolean;
	/** Loam wrote the text: it may have a function of its own. */
	readonly fixed?: true;
}

export interface NamedType {
	readonly name: string;
	readonly type: PostgresType;
}

export interface Described {
	readonly columns: readonly NamedType[];
	readonly parameters: readonly PostgresType[];
}

/** One transaction of one call: begins at its first statement, ends once. */
export interface CommandTransaction {
	/** Rows as text, in the order of the columns. Rejects with an AppError; then only `rollback` is left. */
	run(statement: WalledStatement, values: readonly (string | null)[]): Promise<(string | null)[][]>;
	/** The same, and commits, in one round trip. */
	runLast(
		statement: WalledStatement,
		values: readonly (string | null)[]
	): Promise<{ rows: (string | null)[][]; txid: bigint | undefined }>;
	/** Parameters and columns of a statement, as Postgres understands it in the tenant's schema. Nothing is run. */
	describe(text: string): Promise<Described>;
	/** The transaction's id where it wrote something. */
	commit(): Promise<bigint | undefined>;
	/** Safe to call at any time, also while a statement runs: that one is ended. */
	rollback(): Promise<void>;
}

/** Per call (Convex's): rows read, characters of them, rows written. */
const limits: BatchLimits = { rows: 32_000, length: 16 * 1024 * 1024 };
const maxWritten = 16_000;

/** The host ends a call after 5 s; Postgres does so by itself where the host cannot. */
const begin: readonly Step[] = [
	{ text: 'BEGIN' },
	{
		text: `SELECT set_config('statement_timeout', '5s', true), set_config('transaction_timeout', '7s', true)`
	}
];
const writtenId: Step = { text: 'SELECT pg_current_xact_id_if_assigned()::text' };

/** Where a transaction gets its connection, and its place among those of its tenant. */
export interface TransactionSource {
	readonly pool: Pool;
	readonly fixed: FixedStatements;
	/** For what must not wait behind commands. */
	readonly aside: Pool;
	/** Resolves with what gives the place back. */
	admit(): Promise<() => void>;
	/** In whose words errors of the data are told. */
	readonly tables: readonly TableSpec[];
}

export function openTransaction(
	place: Place,
	{ pool, aside, fixed, admit, tables }: TransactionSource
): CommandTransaction {
	let client: PoolClient | undefined;
	let leave = () => {};
	let begun = false;
	let over = false;
	let running = 0;
	let written = 0;
	let left = limits;

	/** Steps of this transaction, begun where it was not; one batch after the other. */
	let last: Promise<unknown> = Promise.resolve();
	function batch(steps: readonly Step[]): Promise<StepResult[]> {
		const next = last.then(() => send(steps));
		last = next.catch(() => {});
		return next;
	}

	async function send(steps: readonly Step[]): Promise<StepResult[]> {
		if (over) throw errors.COMMAND_TIMEOUT('The command has ended already.');
		client ??= await connect();
		// Ended while it waited for its connection.
		if (over) {
			release();
			throw errors.COMMAND_TIMEOUT('The command has ended already.');
		}
		const first = begun ? [] : begin;
		begun = true;
		running++;
		try {
			const results = await runBatch(client, [...first, ...steps], left);
			if (results === tooMuch) throw tooManyRows();
			left = without(left, results);
			return results.slice(first.length);
		} catch (error) {
			throw inWords(tables, databaseError(error));
		} finally {
			running--;
		}
	}

	async function connect(): Promise<PoolClient> {
		leave = await admit();
		try {
			const made = await pool.connect();
			made.on('error', ignore);
			return made;
		} catch (error) {
			leave();
			throw errors.COMMAND_BUSY(
				'Too much is going on right now. Nothing was changed; please try again in a moment.',
				{},
				error
			);
		}
	}

	/** Gives the connection back, or ends it where it is in an unknown state. */
	function release(broken = false): void {
		if (!client) return;
		client.off('error', ignore);
		client.release(broken);
		client = undefined;
		leave();
	}

	/** The function that runs it as the tenant's run role, with its values as one array of text. */
	function walled(
		{ text, columns, fixed: isFixed }: WalledStatement,
		values: readonly (string | null)[],
		also = ''
	): Step {
		const list = columns.map(({ type }, i) => `c${i} ${type.name}`).join(', ');
		const own = isFixed && fixed.functionFor(place, text);
		const call = own ? `${own}($1::text[])` : 'run_sql($1, $2::text[])';
		const array = arrayLiteral(values);
		return {
			text: `SELECT t.*${also} FROM ${pg.escapeIdentifier(place.stateSchema)}.${call} AS t (${list})`,
			values: own ? [array] : [text, array]
		};
	}

	function end(results: StepResult[]): bigint | undefined {
		over = true;
		release();
		const id = results.at(-2)?.rows[0]?.[0];
		return id === null || id === undefined ? undefined : BigInt(id);
	}

	return {
		async run(statement, values) {
			const [result] = await batch([walled(statement, values)]);
			if (statement.writes) written += result!.rows.length;
			if (written > maxWritten) throw tooManyRows();
			return result!.rows;
		},
		async runLast(statement, values) {
			if (begun) {
				const steps = [walled(statement, values), writtenId, { text: 'COMMIT' }];
				const results = await committing(batch(steps));
				return { rows: results[0]!.rows, txid: end(results) };
			}
			// Alone, a statement is its own transaction. Who is too slow is cancelled by `rollback`.
			begun = true;
			const [result] = await committing(
				batch([walled(statement, values, ', pg_current_xact_id_if_assigned()::text')])
			);
			over = true;
			release();
			const id = result!.rows[0]?.at(-1);
			return { rows: result!.rows, txid: id === null || id === undefined ? undefined : BigInt(id) };
		},
		async describe(text) {
			const path = `pg_catalog, ${pg.escapeIdentifier(place.schema)}, pg_temp`;
			const results = await batch([
				{ text: `SELECT set_config('search_path', $1, true)`, values: [path] },
				{ text, describe: true }
			]);
			const { columns, parameterTypes } = results[1]!;
			return {
				columns: columns.map(({ name, type }) => ({ name, type: knownType(type, `The column "${name}"`) })),
				parameters: parameterTypes.map((type, i) => knownType(type, `The parameter $${i + 1}`))
			};
		},
		async commit() {
			if (!begun) {
				over = true;
				return undefined;
			}
			return end(await committing(batch([writtenId, { text: 'COMMIT' }])));
		},
		async rollback() {
			if (over) return;
			over = true;
			if (!client) return;
			if (running > 0) {
				// The server would go on with the statement after its client has gone.
				const pid = (client as unknown as { processID: number }).processID;
				release(true);
				await aside.query('SELECT pg_cancel_backend($1)', [pid]).catch(ignore);
				return;
			}
			const broken = await client.query('ROLLBACK').then(
				() => false,
				() => true
			);
			release(broken);
		}
	};
}

function ignore(): void {}

function tooManyRows(): AppError {
	return errors.HANDLER_LIMIT(
		`The command read more than ${limits.rows} rows or ${limits.length / 1024 / 1024} MiB, or wrote more than ${maxWritten} rows. Nothing was changed; do less at a time.`
	);
}

function without(left: BatchLimits, results: readonly StepResult[]): BatchLimits {
	let { rows, length } = left;
	for (const result of results) {
		rows -= result.rows.length;
		for (const row of result.rows) for (const value of row) length -= value?.length ?? 0;
	}
	return { rows, length };
}

/** Where the connection breaks during a COMMIT, nobody knows whether it came through. */
async function committing<T>(sent: Promise<T>): Promise<T> {
	try {
		return await sent;
	} catch (error) {
		if (!(error instanceof AppError) || error.reason !== 'DATABASE_UNAVAILABLE') throw error;
		throw errors.COMMAND_OUTCOME_UNKNOWN(
			'The connection to the database broke at the very end. Look whether the change is there before you try again.',
			{},
			error
		);
	}
}

function knownType(oid: number, what: string): PostgresType {
	const type = typeOfOid(oid);
	if (type) return type;
	throw errors.HANDLER_SQL(
		`${what} has a type that cannot pass to a handler. Cast it, for instance to text or jsonb.`
	);
}
