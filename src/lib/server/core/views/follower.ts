import type { Postgres } from '#platform/postgres';
import { parseSnapshot } from '#core/cdc';
import type { Catalog } from './catalog.ts';
import { applyReading, readCatalog } from './load-catalog.ts';
import type { Progress } from './waiting.ts';

export interface FollowerOptions {
	readonly postgres: Postgres;
	readonly catalog: Catalog;
	/** Whether this node maintains: what is committed is then known before it can be read. */
	isMaintaining(): boolean;
	/** Of another node's maintenance. May be told again. */
	onProgress(progress: Progress): void;
	onCatalog(): void;
}

const lookEveryMs = 500;
const answerWithinMs = 4_000;

interface Look {
	readonly seq: string;
	readonly snapshot: string | null;
	readonly version: string;
	readonly floor: string;
}

const lookSql = `
SELECT p.seq::text, p.snapshot::text, x.version::text, f.seq::text AS floor
  FROM loam.position p, loam.view_version x, loam.journal_floor f`;

/**
 * Keeps up with what other nodes commit: the catalog of views, and the position. Looks when it is told to
 * and at an interval; nobody is told of a position before the catalog is that of the position or later.
 */
export class Follower {
	readonly #options: FollowerOptions;
	#version = -1n;
	#floor = 0n;
	#reading: Promise<void> | undefined;
	#next: Promise<void> | undefined;
	#timer: NodeJS.Timeout | undefined;

	constructor(options: FollowerOptions) {
		this.#options = options;
	}

	/** Of loam.view_version, as the catalog is. */
	get version(): bigint {
		return this.#version;
	}

	/** Of loam.journal_floor: every later batch is in the journal. */
	get floor(): bigint {
		return this.#floor;
	}

	/** Reads once; throws where that fails. From then on it goes on by itself. */
	async start(): Promise<void> {
		await this.refresh();
		this.#timer = setInterval(() => void this.refresh().catch(() => {}), lookEveryMs).unref();
	}

	stop(): void {
		clearInterval(this.#timer);
	}

	/** A turn ended: what this node believed of the catalog may not have been committed. */
	reload(): void {
		this.#version = -1n;
		this.refresh().catch(() => {});
	}

	/** Resolves after a reading that began after the call. */
	refresh(): Promise<void> {
		if (!this.#reading) return (this.#reading = this.#read());
		// All who come while one reads share the next.
		return (this.#next ??= this.#reading
			.catch(() => {})
			.then(() => {
				this.#next = undefined;
				return (this.#reading = this.#read());
			}));
	}

	async #read(): Promise<void> {
		try {
			await this.#look();
		} finally {
			this.#reading = undefined;
		}
	}

	async #look(): Promise<void> {
		const { postgres, catalog, isMaintaining, onCatalog, onProgress } = this.#options;
		const { rows } = await postgres.app.query<Look>({ text: lookSql, ...{ query_timeout: answerWithinMs } });
		const { seq, snapshot, version, floor } = rows[0]!;
		this.#floor = BigInt(floor);
		if (BigInt(version) !== this.#version) {
			const reading = await readCatalog(postgres.app, catalog);
			applyReading(catalog, reading, isMaintaining());
			this.#version = reading.version;
			onCatalog();
		}
		if (!isMaintaining()) onProgress({ seq: BigInt(seq), snapshot: parseSnapshot(snapshot ?? '0:0:') });
	}
}
