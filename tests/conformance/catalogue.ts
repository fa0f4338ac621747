import pg from 'pg';
import type { Access, ReleaseArtifact } from '#engine/module';
import { implicitView, type CatalogTable, type ViewSpec } from '#engine/view';
import type { Postgres } from '#platform/postgres';
import type { Installation, LiveRelease, Place, Tenancy } from '#core/tenancy';
import type { Views } from '#core/views';
import { planned } from '#support/planned';

/** A view over plain tables. */
export interface DerivedView {
	readonly sql: string;
	readonly tables: readonly string[];
}

export interface CatalogueParts {
	/** As a superuser: the tables are made by one. */
	readonly superuser: pg.Client;
	readonly postgres: Postgres;
	readonly place: Place;
	readonly views: Pick<Views, 'ensure' | 'retain'>;
	readonly tenancy: Pick<Tenancy, 'asOwner'>;
	readonly derived: Readonly<Record<string, DerivedView>>;
}

/**
 * What one schema serves: each table as its implicit view, from the first request for it until it is let go, and
 * the derived views by their names. All are views of one release, open to anyone.
 */
export class Catalogue {
	readonly #parts: CatalogueParts;
	readonly #tables = new Map<string, CatalogTable>();
	readonly #specs = new Map<string, ViewSpec>();
	/** Tables that were let go: clients that still follow them must not bring them back. */
	readonly #ended = new Set<string>();
	#installation: Installation | undefined;
	#working: Promise<unknown> = Promise.resolve();

	constructor(parts: CatalogueParts) {
		this.#parts = parts;
	}

	installation(): Installation {
		const { place } = this.#parts;
		this.#installation ??= {
			...place,
			release: releaseOf(place, [...this.#specs.values()]),
			previous: undefined
		};
		return this.#installation;
	}

	/** Whether it was served once and is no more. */
	hasEnded(name: string): boolean {
		return this.#ended.has(name);
	}

	/** Serves the view of that name from now on, if there is such a table. */
	add(name: string): Promise<void> {
		return this.#inTurn(async () => {
			if (this.#specs.has(name) || this.#ended.has(name)) return;
			const spec = await this.#specOf(name);
			if (spec) this.#specs.set(name, spec);
			this.#installation = undefined;
		});
	}

	/** Lets go of all that hangs on a table, so that it can be dropped. Whether it was served. */
	remove(name: string): Promise<boolean> {
		return this.#inTurn(async () => {
			if (!this.#specs.delete(name)) return false;
			this.#ended.add(name);
			this.#installation = undefined;
			const { views, place } = this.#parts;
			await views.retain(place, new Set(Array.from(this.#specs.values(), ({ hash }) => hash)));
			return true;
		});
	}

	#inTurn<T>(work: () => Promise<T>): Promise<T> {
		const done = this.#working.then(work);
		this.#working = done.catch(() => {});
		return done;
	}

	async #specOf(name: string): Promise<ViewSpec | undefined> {
		const { derived, views, place, tenancy } = this.#parts;
		const view = derived[name];
		const tables = await Promise.all((view?.tables ?? [name]).map((table) => this.#table(table)));
		if (!tables.every((table) => table !== undefined)) return undefined;
		const spec = view
			? await tenancy.asOwner(place, (owner) =>
					planned(owner, place.schema, { name, sql: view.sql, tables, file: `views/${name}.sql` })
				)
			: await implicitView(tables[0]!);
		await views.ensure(place, tables, [spec]);
		return spec;
	}

	/** A table as the planner knows it, given to the owner of the others. */
	async #table(name: string): Promise<CatalogTable | undefined> {
		const known = this.#tables.get(name);
		if (known) return known;
		const { superuser, place, postgres } = this.#parts;
		const table = await readTable(superuser, place.schema, name);
		if (!table) return undefined;
		const { app, views } = postgres.instance.logins;
		const quoted = `${pg.escapeIdentifier(place.schema)}.${pg.escapeIdentifier(name)}`;
		await superuser.query(`ALTER TABLE ${quoted} OWNER TO ${pg.escapeIdentifier(place.ownerRole)}`);
		await superuser.query(`GRANT SELECT ON ${quoted} TO ${[app, views].map(pg.escapeIdentifier).join(', ')}`);
		this.#tables.set(name, table);
		return table;
	}
}

async function readTable(client: pg.Client, schema: string, name: string): Promise<CatalogTable | undefined> {
	const { rows } = await client.query<{
		name: string;
		type: string;
		array: boolean;
		nullable: boolean;
		key: number | null;
	}>(
		`SELECT a.attname AS name, replace(format_type(coalesce(nullif(t.typelem, 0), t.oid), NULL), '[]', '') AS type,
		        t.typcategory = 'A' AS array, NOT a.attnotnull AS nullable,
		        array_position(i.indkey::int2[], a.attnum) AS key
		   FROM pg_class c
		   JOIN pg_namespace n ON n.oid = c.relnamespace
		   JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
		   JOIN pg_type t ON t.oid = a.atttypid
		   LEFT JOIN pg_index i ON i.indrelid = c.oid AND i.indisprimary
		  WHERE n.nspname = $1 AND c.relname = $2
		  ORDER BY a.attnum`,
		[schema, name]
	);
	if (rows.length === 0) return undefined;
	const key = rows.filter((row) => row.key !== null).sort((a, b) => a.key! - b.key!);
	return { name, key: key.map((column) => column.name), columns: rows };
}

function releaseOf({ module }: Place, views: readonly ViewSpec[]): LiveRelease {
	const open = Object.fromEntries(
		views.map(({ name }) => [name, { read: [{ roles: ['anyone'] }], columns: {} }])
	);
	const access: Access = { views: open, commands: {} };
	const artifact = { format: 1, manifest: { name: module, access }, views } as unknown as ReleaseArtifact;
	return { id: 'r', hash: '0'.repeat(64), shortHash: '0'.repeat(12), artifact, descriptor: new Uint8Array() };
}
