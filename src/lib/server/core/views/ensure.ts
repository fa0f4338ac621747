import { AppError, type Logger } from '#kernel';
import { renderProgram, type ViewSpec } from '#engine/view';
import type { Client, Postgres } from '#platform/postgres';
import type { Place } from '#core/tenancy';
import { publishTables } from '#core/cdc';
import type { Catalog, ViewEntry } from './catalog.ts';
import { errors } from './errors.ts';
import { fillApart, isLarge } from './fill-apart.ts';
import { completion } from './turn.ts';
import type { Turns } from './turns.ts';
import type { TableRef } from './types.ts';

/** Runs `work` on a connection of the installation's owner. */
export type AsOwner = <T>(place: Place, work: (client: Client) => Promise<T>) => Promise<T>;

export interface BuildOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly catalog: Catalog;
	readonly turns: Turns;
	readonly asOwner: AsOwner;
}

/** Publishes the tables and builds what is not ready yet. One call at a time. */
export async function ensureViews(
	options: BuildOptions,
	place: Place,
	tables: readonly TableRef[],
	specs: readonly ViewSpec[]
): Promise<void> {
	const through = new Set(
		specs.filter(({ kind }) => kind === 'through').flatMap((spec) => spec.sources.map((s) => s.table))
	);
	const names = new Set([
		...tables.map(({ name }) => name),
		...specs.flatMap((spec) => spec.sources.map((s) => s.table))
	]);
	await publishTables(
		options.postgres,
		Array.from(names, (table) => ({ schema: place.schema, table, full: through.has(table) }))
	);
	const missing = specs.filter(({ hash }) => options.catalog.find(place.id, hash)?.state !== 'ready');
	if (missing.length === 0) return;
	await options.asOwner(place, (client) => createState(client, place, missing));
	const entries: ViewEntry[] = [];
	for (const spec of missing) entries.push(await register(options, place, spec));
	try {
		await complete(options, entries);
	} finally {
		for (const entry of entries) Object.assign(entry, { building: false, gathered: undefined });
	}
}

/** Drops what no release needs. A state that is still read keeps its tables until the next `ensure`. */
export async function retainViews(
	options: BuildOptions,
	place: Place,
	hashes: ReadonlySet<string>
): Promise<void> {
	const { postgres, catalog, asOwner, log } = options;
	const dropped = [...catalog.entries].filter(
		({ installationId, spec }) => installationId === place.id && !hashes.has(spec.hash)
	);
	if (dropped.length === 0) return;
	await postgres.app.query('DELETE FROM loam.view WHERE id = ANY ($1)', [dropped.map(({ id }) => id)]);
	for (const { id } of dropped) catalog.delete(id);
	for (const { spec } of dropped) {
		await asOwner(place, (client) =>
			inTransaction(client, renderProgram(spec.program, schemasOf(place)).drop)
		).catch((error: unknown) =>
			log.warn('the state of a view could not be dropped', { view: spec.name, error })
		);
	}
}

/** What a build that broke off may have left is dropped first. */
async function createState(client: Client, place: Place, specs: readonly ViewSpec[]): Promise<void> {
	for (const { name, program } of specs) {
		try {
			const { drop, create } = renderProgram(program, schemasOf(place));
			await inTransaction(client, [...drop, ...create]);
		} catch (cause) {
			const reason = (cause as Error).message;
			throw errors.VIEW_FAILED(`The view "${name}" can't be made: ${reason}`, { view: name }, cause);
		}
	}
}

function schemasOf({ schema, stateSchema }: Place) {
	return { data: schema, state: stateSchema };
}

async function inTransaction(client: Client, statements: readonly string[]): Promise<void> {
	await client.query('BEGIN');
	try {
		for (const statement of statements) await client.query(statement);
		await client.query('COMMIT');
	} catch (error) {
		await client.query('ROLLBACK').catch(() => {});
		throw error;
	}
}

/** From here on the feed keeps what the view needs. */
async function register(
	{ postgres, catalog }: BuildOptions,
	place: Place,
	spec: ViewSpec
): Promise<ViewEntry> {
	const { rows } = await postgres.app.query<{ id: number; generation: number }>(
		`INSERT INTO loam.view AS v (installation_id, hash, spec) VALUES ($1, $2, $3)
		 ON CONFLICT (installation_id, hash) DO UPDATE
		 SET spec = excluded.spec, state = 'building', error = NULL, generation = v.generation + 1
		 RETURNING id, generation`,
		[place.id, spec.hash, JSON.stringify(spec)]
	);
	const { id, generation } = rows[0]!;
	const entry: ViewEntry = {
		id,
		generation,
		installationId: place.id,
		spec,
		schema: place.schema,
		stateSchema: place.stateSchema,
		state: 'building',
		error: undefined,
		gathered: undefined,
		building: true
	};
	catalog.set(entry);
	return entry;
}

/**
 * A transaction that was received before a view was registered may not be seen by the fence that makes
 * it ready, and nothing of it was kept for the view: so all those are applied first.
 */
async function complete(
	{ postgres, turns, log }: BuildOptions,
	entries: readonly ViewEntry[]
): Promise<void> {
	const large: ViewEntry[] = [];
	for (const entry of entries) {
		if (entry.spec.kind === 'maintained' && (await isLarge(postgres, entry))) large.push(entry);
	}
	const small = entries.filter((entry) => !large.includes(entry));
	for (const entry of large) entry.gathered = new Map();
	const done = await Promise.allSettled([
		turns.with(async (maintainer) => {
			await maintainer.barrier();
			await allOf(small.map((entry) => maintainer.change(completion(entry, false))));
		}),
		completeApart(large)
	]);
	for (const result of done) if (result.status === 'rejected') throw result.reason;

	async function completeApart(views: readonly ViewEntry[]): Promise<void> {
		if (views.length === 0) return;
		await turns.with((maintainer) => maintainer.barrier());
		for (const entry of views) {
			const started = Date.now();
			await fillOrFail(postgres, entry);
			await turns.with((maintainer) => maintainer.change({ entry, kind: 'catch-up', renew: false }));
			log.info('a large view was built', { view: entry.spec.name, id: entry.id, ms: Date.now() - started });
		}
	}
}

async function fillOrFail(postgres: Postgres, entry: ViewEntry): Promise<void> {
	try {
		await fillApart(postgres, entry);
	} catch (cause) {
		const { name } = entry.spec;
		const error = (cause as Error).message;
		await postgres.app.query(`UPDATE loam.view SET state = 'failed', error = $2 WHERE id = $1`, [
			entry.id,
			error
		]);
		entry.state = 'failed';
		throw errors.VIEW_FAILED(`The view "${name}" can't be computed: ${error}`, { view: name }, cause);
	}
}

/** Waits for all; the first failure of a view counts before that of the turn. */
async function allOf(promises: readonly Promise<void>[]): Promise<void> {
	const results = await Promise.allSettled(promises);
	const reasons = results
		.filter((result) => result.status === 'rejected')
		.map(({ reason }) => reason as unknown);
	const failure = reasons.find((reason) => reason instanceof AppError && reason.reason === 'VIEW_FAILED');
	if (failure ?? reasons[0]) throw failure ?? reasons[0];
}
