import { assert } from '#kernel';
import type { ViewSpec } from '#engine/view';
import { tableId, type Interest } from '#core/cdc';
import type { LiveView } from './types.ts';
import type { Outcome } from './write-batch.ts';

export type ViewState = 'building' | 'ready' | 'failed';

/** A view as the maintainer keeps it in memory; the same as its row of loam.view. */
export interface ViewEntry {
	readonly id: number;
	readonly installationId: string;
	readonly spec: ViewSpec;
	readonly schema: string;
	readonly stateSchema: string;
	generation: number;
	state: ViewState;
	error: string | undefined;
	/** Another session fills it: what changes meanwhile is written down, to be brought up to date at the end. */
	gathering: boolean;
	/** While it is rebuilt: it may be read as it was. */
	stale: boolean;
}

/** The views that read one table. */
export interface Route {
	readonly interest: Interest;
	readonly entries: readonly ViewEntry[];
}

/** All views by hash and by the tables that they read. Failed ones are known but not routed. */
export class Catalog {
	readonly #entries = new Map<number, ViewEntry>();
	#routes = new Map<string, Route>();

	get entries(): Iterable<ViewEntry> {
		return this.#entries.values();
	}

	set(entry: ViewEntry): void {
		this.#entries.set(entry.id, entry);
		this.#reroute();
	}

	delete(id: number): void {
		this.#entries.delete(id);
		this.#reroute();
	}

	clear(): void {
		this.#entries.clear();
		this.#reroute();
	}

	get(id: number): ViewEntry | undefined {
		return this.#entries.get(id);
	}

	find(installationId: string, hash: string): ViewEntry | undefined {
		for (const entry of this.#entries.values()) {
			if (entry.installationId === installationId && entry.spec.hash === hash) return entry;
		}
		return undefined;
	}

	/** What a committed batch did to views. */
	record({ ready, renewed, failed }: Pick<Outcome, 'ready' | 'renewed' | 'failed'>): void {
		if (ready.length + renewed.length + failed.length === 0) return;
		for (const entry of renewed) entry.generation++;
		for (const entry of ready)
			Object.assign(entry, { state: 'ready', error: undefined, gathering: false, stale: false });
		for (const { entry, error } of failed)
			Object.assign(entry, { state: 'failed', error, gathering: false, stale: false });
		this.#reroute();
	}

	route(id: string): Route | undefined {
		return this.#routes.get(id);
	}

	#reroute(): void {
		const routes = new Map<
			string,
			{ interest: { key: readonly string[]; rows: boolean }; entries: ViewEntry[] }
		>();
		for (const entry of this.#entries.values()) {
			if (entry.state === 'failed') continue;
			for (const { table, key } of entry.spec.sources) {
				const id = tableId(entry.schema, table);
				const route = routes.get(id) ?? { interest: { key, rows: false }, entries: [] };
				if (entry.spec.kind === 'through') route.interest.rows = true;
				if (!route.entries.includes(entry)) route.entries.push(entry);
				routes.set(id, route);
			}
		}
		this.#routes = routes;
	}
}

export function isReadable({ state, stale }: ViewEntry): boolean {
	return state === 'ready' || stale;
}

/** What others may see of an entry; a copy, so that a later generation does not change under them. */
export function liveView(entry: ViewEntry): LiveView {
	assert(isReadable(entry), 'only a view that can be read is shown');
	const { id, spec, schema, stateSchema, generation } = entry;
	return { id, spec, schema, stateSchema, generation };
}
