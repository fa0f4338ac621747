import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { transaction, type PoolClient, type Postgres } from '#platform/postgres';
import { errors } from './errors.ts';
import { slotName } from './slot.ts';

/** A table that has to be in the publication. */
export interface PublishedTable {
	readonly schema: string;
	readonly table: string;
	/** Old rows are needed whole. */
	readonly full: boolean;
}

interface TableState {
	readonly owner: string;
	readonly published: boolean;
	readonly full: boolean;
}

const quote = pg.escapeIdentifier;
const patienceMs = 30_000;
const relaxAttempts = 10;

/**
 * Generated columns are published: views read them like others, and Postgres lets nobody write to a
 * table whose whole rows are its identity while a part of them is not published.
 */
const publicationOptions = `publish = 'insert, update, delete, truncate', publish_generated_columns = stored`;

export async function ensurePublication(postgres: Postgres): Promise<void> {
	const name = slotName(postgres);
	const { rows } = await postgres.admin.query<{ complete: boolean }>(
		`SELECT pubgencols = 's' AS complete FROM pg_publication WHERE pubname = $1`,
		[name]
	);
	if (rows[0]?.complete) return;
	try {
		await postgres.admin.query(
			rows[0]
				? `ALTER PUBLICATION ${quote(name)} SET (${publicationOptions})`
				: `CREATE PUBLICATION ${quote(name)} WITH (${publicationOptions})`
		);
	} catch (error) {
		// another node was first
		if ((error as { code?: string }).code !== '42710') throw error;
	}
}

/**
 * Adds tables to the publication (rule 25), each under a lock that no writer can hold at the same
 * time: a transaction that wrote before would otherwise lose its earlier rows. Waits for writers in
 * short turns, so that nobody queues behind it. Idempotent. Throws TABLE_UNKNOWN, TABLE_BUSY.
 */
export async function publishTables(postgres: Postgres, tables: readonly PublishedTable[]): Promise<void> {
	await ensurePublication(postgres);
	for (const table of tables) {
		const deadline = Date.now() + patienceMs;
		for (let pause = 10; !(await tryPublish(postgres, table)); pause = Math.min(pause * 2, 500)) {
			if (Date.now() > deadline) {
				throw errors.TABLE_BUSY(
					`The table "${table.table}" is being written by a long transaction. Try again when it has ended.`,
					{ table: table.table }
				);
			}
			await sleep(pause);
		}
	}
}

/** False where the table could not be locked in time. */
async function tryPublish(postgres: Postgres, table: PublishedTable): Promise<boolean> {
	try {
		await transaction(postgres.admin, async (client) => {
			const state = await tableState(client, table, slotName(postgres));
			if (state.published && (state.full || !table.full)) return;
			await asTableOwner(client, postgres, state.owner, () =>
				publish(client, table, state, slotName(postgres))
			);
		});
		return true;
	} catch (error) {
		if (isBusy(error)) return false;
		throw error;
	}
}

/**
 * Tables whose old rows nobody needs whole any more: from now on they write only keys of them to the WAL
 * again. One that is busy, or gone, is left as it is: it costs WAL and nothing else.
 */
export async function relaxTables(
	postgres: Postgres,
	tables: readonly Omit<PublishedTable, 'full'>[]
): Promise<void> {
	for (const table of tables) {
		for (let attempt = 1; attempt <= relaxAttempts && !(await tryRelax(postgres, table)); attempt++) {
			await sleep(100 * attempt);
		}
	}
}

/** False where the table could not be locked in time. */
async function tryRelax(postgres: Postgres, table: Omit<PublishedTable, 'full'>): Promise<boolean> {
	try {
		await transaction(postgres.admin, async (client) => {
			const state = await tableState(client, { ...table, full: false }, slotName(postgres));
			if (!state.full) return;
			await asTableOwner(client, postgres, state.owner, async () => {
				await client.query(`SET LOCAL lock_timeout = '200ms'`);
				await client.query(
					`ALTER TABLE ${quote(table.schema)}.${quote(table.table)} REPLICA IDENTITY DEFAULT`
				);
			});
		});
		return true;
	} catch (error) {
		if ((error as { reason?: string }).reason === 'TABLE_UNKNOWN') return true;
		if (isBusy(error)) return false;
		throw error;
	}
}

/** lock_not_available, deadlock_detected, "tuple concurrently updated" */
function isBusy(error: unknown): boolean {
	return ['55P03', '40P01', 'XX000'].includes((error as { code?: string }).code ?? '');
}

async function tableState(
	client: PoolClient,
	{ schema, table }: PublishedTable,
	publication: string
): Promise<TableState> {
	const { rows } = await client.query<TableState>(
		`SELECT pg_get_userbyid(c.relowner) AS owner, c.relreplident = 'f' AS full,
		        EXISTS (SELECT FROM pg_publication_rel r JOIN pg_publication p ON p.oid = r.prpubid
		                 WHERE r.prrelid = c.oid AND p.pubname = $3) AS published
		   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
		  WHERE n.nspname = $1 AND c.relname = $2`,
		[schema, table, publication]
	);
	if (!rows[0])
		throw errors.TABLE_UNKNOWN(`There is no table "${table}". Its migration has to run first.`, { table });
	return rows[0];
}

async function publish(
	client: PoolClient,
	table: PublishedTable,
	state: TableState,
	publication: string
): Promise<void> {
	const name = `${quote(table.schema)}.${quote(table.table)}`;
	await client.query(`SET LOCAL lock_timeout = '200ms'; LOCK TABLE ${name} IN SHARE ROW EXCLUSIVE MODE`);
	if (table.full && !state.full) await client.query(`ALTER TABLE ${name} REPLICA IDENTITY FULL`);
	if (!state.published) await client.query(`ALTER PUBLICATION ${quote(publication)} ADD TABLE ${name}`);
}

/**
 * Postgres lets only a table's owner publish it, and `admin` is not one: it has the owner's rights for
 * this transaction, in which nothing of the tenant's is evaluated, and nobody ever sees the grant.
 */
async function asTableOwner(
	client: PoolClient,
	postgres: Postgres,
	owner: string,
	work: () => Promise<void>
): Promise<void> {
	const admin = postgres.instance.logins.admin;
	if (owner === admin) return work();
	await client.query(`GRANT ${quote(owner)} TO ${quote(admin)} WITH INHERIT TRUE, SET FALSE`);
	await work();
	await client.query(`REVOKE ${quote(owner)} FROM ${quote(admin)} GRANTED BY ${quote(admin)}`);
}
