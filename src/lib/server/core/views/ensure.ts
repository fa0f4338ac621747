import type { Logger } from '#kernel';
import { renderProgram, type ViewSpec } from '#engine/view';
import type { Client, Postgres } from '#platform/postgres';
import type { Place } from '#core/tenancy';
import { publishTables, relaxTables } from '#core/cdc';
import type { Builds } from './builds.ts';
import type { Catalog, ViewEntry } from './catalog.ts';
import { errors } from './errors.ts';
import { neededHashes, withStages } from './stage-order.ts';
import type { TableRef } from './types.ts';

/** Runs `work` on a connection of the installation's owner. */
export type AsOwner = <T>(place: Place, work: (client: Client) => Promise<T>) => Promise<T>;

export interface BuildOptions {
	readonly postgres: Postgres;
	readonly log: Logger;
	readonly catalog: Catalog;
	readonly builds: Builds;
	/** Reads what other nodes did to the catalog. */
	readonly refresh: () => Promise<void>;
	readonly asOwner: AsOwner;
}

/**
 * Publishes the tables, registers what is not ready yet, and waits until the node that maintains has built
 * it. One call at a time.
 */
export async function ensureViews(
	options: BuildOptions,
	place: Place,
	tables: readonly TableRef[],
	views: readonly ViewSpec[]
): Promise<void> {
	const specs = withStages(views);
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
	await options.refresh();
	const stateOf = ({ hash }: ViewSpec) => options.catalog.find(place.id, hash)?.state;
	// What is being built has its state: it was registered after that was made.
	const missing = specs.filter((spec) => stateOf(spec) !== 'ready' && stateOf(spec) !== 'building');
	if (missing.length > 0) {
		await options.asOwner(place, (client) => createState(client, place, missing));
		await register(options, place, missing);
	}
	options.builds.look();
	await options.builds.whenReady(place.id, specs);
}

/** Drops what no release needs. A state that is still read keeps its tables until the next `ensure`. */
export async function retainViews(
	options: BuildOptions,
	place: Place,
	hashes: ReadonlySet<string>
): Promise<void> {
	const { postgres, catalog, asOwner, log } = options;
	const needed = neededHashes(catalog, place.id, hashes);
	const dropped = [...catalog.entries].filter(
		({ installationId, spec }) => installationId === place.id && !needed.has(spec.hash)
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
	await relaxTables(postgres, unreadTables(catalog, place, dropped));
}

/** Tables that were read through by views that are gone, and by none that is left. */
function unreadTables(catalog: Catalog, { id, schema }: Place, dropped: readonly ViewEntry[]) {
	const readThrough = (entries: readonly ViewEntry[]) =>
		new Set(
			entries
				.filter(({ installationId, spec }) => installationId === id && spec.kind === 'through')
				.flatMap(({ spec }) => spec.sources.map(({ table }) => table))
		);
	const stillRead = readThrough([...catalog.entries]);
	return [...readThrough(dropped)]
		.filter((table) => !stillRead.has(table))
		.map((table) => ({ schema, table }));
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

/** From here on the feed keeps what the views need. At once: whoever reads the catalog reads it again after each. */
async function register(
	{ postgres, catalog }: BuildOptions,
	place: Place,
	specs: readonly ViewSpec[]
): Promise<void> {
	const { rows } = await postgres.app.query<{ id: number; hash: string; generation: number }>(
		`INSERT INTO loam.view AS v (installation_id, hash, spec)
		 SELECT $1, s.hash, s.spec FROM jsonb_to_recordset($2) AS s (hash text, spec jsonb)
		 ON CONFLICT (installation_id, hash) DO UPDATE
		 SET spec = excluded.spec, state = 'building', error = NULL, generation = v.generation + 1
		 RETURNING id, hash, generation`,
		[place.id, JSON.stringify(specs.map((spec) => ({ hash: spec.hash, spec })))]
	);
	const byHash = new Map(specs.map((spec) => [spec.hash, spec]));
	for (const { id, hash, generation } of rows) {
		const entry: ViewEntry = {
			id,
			generation,
			installationId: place.id,
			spec: byHash.get(hash)!,
			schema: place.schema,
			stateSchema: place.stateSchema,
			state: 'building',
			error: undefined,
			gathering: false,
			stale: false
		};
		catalog.set(entry);
	}
}
