import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { formatHandle } from '#engine/shape';
import type { Views } from '#core/views';
import { ChunkWriter, chunkLimits, type ChunkLimits } from './chunks.ts';
import { takeSnapshot, type Snapshot } from './snapshot.ts';
import type { Tail } from './tail.ts';
import type { ResolvedShape } from './types.ts';

/** A snapshot under the handle that its readers hold. */
export interface KeptSnapshot extends Snapshot {
	readonly handle: string;
	readonly shape: ResolvedShape;
	usedAt: number;
}

export interface SnapshotLimits extends ChunkLimits {
	/** Bytes of all snapshots in memory, and on disk. */
	readonly totalMemory: number;
	readonly totalDisk: number;
	/** A snapshot that nobody reads is kept so long. */
	readonly idleMs: number;
	/** Changes of its view after which a snapshot is not given to new readers any more. */
	readonly staleRows: number;
}

export const snapshotLimits: SnapshotLimits = {
	...chunkLimits,
	totalMemory: 64 * 1024 * 1024,
	totalDisk: 2 * 1024 * 1024 * 1024,
	idleMs: 10 * 60_000,
	staleRows: 1_000
};

/** The snapshots that this node holds, by handle; new readers of a shape share its newest. */
export class Snapshots {
	readonly #views: Pick<Views, 'snapshot'>;
	readonly #tail: () => Tail;
	readonly #directory: string;
	readonly #limits: SnapshotLimits;
	/** In order of their last use, the oldest first. */
	readonly #kept = new Map<string, KeptSnapshot>();
	readonly #newest = new Map<string, Promise<KeptSnapshot>>();
	#files = 0;

	constructor(views: Pick<Views, 'snapshot'>, tail: () => Tail, directory: string, limits = snapshotLimits) {
		this.#views = views;
		this.#tail = tail;
		this.#directory = directory;
		this.#limits = limits;
	}

	/** A snapshot to begin with, other than the one of handle `except`, which its reader knows to be dead. */
	async begin(shape: ResolvedShape, except?: string): Promise<KeptSnapshot> {
		const newest = this.#newest.get(shape.hash);
		if (newest) {
			const kept = await newest.catch(() => undefined);
			if (kept && kept.handle !== except && this.#isFresh(kept)) return this.#use(kept);
			// Another reader may have asked for a new one while this one waited.
			if (this.#newest.get(shape.hash) !== newest) return this.begin(shape, except);
		}
		const making = this.#make(shape);
		this.#newest.set(shape.hash, making);
		making.catch(() => {
			if (this.#newest.get(shape.hash) === making) this.#newest.delete(shape.hash);
		});
		return making;
	}

	/** The snapshot of a handle, if this node still holds it. */
	find(handle: string): KeptSnapshot | undefined {
		const kept = this.#kept.get(handle);
		return kept && this.#use(kept);
	}

	forgetView(view: number): void {
		for (const kept of [...this.#kept.values()]) if (kept.shape.view.id === view) this.#forget(kept);
	}

	forgetShape(hash: string): void {
		this.#newest.delete(hash);
		for (const kept of [...this.#kept.values()]) if (kept.shape.hash === hash) this.#forget(kept);
	}

	evictIdle(now = Date.now()): void {
		for (const kept of [...this.#kept.values()])
			if (now - kept.usedAt > this.#limits.idleMs) this.#forget(kept);
	}

	async clear(): Promise<void> {
		for (const kept of [...this.#kept.values()]) this.#forget(kept);
		await rm(this.#directory, { recursive: true, force: true });
	}

	async #make(shape: ResolvedShape): Promise<KeptSnapshot> {
		const writer = new ChunkWriter(() => this.#newPath(), this.#limits);
		const snapshot = await takeSnapshot(shape, this.#views, writer);
		const kept = {
			...snapshot,
			shape,
			handle: newHandle(shape, snapshot.position, snapshot.chunks.count),
			usedAt: Date.now()
		};
		this.#kept.set(kept.handle, kept);
		this.#makeRoom(kept);
		return kept;
	}

	async #newPath(): Promise<string> {
		await mkdir(this.#directory, { recursive: true, mode: 0o700 });
		return join(this.#directory, `${process.pid}-${++this.#files}`);
	}

	#isFresh(kept: KeptSnapshot): boolean {
		if (!this.#kept.has(kept.handle)) return false;
		const tail = this.#tail();
		if (kept.position < tail.floor()) return false;
		const since = tail.recent(kept.shape.view.id, kept.position).length;
		return since <= Math.max(this.#limits.staleRows, kept.rows / 10);
	}

	#use(kept: KeptSnapshot): KeptSnapshot {
		kept.usedAt = Date.now();
		this.#kept.delete(kept.handle);
		this.#kept.set(kept.handle, kept);
		return kept;
	}

	/** Drops the longest unused until the rest fits; never the one that is about to be read. */
	#makeRoom(keep: KeptSnapshot): void {
		let [memory, disk] = [0, 0];
		for (const { chunks } of this.#kept.values())
			[memory, disk] = [memory + chunks.memory, disk + chunks.disk];
		for (const kept of [...this.#kept.values()]) {
			const fits = memory <= this.#limits.totalMemory && disk <= this.#limits.totalDisk;
			if (fits) return;
			if (kept === keep) continue;
			memory -= kept.chunks.memory;
			disk -= kept.chunks.disk;
			this.#forget(kept);
		}
	}

	#forget(kept: KeptSnapshot): void {
		this.#kept.delete(kept.handle);
		this.#newest.delete(kept.shape.hash);
		kept.chunks.close().catch(() => {});
	}
}

/** A handle for a shape whose log begins at `position`, after so many chunks. */
export function newHandle(shape: Pick<ResolvedShape, 'hash'>, position: bigint, chunks = 0): string {
	const nonce = BigInt(`0x${randomBytes(6).toString('hex')}`)
		.toString(36)
		.padStart(6, '0');
	return formatHandle({ shape: shape.hash, position, chunks, nonce });
}
